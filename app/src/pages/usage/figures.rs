use leptos::prelude::*;

use crate::console::{Figures, Metric, Percentiles, Totals, UsageQuery};
use crate::format;
use crate::ui::Tile;

/// The four figures that stand for any span of time.
#[component]
pub fn TotalTiles(totals: Totals) -> impl IntoView {
    let Totals {
        requests,
        errors,
        input_tokens,
        output_tokens,
    } = totals;
    view! {
        <dl class="tiles">
            <Tile label="Requests" figure=format::short(requests) exact=format::count(requests)/>
            <Tile label="Input tokens" figure=format::short(input_tokens) exact=format::count(input_tokens)/>
            <Tile label="Output tokens" figure=format::short(output_tokens) exact=format::count(output_tokens)/>
            <Tile
                label="Errors"
                figure=format::short(errors)
                exact=format::count(errors)
                hint=format::percent(errors, requests)
            />
        </dl>
    }
}

/// Every metric with its figure for the whole range: choosing one draws it below.
#[component]
pub fn MetricTiles(figures: Figures, query: UsageQuery, table: Memo<bool>) -> impl IntoView {
    let tiles = Metric::ALL.map(|(metric, _, title)| {
        let own = UsageQuery {
            metric,
            ..query.clone()
        };
        let href = move || own.viewed(table.get()).href();
        let current = (query.metric == metric).then_some("true");
        let (figure, exact, hint) = told(metric, &figures);
        view! {
            <li>
                <a class="tile" href=href data-noscroll="true" aria-current=current>
                    <span class="tile-label">{title} {metric.is_time().then_some(" · p50")}</span>
                    <span class="tile-body">
                        <span class="figure" title=exact>{figure}</span>
                        {hint.map(|hint| view! { <span class="hint">{hint}</span> })}
                    </span>
                </a>
            </li>
        }
    });
    view! {
        <nav aria-label="Metric">
            <ul class="tiles six">{tiles.into_iter().collect_view()}</ul>
        </nav>
    }
}

/// A figure as short as it can be read, with every digit, and what else there is to say.
fn told(metric: Metric, figures: &Figures) -> (String, Option<String>, Option<String>) {
    let Totals {
        requests,
        errors,
        input_tokens,
        output_tokens,
    } = figures.totals;
    let counted = |count| (format::short(count), Some(format::count(count)), None);
    let timed = |times: Percentiles| match (times.p50, times.p95, times.p99) {
        (Some(p50), Some(p95), Some(p99)) => {
            let hint = format!("p95 {} · p99 {}", format::ms(p95), format::ms(p99));
            (format::ms(p50), Some("p50".to_owned()), Some(hint))
        }
        _ => ("–".to_owned(), None, None),
    };
    match metric {
        Metric::Requests => counted(requests),
        Metric::InputTokens => counted(input_tokens),
        Metric::OutputTokens => counted(output_tokens),
        Metric::Errors => {
            let (figure, exact, _) = counted(errors);
            (figure, exact, Some(format::percent(errors, requests)))
        }
        Metric::Latency => timed(figures.latency),
        Metric::Ttft => timed(figures.ttft),
    }
}
