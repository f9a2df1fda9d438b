//! How things stand: today's figures, the limits as they are now, and the call to copy again.

use leptos::prelude::*;
use leptos_router::components::A;

use crate::console::Overview;
use crate::example::{KEY_VARIABLE, curl};
use crate::format;
use crate::pages::usage::TotalTiles;
use crate::ui::{Code, Meter};

#[component]
pub fn Today(overview: Overview) -> impl IntoView {
    let Overview {
        tier,
        limits,
        base_url,
        model,
        today,
        ..
    } = overview;
    let meters = limits.into_iter().map(|limit| {
        view! {
            <li>
                <Meter label=limit.name used=limit.used limit=limit.limit unit="per minute"/>
            </li>
        }
    });
    let example = model.map(|model| {
        let command = curl(&base_url, &model, KEY_VARIABLE);
        view! { <Code label="curl" text=Signal::stored(command)/> }
    });
    view! {
        <header class="page-head">
            <h1>"Home"</h1>
            <A href="/playground" attr:class="button plain">"Open playground"</A>
        </header>
        <section class="section" aria-labelledby="today">
            <div class="section-head">
                <h2 id="today">"Today"</h2>
                <span class="hint">"since 00:00 UTC"</span>
                <A href="/usage">"View usage"</A>
            </div>
            <TotalTiles totals=today/>
        </section>
        <section class="section" aria-labelledby="limits">
            <div class="section-head">
                <h2 id="limits">"Limits"</h2>
                <span class="hint">{format!("{tier} tier, last 60 seconds")}</span>
            </div>
            <ul class="card limits">{meters.collect_view()}</ul>
        </section>
        <section class="section" aria-labelledby="calling">
            <div class="section-head">
                <h2 id="calling">"Calling the API"</h2>
            </div>
            <dl class="card facts">
                <div><dt>"Base URL"</dt><dd><code>{base_url.clone()}</code></dd></div>
                <div>
                    <dt>"Keys"</dt>
                    <dd>{format::count(overview.keys)} " active · " <A href="/keys">"Manage keys"</A></dd>
                </div>
            </dl>
            {example.map(|example| view! {
                <details class="more">
                    <summary>"Show a request by curl"</summary>
                    {example}
                </details>
            })}
        </section>
    }
}
