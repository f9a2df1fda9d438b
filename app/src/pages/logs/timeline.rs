use leptos::prelude::*;

use crate::console::{DAY_MS, LogQuery, Range, Timeline};
use crate::format;
use crate::pages::usage::show;
use crate::ui::{BarChart, Bars, Layer, Stand};

/// How many requests ended how, over time. A bar that is chosen becomes the range.
#[component]
pub fn TimelineChart(timeline: Timeline, query: LogQuery) -> impl IntoView {
    let starts = timeline.starts.clone();
    let pick = move |at: usize| {
        let (Some(from_ms), Some(until_ms)) = (starts.get(at), starts.get(at + 1)) else {
            return;
        };
        let range = Range::Between {
            from_ms: *from_ms,
            until_ms: *until_ms,
        };
        show(
            &LogQuery {
                range,
                before: None,
                ..query.clone()
            }
            .href(),
        );
    };
    let span = match timeline.starts.as_slice() {
        [first, .., last] => format!(
            "{}, {} – {}, {}",
            format::day(*first),
            format::clock(*first),
            format::day(*last),
            format::clock(*last)
        ),
        _ => String::new(),
    };
    view! {
        <div class="timeline">
            <BarChart title="Requests".to_owned() span bars=bars(timeline) on_pick=Callback::new(pick)/>
        </div>
    }
}

fn bars(timeline: Timeline) -> Bars {
    let Timeline {
        starts,
        ok,
        client_errors,
        server_errors,
    } = timeline;
    let lengths = starts.windows(2).map(|pair| pair[1] - pair[0]);
    let is_by_day = lengths.max().unwrap_or(0) >= DAY_MS;
    let is_long = starts.len() > 48
        && !is_by_day
        && starts
            .last()
            .zip(starts.first())
            .is_some_and(|(last, first)| last - first > 2 * DAY_MS);
    let buckets = || starts.iter().take(ok.len());
    let name = |start: &i64| match is_by_day {
        true => format!("{}, {}", format::weekday(*start), format::day(*start)),
        false => format!("{}, {}", format::day(*start), format::clock(*start)),
    };
    let tick = |start: &i64| match is_by_day || is_long {
        true => format::day(*start),
        false => format::clock(*start),
    };
    let layer = |name: &str, class, values: &Vec<u64>| Layer {
        name: name.to_owned(),
        class,
        whole: format::count(values.iter().sum()),
        values: values.clone(),
    };
    Bars {
        names: buckets().map(name).collect(),
        ticks: buckets().map(tick).collect(),
        layers: vec![
            layer("ok", "series-ok", &ok),
            layer("4xx", "series-warn", &client_errors),
            layer("5xx", "series-danger", &server_errors),
        ],
        stand: Stand::Stacked,
        full: format::count,
        short: format::short,
    }
}
