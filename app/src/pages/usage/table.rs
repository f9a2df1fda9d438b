//! The same figures as numbers: by bucket, and by model.

use leptos::prelude::*;

use crate::console::{ModelUsage, Totals, UsageBucket, UsageRange};
use crate::format;

/// A bucket by the time that it covers: `3 Nov, 14:00`, `Mon, 3 Nov`, or `3 Nov`.
pub fn bucket_name(start_ms: i64, range: UsageRange) -> String {
    match range {
        UsageRange::Day => format!("{}, {}", format::day(start_ms), format::clock(start_ms)),
        UsageRange::Week => format!("{}, {}", format::weekday(start_ms), format::day(start_ms)),
        UsageRange::Month => format::day(start_ms),
    }
}

/// The charts in the form that everyone can read, newest first.
#[component]
pub fn BucketTable(buckets: Vec<UsageBucket>, range: UsageRange) -> impl IntoView {
    let head = if range == UsageRange::Day {
        "Hour"
    } else {
        "Day"
    };
    let rows = buckets
        .into_iter()
        .rev()
        .map(|bucket| (bucket_name(bucket.start_ms, range), bucket.totals))
        .collect();
    view! { <TotalsTable caption="Usage over time" head rows/> }
}

#[component]
pub fn ModelTable(models: Vec<ModelUsage>) -> impl IntoView {
    let rows = models
        .into_iter()
        .map(|model| (model.model, model.totals))
        .collect();
    view! {
        <section class="section" aria-labelledby="by-model">
            <div class="section-head"><h2 id="by-model">"By model"</h2></div>
            <TotalsTable caption="Usage by model" head="Model" rows/>
        </section>
    }
}

#[component]
fn TotalsTable(
    caption: &'static str,
    head: &'static str,
    rows: Vec<(String, Totals)>,
) -> impl IntoView {
    let rows = rows.into_iter().map(|(name, totals)| {
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td class="number" data-label="Requests">{format::count(totals.requests)}</td>
                <td class="number" data-label="Errors">{format::count(totals.errors)}</td>
                <td class="number" data-label="Input tokens">{format::count(totals.input_tokens)}</td>
                <td class="number" data-label="Output tokens">{format::count(totals.output_tokens)}</td>
            </tr>
        }
    });
    view! {
        <div class="card table-card">
            <table class="table stacks">
                <caption class="visually-hidden">{caption}</caption>
                <thead>
                    <tr>
                        <th scope="col">{head}</th>
                        <th scope="col" class="number">"Requests"</th>
                        <th scope="col" class="number">"Errors"</th>
                        <th scope="col" class="number">"Input tokens"</th>
                        <th scope="col" class="number">"Output tokens"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}
