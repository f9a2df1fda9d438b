use leptos::prelude::*;

use super::live::Live;
use crate::console::{LogQuery, LogRow};
use crate::format;
use crate::ui::{Glyph, Icon};

/// The table's id.
pub const TABLE: &str = "log";

pub fn row_id(id: &str) -> String {
    format!("row-{id}")
}

/// The requests, each a link to its details. On narrow screens a row becomes a block, named by its cells' labels.
#[component]
pub fn LogList(
    query: Memo<LogQuery>,
    live: Live,
    empty: impl Fn() -> AnyView + Send + 'static,
) -> impl IntoView {
    let rows = Memo::new(move |_| live.rows());
    let none = Memo::new(move |_| rows.read().is_empty());
    view! {
        <Waiting live/>
        {move || match none.get() {
            true => empty(),
            false => view! { <Table rows query/> }.into_any(),
        }}
    }
}

/// What has come while the reader was further down.
#[component]
fn Waiting(live: Live) -> impl IntoView {
    let told = move || match live.waiting() {
        0 => String::new(),
        1 => "1 new request".to_owned(),
        count => format!("{count} new requests"),
    };
    view! {
        <div class="log-waiting" role="status">
            <button type="button" class="button primary" hidden=move || live.waiting() == 0 on:click=move |_| live.let_in()>
                {told}
            </button>
        </div>
    }
}

#[component]
fn Table(rows: Memo<Vec<LogRow>>, query: Memo<LogQuery>) -> impl IntoView {
    view! {
        <div class="card table-card log-list">
            <table class="table stacks" id=TABLE>
                <caption class="visually-hidden">"Requests, newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Time (UTC)"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Model"</th>
                        <th scope="col" class="log-wide">"Key"</th>
                        <th scope="col" class="number">"Tokens"</th>
                        <th scope="col" class="number">"Latency"</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || rows.get() key=|row| row.id.clone() children=move |row| view! { <Row row query/> }/>
                </tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(row: LogRow, query: Memo<LogQuery>) -> impl IntoView {
    let LogRow {
        id,
        started_ms,
        status,
        error_code,
        model,
        endpoint,
        key,
        input_tokens,
        output_tokens,
        duration_ms,
    } = row;
    let tokens = format!(
        "{} in, {} out",
        format::count(input_tokens),
        format::count(output_tokens)
    );
    let current = {
        let id = id.clone();
        move || (query.read().request.as_deref() == Some(id.as_str())).then_some("true")
    };
    let href = {
        let id = id.clone();
        move || query.get().with_request(&id).href()
    };
    view! {
        <tr id=row_id(&id)>
            <th scope="row">
                <a class="row-link" href=href data-noscroll="true" aria-current=current>
                    <time datetime=format::iso(started_ms) title=format::exact(started_ms)>
                        <span class="log-day">{format::day(started_ms)}</span>
                        " "
                        {format::clock_second(started_ms)}
                    </time>
                </a>
            </th>
            <td data-label="Status">
                <Status status/>
                {error_code.map(|code| view! { " " <span class="hint log-code">{code}</span> })}
            </td>
            <td data-label="Model">{model.unwrap_or(endpoint)}</td>
            <td data-label="Key" class="log-wide">{key}</td>
            <td data-label="Tokens" class="number" title=tokens>{format::count(input_tokens + output_tokens)}</td>
            <td data-label="Latency" class="number">{format::ms(duration_ms)}</td>
        </tr>
    }
}

/// A status with its sign, so that it is not told by colour alone.
#[component]
pub fn Status(status: u16) -> impl IntoView {
    let (class, glyph) = match status {
        499 => ("badge plain", Glyph::Dot),
        400..=499 => ("badge warn", Glyph::Alert),
        500.. => ("badge danger", Glyph::Alert),
        _ => ("badge ok", Glyph::Check),
    };
    view! {
        <span class=class>
            <Icon glyph/>
            {status.to_string()}
        </span>
    }
}
