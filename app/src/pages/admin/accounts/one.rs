//! One account: what it has and uses, its limits, whether it may be used, and what is on record of it.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::HERE;
use super::limits::LimitsSection;
use super::list::State;
use super::standing::{AdministratorSection, SuspensionSection};
use crate::api::{ResumeAccount, SetAccountLimits, SetAdministrator, SuspendAccount, load_account};
use crate::console::{AccountDetails, AuditQuery};
use crate::format;
use crate::pages::audit::AuditTable;
use crate::pages::done::when_done;
use crate::pages::loaded::Loaded;
use crate::ui::Toasts;

/// What can be done to an account.
#[derive(Clone, Copy)]
pub struct Acts {
    pub limits: ServerAction<SetAccountLimits>,
    pub suspend: ServerAction<SuspendAccount>,
    pub resume: ServerAction<ResumeAccount>,
    pub administrator: ServerAction<SetAdministrator>,
}

#[component]
pub fn AccountPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let account = Resource::new(move || id.get(), load_account);
    let acts = Acts {
        limits: ServerAction::new(),
        suspend: ServerAction::new(),
        resume: ServerAction::new(),
        administrator: ServerAction::new(),
    };
    let toasts = Toasts::here();
    let done = move |said: &'static str| {
        move || {
            account.refetch();
            toasts.say(said);
        }
    };
    when_done(
        acts.limits,
        done("Limits saved. They hold from the next request on."),
    );
    when_done(
        acts.suspend,
        done("Account suspended. Its keys are refused from now on."),
    );
    when_done(
        acts.resume,
        done("Account resumed. Its keys are taken again."),
    );
    when_done(acts.administrator, done("Saved."));
    view! {
        <Title text="Account"/>
        <p><a href=HERE>"All accounts"</a></p>
        <Loaded from=account view=move |account| view! { <Body account acts/> }.into_any()/>
    }
}

#[component]
fn Body(account: AccountDetails, acts: Acts) -> impl IntoView {
    let row = account.row.clone();
    let log = AuditQuery {
        account: Some(row.id.clone()),
        ..AuditQuery::default()
    };
    let records = match account.records.is_empty() {
        true => view! { <p class="hint">"Nothing is on record of it yet."</p> }.into_any(),
        false => {
            // All of one account: its address in each row would tell nothing.
            let rows = account.records.clone().into_iter();
            let rows = rows.map(|row| crate::console::AuditRow {
                account: None,
                ..row
            });
            view! { <AuditTable rows=rows.collect()/> }.into_any()
        }
    };
    view! {
        <header class="page-head">
            <h1 class="models">{row.email.clone()}</h1>
            <State is_suspended=row.is_suspended is_admin=row.is_admin/>
        </header>
        <div class="settings-page">
            <Facts account=account.clone()/>
            <LimitsSection account=account.clone() limits=acts.limits/>
            <SuspensionSection account=account.clone() acts/>
            <AdministratorSection account acts/>
        </div>
        <section class="section" aria-labelledby="log">
            <h2 id="log">"Audit log"</h2>
            {records}
            <p><a href=log.href("/admin/audit-log")>"All that is on record of it"</a></p>
        </section>
    }
}

#[component]
fn Facts(account: AccountDetails) -> impl IntoView {
    let row = account.row;
    let seen = row
        .seen_ms
        .map_or_else(|| "not known".to_owned(), format::exact);
    let facts = [
        ("Id", row.id),
        (
            "Name",
            if row.name.is_empty() {
                "none".to_owned()
            } else {
                row.name
            },
        ),
        ("Created", format::exact(account.created_ms)),
        ("Last seen", seen),
        ("Keys that can be used", format::count(row.keys)),
        ("Sessions", format::count(account.sessions)),
        ("Requests within 7 days", format::count(row.requests)),
        ("Tokens within 7 days", format::count(account.tokens)),
    ];
    let asked = account.asked.map(|asked| {
        let words = format!(
            "{} requests and {} tokens a minute, on {}",
            format::count(asked.rpm),
            format::count(asked.tpm),
            format::exact(asked.asked_ms)
        );
        view! { <div><dt>"Asked for Enterprise"</dt><dd>{words}</dd></div> }
    });
    view! {
        <section class="section" aria-labelledby="facts">
            <h2 id="facts" class="visually-hidden">"What it is"</h2>
            <dl class="card facts wide">
                {facts.map(|(name, words)| view! { <div><dt>{name}</dt><dd class="models">{words}</dd></div> }).into_iter().collect_view()}
                {asked}
            </dl>
        </section>
    }
}
