use leptos::prelude::*;

use super::table::bucket_name;
use crate::console::{Totals, UsageBucket, UsageRange};
use crate::format;
use crate::ui::{Bar, BarChart, Series};

const REQUESTS: &[Series] = &[
    Series {
        name: "Succeeded",
        class: "series-1",
    },
    Series {
        name: "Failed",
        class: "series-danger",
    },
];
const TOKENS: &[Series] = &[
    Series {
        name: "Input",
        class: "series-2",
    },
    Series {
        name: "Output",
        class: "series-3",
    },
];

/// Requests over time, one bar for each bucket.
#[component]
pub fn RequestChart(buckets: Vec<UsageBucket>, range: UsageRange) -> impl IntoView {
    let bars = bars(&buckets, range, |totals| {
        [totals.requests.saturating_sub(totals.errors), totals.errors]
    });
    view! { <BarChart title="Requests" summary=busiest(&bars) series=REQUESTS bars/> }
}

/// Tokens over time, one bar for each bucket.
#[component]
pub fn TokenChart(buckets: Vec<UsageBucket>, range: UsageRange) -> impl IntoView {
    let bars = bars(&buckets, range, |totals| {
        [totals.input_tokens, totals.output_tokens]
    });
    view! { <BarChart title="Tokens" summary=busiest(&bars) series=TOKENS bars/> }
}

fn bars(buckets: &[UsageBucket], range: UsageRange, values: fn(&Totals) -> [u64; 2]) -> Vec<Bar> {
    let bars = buckets.iter().enumerate().map(|(at, bucket)| Bar {
        name: bucket_name(bucket.start_ms, range),
        tick: tick(at, bucket.start_ms, range),
        values: values(&bucket.totals).to_vec(),
    });
    bars.collect()
}

fn tick(at: usize, start_ms: i64, range: UsageRange) -> Option<String> {
    match range {
        UsageRange::Day => at.is_multiple_of(6).then(|| format::clock(start_ms)),
        UsageRange::Week => Some(format::weekday(start_ms).to_owned()),
        UsageRange::Month => at.is_multiple_of(7).then(|| format::day(start_ms)),
    }
}

/// The one thing to see at a glance, for those who don't see it.
fn busiest(bars: &[Bar]) -> String {
    let height = |bar: &&Bar| bar.values.iter().sum::<u64>();
    match bars
        .iter()
        .max_by_key(height)
        .map(|bar| (bar, height(&bar)))
    {
        Some((bar, most)) if most > 0 => format!("Most in {}: {}.", bar.name, format::count(most)),
        _ => "None.".into(),
    }
}
