//! How things stand: today's figures, the last days, the limits as they are now, and the call to copy again.

use leptos::prelude::*;

use crate::console::{Limit, Overview, Usage, UsageQuery};
use crate::example::{KEY_VARIABLE, curl};
use crate::format;
use crate::pages::loaded::{Asked, Loaded};
use crate::pages::usage::{TotalTiles, UsageChart};
use crate::ui::{Code, Meter};

/// What the chart shows, as the usage page's address says it.
pub const WEEK: &str = "range=week";

#[component]
pub fn Today(overview: Overview, week: Asked<Usage>) -> impl IntoView {
    view! {
        <header class="page-head">
            <h1>"Home"</h1>
            <a href="/playground" class="button plain">"Open playground"</a>
        </header>
        <section class="section" aria-labelledby="today">
            <div class="section-head">
                <h2 id="today">"Today"</h2>
                <span class="hint">"since 00:00 UTC"</span>
            </div>
            <TotalTiles totals=overview.today/>
        </section>
        <section class="section" aria-labelledby="week">
            <div class="section-head">
                <h2 id="week">"Last 7 days"</h2>
                <a href="/usage?range=week">"View usage"</a>
            </div>
            <Loaded from=week view=|usage| {
                view! { <UsageChart usage query=UsageQuery::parse(WEEK)/> }.into_any()
            }/>
        </section>
        <Limits tier=overview.tier limits=overview.limits/>
        <Calling base_url=overview.base_url model=overview.model keys=overview.keys/>
    }
}

#[component]
fn Limits(tier: String, limits: Vec<Limit>) -> impl IntoView {
    let meters = limits.into_iter().map(|limit| {
        view! {
            <li>
                <Meter label=limit.name used=limit.used limit=limit.limit unit="per minute"/>
            </li>
        }
    });
    view! {
        <section class="section" aria-labelledby="limits">
            <div class="section-head">
                <h2 id="limits">"Limits"</h2>
                <span class="hint">{format!("{tier} tier, last 60 seconds")}</span>
            </div>
            <ul class="card limits">{meters.collect_view()}</ul>
        </section>
    }
}

#[component]
fn Calling(base_url: String, model: Option<String>, keys: u64) -> impl IntoView {
    let example = model.map(|model| {
        let command = curl(&base_url, &model, KEY_VARIABLE);
        view! {
            <details class="more">
                <summary>"A request by curl"</summary>
                <Code label="curl" text=Signal::stored(command)/>
            </details>
        }
    });
    view! {
        <section class="section" aria-labelledby="calling">
            <div class="section-head">
                <h2 id="calling">"Calling the API"</h2>
            </div>
            <dl class="card facts">
                <div>
                    <dt>"Base URL"</dt>
                    <dd><code>{base_url}</code></dd>
                </div>
                <div>
                    <dt>"Keys"</dt>
                    <dd>{format::count(keys)} " active · " <a href="/keys">"Manage keys"</a></dd>
                </div>
            </dl>
            {example}
        </section>
    }
}
