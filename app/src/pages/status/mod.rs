//! How the service stands: its parts, and each model.

use std::time::Duration;

use leptos::prelude::*;
use leptos_meta::{Meta, Title};

use super::loaded::Lasting;
use crate::api::load_status;
use crate::browser;
use crate::console::{Health, ModelStatus, Status};
use crate::format;
use crate::ui::{Badge, Tone};

/// How often it is read again while somebody looks.
const LOOK: Duration = Duration::from_secs(10);

#[component]
pub fn StatusPage() -> impl IntoView {
    let status = Resource::new(|| (), |()| load_status());
    browser::every(LOOK, move || {
        if browser::is_visible() {
            status.refetch();
        }
    });
    view! {
        <Title text="Status"/>
        <Meta name="description" content="How the API, its database and each model stand right now."/>
        <header class="page-head">
            <h1>"Status"</h1>
        </header>
        <Lasting from=status view=|status| view! { <StatusShown status/> }.into_any()/>
        <noscript>
            <p class="hint">"Reload the page to see it anew: without JavaScript it stays as it is."</p>
        </noscript>
    }
}

#[component]
fn StatusShown(status: Status) -> impl IntoView {
    let worst = status.models.iter().map(|model| model.health);
    let worst = worst.chain([status.api, status.database]).max();
    let updated = format!("Updated {} UTC", format::clock_second(status.updated_ms));
    view! {
        <div class="status">
            <p class=format!("status-sum {}", tone(worst.unwrap_or(status.api)).1)>
                {summary(worst.unwrap_or(status.api))}
            </p>
            <ul class="card status-parts">
                <Part name="API" health=status.api/>
                <Part name="Database" health=status.database/>
            </ul>
            <section class="section" aria-labelledby="models">
                <h2 id="models">"Models"</h2>
                <ModelTable models=status.models/>
            </section>
            <p class="hint">
                <time datetime=format::iso(status.updated_ms)>{updated}</time>
                " · for programs: " <a href="/status.json" rel="external">"status.json"</a>
            </p>
        </div>
    }
}

#[component]
fn Part(name: &'static str, health: Health) -> impl IntoView {
    view! {
        <li>
            <span>{name}</span>
            <HealthBadge health/>
        </li>
    }
}

#[component]
fn ModelTable(models: Vec<ModelStatus>) -> impl IntoView {
    if models.is_empty() {
        return view! { <p class="hint">"No worker serves a model right now."</p> }.into_any();
    }
    let rows = models.into_iter().map(|model| {
        let first_byte = model.first_byte_ms.map_or("–".to_owned(), format::ms);
        view! {
            <tr>
                <th scope="row"><code>{model.id}</code></th>
                <td data-label="State"><HealthBadge health=model.health/></td>
                <td data-label="First byte" class="number">{first_byte}</td>
                <td data-label="Waiting" class="number">{format::count(model.waiting)}</td>
            </tr>
        }
    });
    view! {
        <div class="card table-card">
            <table class="table stacks">
                <caption class="visually-hidden">"How each model stands"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Model"</th>
                        <th scope="col">"State"</th>
                        <th scope="col" class="number">"First byte, median"</th>
                        <th scope="col" class="number">"Requests waiting"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn HealthBadge(health: Health) -> impl IntoView {
    let (tone, _) = tone(health);
    let word = match health {
        Health::Operational => "Operational",
        Health::Degraded => "Degraded",
        Health::Down => "Down",
    };
    view! { <Badge tone word/> }
}

fn tone(health: Health) -> (Tone, &'static str) {
    match health {
        Health::Operational => (Tone::Ok, "ok"),
        Health::Degraded => (Tone::Warn, "warn"),
        Health::Down => (Tone::Danger, "danger"),
    }
}

fn summary(worst: Health) -> &'static str {
    match worst {
        Health::Operational => "Everything is operational.",
        Health::Degraded => {
            "Something is degraded: requests succeed, but may be slower or be retried."
        }
        Health::Down => "Something is down. What it concerns is marked below.",
    }
}
