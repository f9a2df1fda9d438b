//! Usage: what was asked and answered, over a range that the address names.

mod chart;
mod table;
mod totals;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

pub use self::chart::RequestChart;
use self::chart::TokenChart;
use self::table::{BucketTable, ModelTable};
pub use self::totals::TotalTiles;
use super::loaded::Loaded;
use crate::api::load_usage;
use crate::console::{Usage, UsageRange};
use crate::format;
use crate::ui::Empty;

const RANGES: [(UsageRange, &str, &str); 3] = [
    (UsageRange::Day, "day", "24 hours"),
    (UsageRange::Week, "week", "7 days"),
    (UsageRange::Month, "month", "30 days"),
];

fn range_named(name: &str) -> UsageRange {
    RANGES
        .iter()
        .find(|(_, known, _)| *known == name)
        .map(|(range, ..)| *range)
        .unwrap_or_default()
}

#[component]
pub fn UsagePage() -> impl IntoView {
    let query = use_query_map();
    let range = Memo::new(move |_| range_named(&query.read().get("range").unwrap_or_default()));
    let usage = Resource::new(move || range.get(), load_usage);
    view! {
        <Title text="Usage"/>
        <header class="page-head">
            <h1>"Usage"</h1>
            <RangeTabs range/>
        </header>
        <Loaded from=usage view=move |usage| {
            let range = range.get_untracked();
            view! { <UsageBody usage range/> }.into_any()
        }/>
    }
}

#[component]
fn RangeTabs(range: Memo<UsageRange>) -> impl IntoView {
    let tabs = RANGES.map(|(of, name, label)| {
        view! {
            <li>
                // Links, so that a range can be kept and sent; the current one is told as such.
                <a href=format!("/usage?range={name}") aria-current=move || (range.get() == of).then_some("true")>
                    {label}
                </a>
            </li>
        }
    });
    view! {
        <nav aria-label="Range">
            <ul class="tabs">{tabs.into_iter().collect_view()}</ul>
        </nav>
    }
}

#[component]
fn UsageBody(usage: Usage, range: UsageRange) -> impl IntoView {
    let updated = format!(
        "All times UTC · updated {}",
        format::clock(usage.updated_ms)
    );
    let body = if usage.total.requests == 0 {
        view! { <NoUsage/> }.into_any()
    } else {
        view! {
            <div class="charts">
                <RequestChart buckets=usage.buckets.clone() range/>
                <TokenChart buckets=usage.buckets.clone() range/>
            </div>
            <ModelTable models=usage.models/>
            <details class="more">
                <summary>{match range {
                    UsageRange::Day => "Figures by hour",
                    UsageRange::Week | UsageRange::Month => "Figures by day",
                }}</summary>
                <BucketTable buckets=usage.buckets range/>
            </details>
        }
        .into_any()
    };
    view! {
        <TotalTiles totals=usage.total/>
        {body}
        <p class="hint updated">
            {updated} " · "
            // An empty address is this page's own.
            <a href="" rel="external">"Reload"</a>
        </p>
    }
}

#[component]
fn NoUsage() -> impl IntoView {
    view! {
        <Empty title="No requests in this range">
            <p>"What you call shows here within seconds."</p>
            <a href="/" class="button plain">"Show me a request by curl"</a>
        </Empty>
    }
}
