//! Usage: what was asked and answered. What is shown is all in the address.

mod chart;
mod controls;
mod figures;
mod tables;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

pub use self::chart::UsageChart;
pub use self::controls::{Bounds, Filters, HiddenBounds, RangeSelect};
use self::controls::{Controls, CustomRange};
use self::figures::MetricTiles;
pub use self::figures::TotalTiles;
use self::tables::{BucketTable, GroupTable};
use super::loaded::Kept;
use crate::api::load_usage;
use crate::console::{Preset, Problem, Range, Usage, UsageQuery};
use crate::format;
use crate::ui::Empty;

#[component]
pub fn UsagePage() -> impl IntoView {
    let map = use_query_map();
    let query = Memo::new(move |_| UsageQuery::parse(&map.read().to_query_string()));
    let usage = Resource::new(
        // Chart or table, it is the same figures.
        move || query.read().viewed(false).to_string(),
        |text| async move { load_usage(text.clone()).await.map(|usage| (text, usage)) },
    );
    view! {
        <Title text="Usage"/>
        <header class="page-head">
            <h1>"Usage"</h1>
            <a class="button plain" href=move || query.get().csv() rel="external" download="assisters-usage.csv">
                "Export CSV"
            </a>
        </header>
        <Controls query usage/>
        <CustomRange query/>
        <Kept
            from=usage
            same=Signal::derive(move || query.read().viewed(false).to_string())
            view=move |usage: Usage, asked: String| view! { <Body usage asked query/> }.into_any()
        />
        <Foot usage/>
    }
}

/// Goes where the address says, without leaving the place on the page.
pub fn show(href: &str) {
    let options = NavigateOptions {
        scroll: false,
        ..Default::default()
    };
    use_navigate()(href, options);
}

#[component]
fn Body(usage: Usage, asked: String, query: Memo<UsageQuery>) -> impl IntoView {
    // Of what was asked when these figures came, not of what is being asked now.
    let asked = UsageQuery::parse(&asked);
    let table = Memo::new(move |_| query.read().table);
    if usage.total.totals.requests == 0 {
        return view! { <Nothing query=asked.viewed(table.get_untracked())/> }.into_any();
    }
    let shown = (usage.clone(), asked.clone());
    view! {
        <MetricTiles figures=usage.total query=asked.clone() table/>
        <ViewTabs query=asked.clone() table/>
        {move || {
            let (usage, query) = shown.clone();
            match table.get() {
                true => view! { <BucketTable usage query/> }.into_any(),
                false => view! { <UsageChart usage query/> }.into_any(),
            }
        }}
        <GroupTable groups=usage.groups query=asked table/>
    }
    .into_any()
}

#[component]
fn ViewTabs(query: UsageQuery, table: Memo<bool>) -> impl IntoView {
    let tabs = [(false, "Chart"), (true, "Table")].map(|(of, label)| {
        let href = UsageQuery { table: of, ..query.clone() }.href();
        view! {
            <li>
                <a href=href data-noscroll="true" aria-current=move || (table.get() == of).then_some("true")>
                    {label}
                </a>
            </li>
        }
    });
    view! {
        <nav class="view-tabs" aria-label="View">
            <ul class="tabs">{tabs.into_iter().collect_view()}</ul>
        </nav>
    }
}

/// When the figures are of, and how to have newer ones without leaving the page.
#[component]
fn Foot(usage: Resource<Result<(String, Usage), Problem>>) -> impl IntoView {
    let updated = move || {
        let read = usage.get().and_then(Result::ok);
        read.map(|(_, usage)| {
            format!(
                "All times UTC · updated {} · ",
                format::clock(usage.updated_ms)
            )
        })
    };
    view! {
        <p class="hint updated">
            <Transition>{updated}</Transition>
            // An empty address is this page's own, for where no scripts run.
            <a
                href=""
                rel="external"
                on:click=move |event| {
                    event.prevent_default();
                    usage.refetch();
                }
            >
                "Refresh"
            </a>
        </p>
    }
}

#[component]
fn Nothing(query: UsageQuery) -> impl IntoView {
    if query.filter.is_empty() {
        let wider = UsageQuery {
            range: Range::Last(Preset::Month),
            step: None,
            ..query.clone()
        };
        let is_widest = query.range.length_ms() >= wider.range.length_ms();
        return view! {
            <Empty title="No requests in this range">
                <p>"What you call shows here within seconds."</p>
                {if is_widest {
                    view! { <a href="/" class="button plain">"Show me a request by curl"</a> }.into_any()
                } else {
                    view! { <a href=wider.href() class="button plain">"Show 30 days"</a> }.into_any()
                }}
            </Empty>
        }
        .into_any();
    }
    let all = UsageQuery {
        filter: Default::default(),
        ..query
    };
    view! {
        <Empty title="No requests match these filters">
            <p>"There may be some with other filters, or in another range."</p>
            <a href=all.href() class="button plain">"Clear filters"</a>
        </Empty>
    }
    .into_any()
}
