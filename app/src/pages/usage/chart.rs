use leptos::prelude::*;

use super::table::bucket_name;
use crate::console::{UsageBucket, UsageRange};
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

/// Requests and tokens over time, one bar for each bucket.
#[component]
pub fn Charts(buckets: Vec<UsageBucket>, range: UsageRange) -> impl IntoView {
    let bars = |values: fn(&UsageBucket) -> [u64; 2]| {
        let bars = buckets.iter().enumerate().map(|(at, bucket)| Bar {
            name: bucket_name(bucket.start_ms, range),
            tick: tick(at, bucket.start_ms, range),
            values: values(bucket).to_vec(),
        });
        bars.collect::<Vec<_>>()
    };
    let requests = bars(|bucket| {
        let totals = bucket.totals;
        [totals.requests.saturating_sub(totals.errors), totals.errors]
    });
    let tokens = bars(|bucket| [bucket.totals.input_tokens, bucket.totals.output_tokens]);
    view! {
        <div class="charts">
            <BarChart title="Requests" summary=busiest(&requests) series=REQUESTS bars=requests/>
            <BarChart title="Tokens" summary=busiest(&tokens) series=TOKENS bars=tokens/>
        </div>
    }
}

fn tick(at: usize, start_ms: i64, range: UsageRange) -> Option<String> {
    match range {
        UsageRange::Day => at.is_multiple_of(6).then(|| format::clock(start_ms)),
        UsageRange::Week => Some(format::day(start_ms)),
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
