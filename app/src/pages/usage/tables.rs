//! The same figures as numbers: bucket by bucket, and group by group.

use leptos::prelude::*;

use super::chart::name;
use crate::console::{
    Figures, Filter, Group, GroupUsage, LogQuery, Percentiles, Usage, UsageQuery,
};
use crate::format;

/// The chart in the form that everyone can read, newest first.
#[component]
pub fn BucketTable(usage: Usage, query: UsageQuery) -> impl IntoView {
    let value = if query.metric.is_time() {
        format::ms
    } else {
        format::count
    };
    let Usage { series, starts, .. } = usage;
    let heads = series.iter().map(|series| {
        view! { <th scope="col" class="number">{series.name.clone()}</th> }
    });
    let heads = heads.collect_view();
    let rows = starts.iter().enumerate().rev().map(|(at, start)| {
        let cells = series.iter().map(|series| {
            view! { <td class="number" data-label=series.name.clone()>{value(series.values[at])}</td> }
        });
        view! {
            <tr>
                <th scope="row">{name(*start, query.step())}</th>
                {cells.collect_view()}
            </tr>
        }
    });
    let rows = rows.collect_view();
    let caption = format!("{} over time", query.metric.title());
    let label = caption.clone();
    view! {
        <div class="card table-card scrolls" tabindex="0" role="region" aria-label=label>
            <table class="table stacks">
                <caption class="visually-hidden">{caption}</caption>
                <thead>
                    <tr>
                        <th scope="col">"From (UTC)"</th>
                        {heads}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

#[component]
pub fn GroupTable(groups: Vec<GroupUsage>, query: UsageQuery, table: Memo<bool>) -> impl IntoView {
    let title = format!("By {}", query.group.title().to_lowercase());
    let caption = format!("Usage {}", title.to_lowercase());
    let label = caption.clone();
    let rows = groups
        .into_iter()
        .map(|group| view! { <GroupRow group query=query.clone() table/> })
        .collect_view();
    let of_times = match query.group == Group::Status || query.filter.status.is_some() {
        true => "Times of streams to their first token.",
        false => "Times are of requests that succeeded; to the first token, of streams.",
    };
    view! {
        <section class="section" aria-labelledby="by-group">
            <div class="section-head">
                <h2 id="by-group">{title.clone()}</h2>
                <span class="hint">{of_times}</span>
            </div>
            <div class="card table-card scrolls" tabindex="0" role="region" aria-label=label>
                <table class="table stacks">
                    <caption class="visually-hidden">{caption}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{query.group.title()}</th>
                            <th scope="col" class="number">"Requests"</th>
                            <th scope="col" class="number">"Input"</th>
                            <th scope="col" class="number">"Output"</th>
                            <th scope="col" class="number">"Errors"</th>
                            <th scope="col" class="number">"Latency p50 / p95 / p99"</th>
                            <th scope="col" class="number">"First token p50 / p95 / p99"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
}

/// A group leads to its own figures; its number of requests, to the requests themselves.
#[component]
fn GroupRow(group: GroupUsage, query: UsageQuery, table: Memo<bool>) -> impl IntoView {
    let GroupUsage { id, name, figures } = group;
    let Figures {
        totals,
        latency,
        ttft,
    } = figures;
    let filter = id.map(|id| narrowed(&query, id));
    let requests = format::count(totals.requests);
    let (named, counted) = match filter {
        Some(filter) => {
            let log = LogQuery {
                range: query.range,
                filter: filter.clone(),
                ..LogQuery::default()
            };
            let own = UsageQuery { filter, ..query };
            let told = format!(" requests of {name} in the log");
            (
                view! { <a href=move || own.viewed(table.get()).href() data-noscroll="true">{name}</a> }.into_any(),
                view! { <a href=log.href()>{requests}<span class="visually-hidden">{told}</span></a> }.into_any(),
            )
        }
        None => (name.into_any(), requests.into_any()),
    };
    view! {
        <tr>
            <th scope="row">{named}</th>
            <td class="number" data-label="Requests">{counted}</td>
            <td class="number" data-label="Input tokens">{format::count(totals.input_tokens)}</td>
            <td class="number" data-label="Output tokens">{format::count(totals.output_tokens)}</td>
            <td class="number" data-label="Errors">{format::count(totals.errors)}</td>
            <td class="number" data-label="Latency p50 / p95 / p99">{written(latency)}</td>
            <td class="number" data-label="First token p50 / p95 / p99">{written(ttft)}</td>
        </tr>
    }
}

/// The filter with this group alone.
fn narrowed(query: &UsageQuery, id: String) -> Filter {
    let mut filter = query.filter.clone();
    match query.group {
        Group::Model => filter.model = Some(id),
        Group::Key => filter.key = Some(id),
        Group::Endpoint => filter.endpoint = Some(id),
        Group::Status => filter.status = Some(id),
    }
    filter
}

fn written(times: Percentiles) -> String {
    match (times.p50, times.p95, times.p99) {
        (Some(p50), Some(p95), Some(p99)) => [p50, p95, p99].map(format::ms).join(" / "),
        _ => "–".into(),
    }
}
