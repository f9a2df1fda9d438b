use leptos::prelude::*;

use crate::console::{Metric, Percentiles, Series, Step, Usage, UsageQuery};
use crate::format;
use crate::ui::{BarChart, Bars, Layer, Stand};

const CLASSES: [&str; 6] = [
    "series-1", "series-2", "series-3", "series-4", "series-5", "series-6",
];
const OTHER: &str = "series-other";
/// Percentiles from the front to the back: dark, middle, light.
const NESTED: [&str; 3] = ["series-1", "series-6", OTHER];

/// The chosen metric over time, one bar for each bucket.
#[component]
pub fn UsageChart(usage: Usage, query: UsageQuery) -> impl IntoView {
    let title = format!("{} {}", query.metric.title(), words(query.step()));
    let span = span(&usage, &query);
    view! { <BarChart title span bars=bars(usage, &query)/> }
}

fn words(step: Step) -> &'static str {
    match step {
        Step::Minute => "by minute",
        Step::Hour => "by hour",
        Step::Day => "by day",
        Step::Month => "by month",
    }
}

/// From the first bucket to the last.
fn span(usage: &Usage, query: &UsageQuery) -> String {
    match usage.starts.as_slice() {
        [] => String::new(),
        [one] => name(*one, query.step()),
        [first, .., last] => format!(
            "{} – {}",
            name(*first, query.step()),
            name(*last, query.step())
        ),
    }
}

fn bars(usage: Usage, query: &UsageQuery) -> Bars {
    let (step, is_time) = (query.step(), query.metric.is_time());
    let is_long = usage.starts.len() > 48;
    let names = usage
        .starts
        .iter()
        .map(|start| name(*start, step))
        .collect();
    let ticks = usage
        .starts
        .iter()
        .map(|start| tick(*start, step, is_long))
        .collect();
    let percentiles = match query.metric {
        Metric::Latency => Some(usage.total.latency),
        Metric::Ttft => Some(usage.total.ttft),
        _ => None,
    };
    let layers = usage.series.into_iter().enumerate();
    let layers = layers
        .map(|(at, series)| layer(at, series, percentiles))
        .collect();
    Bars {
        names,
        ticks,
        layers,
        stand: if is_time {
            Stand::Nested
        } else {
            Stand::Stacked
        },
        full: if is_time { format::ms } else { format::count },
        short: if is_time { format::ms } else { format::short },
    }
}

fn layer(at: usize, series: Series, percentiles: Option<Percentiles>) -> Layer {
    let (classes, whole): (&[&str], _) = match percentiles {
        None => (&CLASSES, format::count(series.values.iter().sum())),
        Some(whole) => {
            let whole = [whole.p50, whole.p95, whole.p99].get(at).copied().flatten();
            (&NESTED, whole.map(format::ms).unwrap_or_default())
        }
    };
    Layer {
        class: classes.get(at).copied().unwrap_or(OTHER),
        whole,
        name: series.name,
        values: series.values,
    }
}

/// A bucket by the time that it covers.
pub fn name(start_ms: i64, step: Step) -> String {
    match step {
        Step::Minute | Step::Hour => {
            format!("{}, {}", format::day(start_ms), format::clock(start_ms))
        }
        Step::Day => format!("{}, {}", format::weekday(start_ms), format::date(start_ms)),
        Step::Month => format::month(start_ms),
    }
}

fn tick(start_ms: i64, step: Step, is_long: bool) -> String {
    match step {
        Step::Minute => format::clock(start_ms),
        Step::Hour if is_long => format::day(start_ms),
        Step::Hour => format::clock(start_ms),
        Step::Day => format::day(start_ms),
        Step::Month => format::month(start_ms),
    }
}
