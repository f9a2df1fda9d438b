//! One request in full: beside the list, or in its place where there is no room for both.

use leptos::prelude::*;

use super::list::Status;
use super::waterfall::Waterfall;
use crate::api::load_request;
use crate::browser;
use crate::console::{LimitReached, LogRow, RequestDetails};
use crate::format;
use crate::pages::loaded::Loaded;
use crate::ui::{CopyButton, Notice, Tone};

#[component]
pub fn Panel(open: Memo<Option<String>>, on_close: Callback<()>) -> impl IntoView {
    // Where there is room for one of the two only, the list has gone, and the focus with it.
    Effect::new(move |_| {
        if open.read().is_some() {
            browser::focus_if_lost("request-title");
        }
    });
    move || {
        open.get().map(|id| {
            let request = Resource::new(
                {
                    let id = id.clone();
                    move || id.clone()
                },
                load_request,
            );
            view! {
                <aside class="card log-panel" aria-labelledby="request-title">
                    <header class="log-panel-head">
                        <h2 id="request-title" tabindex="-1">"Request"</h2>
                        <a
                            href="/logs"
                            class="button quiet small"
                            on:click=move |event| {
                                event.prevent_default();
                                event.stop_propagation();
                                on_close.run(());
                            }
                        >
                            "Close"
                            <kbd>"Esc"</kbd>
                        </a>
                    </header>
                    <p class="request-id">
                        <code>{id.clone()}</code>
                        <CopyButton text=Signal::stored(id) what="request id"/>
                    </p>
                    <Loaded from=request view=|details| view! { <Details details/> }.into_any()/>
                </aside>
            }
        })
    }
}

#[component]
fn Details(details: RequestDetails) -> impl IntoView {
    let timings = details.timings;
    let finish = details.finish_reason.clone();
    view! {
        <Refusal details=details.clone()/>
        <Facts details=details.clone()/>
        <h3>"Timings"</h3>
        <Waterfall timings streamed=details.streamed/>
        <h3>"Tokens"</h3>
        <dl class="pairs">
            <Pair name="Input" value=format::count(details.row.input_tokens)/>
            <Pair name="Output" value=format::count(details.row.output_tokens)/>
            <Pair name="Charged" value=details.billing/>
            {finish.map(|reason| view! { <Pair name="Finish reason" value=finished(&reason)/> })}
        </dl>
        <p class="hint">"Prompts and answers are not stored."</p>
    }
}

/// What went wrong, why, and the way out.
#[component]
fn Refusal(details: RequestDetails) -> impl IntoView {
    let RequestDetails {
        row: LogRow {
            error_code, status, ..
        },
        explanation,
        limited,
        ..
    } = details;
    let tone = if status >= 500 {
        Tone::Danger
    } else {
        Tone::Warn
    };
    explanation.map(|explanation| {
        view! {
            <Notice tone>
                <p>
                    <code>{error_code}</code>
                    " · "
                    {explanation.meaning}
                </p>
                {limited.map(|limited| view! { <p>{why(&limited)}</p> })}
                <p>{explanation.remedy}</p>
            </Notice>
        }
    })
}

/// How the bucket stood.
fn why(limited: &LimitReached) -> String {
    let LimitReached {
        of_key,
        bucket,
        limit,
        used,
        asked,
    } = limited;
    let whose = if *of_key {
        "This key's own limit"
    } else {
        "Your limit"
    };
    let (limit, used, asked) = (
        format::count(*limit),
        format::count(*used),
        format::count(*asked),
    );
    format!(
        "{whose} is {limit} {bucket} per minute: {used} were used, and this request asked for {asked}."
    )
}

#[component]
fn Facts(details: RequestDetails) -> impl IntoView {
    let RequestDetails {
        row,
        client_id,
        worker,
        tries,
        streamed,
        replayed,
        retries,
        ..
    } = details;
    let worker = worker.map(|worker| match tries {
        0 | 1 => worker,
        tries => format!(
            "{worker}, after {}",
            times(tries - 1, "other try", "other tries")
        ),
    });
    let answer = match (replayed, streamed) {
        (true, _) => "Given again, by its Idempotency-Key",
        (false, true) => "Streamed",
        (false, false) => "Whole",
    };
    view! {
        <dl class="pairs">
            <div>
                <dt>"Status"</dt>
                <dd><Status status=row.status/></dd>
            </div>
            <Pair name="Time" value=format::exact(row.started_ms)/>
            <Pair name="Endpoint" value=row.endpoint/>
            {row.model.map(|model| view! { <Pair name="Model" value=model/> })}
            <Pair name="Key" value=row.key/>
            <Pair name="Answer" value=answer.to_owned()/>
            {worker.map(|worker| view! { <Pair name="Worker" value=worker/> })}
            <Pair name="Client's retries" value=format::count(retries)/>
            {client_id.map(|id| view! { <Pair name="Client's id" value=id/> })}
        </dl>
    }
}

#[component]
fn Pair(name: &'static str, value: String) -> impl IntoView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
        </div>
    }
}

fn times(count: u64, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}

/// In words, where there are any.
fn finished(reason: &str) -> String {
    match reason {
        "stop" => "stop: the answer was complete".to_owned(),
        "length" => "length: cut at max_tokens".to_owned(),
        reason => reason.to_owned(),
    }
}
