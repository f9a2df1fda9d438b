//! How the service itself is, and what to do where something is bad.

use std::time::Duration;

use leptos::prelude::*;
use leptos_meta::Title;

use crate::api::load_system_health;
use crate::browser;
use crate::console::{Health, HealthCheck, SettingInForce, SystemHealth};
use crate::format;
use crate::pages::loaded::Lasting;
use crate::ui::{Badge, Notice, Tone};

/// How often it is looked again while somebody watches.
const LOOK: Duration = Duration::from_secs(30);

#[component]
pub fn HealthPage() -> impl IntoView {
    let health = Resource::new(|| (), |()| load_system_health());
    browser::every(LOOK, move || {
        if browser::is_visible() {
            health.refetch();
        }
    });
    view! {
        <Title text="System health"/>
        <header class="page-head">
            <h1>"System health"</h1>
        </header>
        <Lasting from=health view=|health| view! { <Body health/> }.into_any()/>
    }
}

#[component]
fn Body(health: SystemHealth) -> impl IntoView {
    let bad = health
        .checks
        .iter()
        .filter(|check| check.state != Health::Operational)
        .count();
    let summary = match bad {
        0 => view! { <Notice tone=Tone::Ok><p>"All is well."</p></Notice> }.into_any(),
        1 => {
            view! { <Notice tone=Tone::Warn><p>"One thing needs to be looked after."</p></Notice> }
                .into_any()
        }
        bad => {
            let told = format!("{bad} things need to be looked after.");
            view! { <Notice tone=Tone::Warn><p>{told}</p></Notice> }.into_any()
        }
    };
    let up = (health.updated_ms - health.started_ms).max(0) / 1_000;
    let up = format!(
        "{} d {} h {} min",
        up / 86_400,
        up % 86_400 / 3_600,
        up % 3_600 / 60
    );
    let figures = [
        ("Version".to_owned(), health.version),
        ("Up for".to_owned(), up),
        ("Started".to_owned(), format::exact(health.started_ms)),
    ];
    let figures = figures.into_iter().chain(health.figures);
    let checks = health
        .checks
        .into_iter()
        .map(|check| view! { <Check check/> });
    let settings = health
        .settings
        .into_iter()
        .map(|setting| view! { <Setting setting/> });
    view! {
        {summary}
        <section class="section" aria-labelledby="checks">
            <h2 id="checks">"Checks"</h2>
            <div class="card table-card">
                <table class="table stacks">
                    <caption class="visually-hidden">"What was looked at, and how it is"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Part"</th>
                            <th scope="col">"State"</th>
                            <th scope="col">"Seen"</th>
                        </tr>
                    </thead>
                    <tbody>{checks.collect_view()}</tbody>
                </table>
            </div>
        </section>
        <section class="section" aria-labelledby="figures">
            <h2 id="figures">"Figures"</h2>
            <dl class="card facts wide">
                {figures.map(|(name, words)| view! { <div><dt>{name}</dt><dd>{words}</dd></div> }).collect_view()}
            </dl>
        </section>
        <section class="section" aria-labelledby="settings">
            <h2 id="settings">"Settings in force"</h2>
            <div class="card table-card">
                <table class="table stacks">
                    <caption class="visually-hidden">"Settings, what they are, and where they come from"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Setting"</th>
                            <th scope="col">"Value"</th>
                            <th scope="col">"From"</th>
                        </tr>
                    </thead>
                    <tbody>{settings.collect_view()}</tbody>
                </table>
            </div>
        </section>
        <p class="hint updated">{format!("Updated {}", format::exact(health.updated_ms))}</p>
    }
}

#[component]
fn Check(check: HealthCheck) -> impl IntoView {
    let (tone, word) = match check.state {
        Health::Operational => (Tone::Ok, "Good"),
        Health::Degraded => (Tone::Warn, "Look at it"),
        Health::Down => (Tone::Danger, "Bad"),
    };
    let name = match check.href {
        Some(href) => view! { <a href=href>{check.name}</a> }.into_any(),
        None => check.name.into_any(),
    };
    view! {
        <tr>
            <th scope="row"><span class="check-name">{name}</span></th>
            <td data-label="State"><Badge tone word/></td>
            <td>
                <span class="models">{check.seen}</span>
                {check.advice.map(|advice| view! { <p class="advice">{format!("To do: {advice}.")}</p> })}
            </td>
        </tr>
    }
}

#[component]
fn Setting(setting: SettingInForce) -> impl IntoView {
    view! {
        <tr>
            <th scope="row"><code>{setting.name}</code></th>
            <td data-label="Value"><span class="models mono">{setting.value}</span></td>
            <td data-label="From"><span class="models">{setting.origin}</span></td>
        </tr>
    }
}
