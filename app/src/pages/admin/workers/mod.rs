//! The workers: how each stands, how busy the pool is, and the way in and out for them. What is open lives in the
//! address (`?add`, `?remove=ID`), so that every step works without scripts too.

mod add;
mod list;
mod remove;
mod totals;

use std::time::Duration;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use self::add::AddDialog;
use self::list::WorkerTable;
use self::remove::RemoveDialog;
use self::totals::{FleetTiles, QueueTable};
use crate::api::{AddWorker, DrainWorker, RemoveWorker, list_workers};
use crate::browser;
use crate::console::Fleet;
use crate::format;
use crate::pages::done::when_done;
use crate::pages::loaded::Lasting;
use crate::pages::problem::{FormProblem, failure};
use crate::pages::way_back::replace_with;
use crate::step_up::StepUp;
use crate::ui::{Empty, Glyph, Icon, Toasts};

const HERE: &str = "/admin/workers";
/// How often the figures are read again while somebody looks.
const LOOK: Duration = Duration::from_secs(2);

#[component]
pub fn WorkersPage() -> impl IntoView {
    let fleet = Resource::new(|| (), |()| list_workers());
    let (add, drain, remove) = (
        ServerAction::<AddWorker>::new(),
        ServerAction::<DrainWorker>::new(),
        ServerAction::<RemoveWorker>::new(),
    );
    let query = use_query_map();
    let adding = Memo::new(move |_| query.read().get("add").is_some());
    let removing = Memo::new(move |_| query.read().get("remove"));
    let toasts = Toasts::here();
    let step_up = StepUp::here();
    let look_again = move || {
        // An answer renews the session, and what is under way then would be a stranger's.
        if browser::is_visible() && !untrack(|| step_up.is_asking()) {
            fleet.refetch();
        }
    };
    browser::every(LOOK, look_again);
    when_done(drain, move || {
        fleet.refetch();
    });
    when_done(add, move || {
        fleet.refetch();
        close();
        toasts.say("Worker added.");
    });
    when_done(remove, move || {
        fleet.refetch();
        close();
        toasts.say("Worker removed. What it has, it finishes.");
    });
    view! {
        <Title text="Workers"/>
        <header class="page-head">
            <h1>"Workers"</h1>
            <a href="/admin/workers?add" class="button primary" data-noscroll="true">
                <Icon glyph=Glyph::Plus/>
                "Add worker"
            </a>
        </header>
        <p class="lead">"Servers that run the models. Requests go to the well ones; an ill one is left alone until it is back."</p>
        {move || adding.get().then(|| view! { <AddDialog add/> })}
        {move || removing.get().map(|id| view! { <RemoveDialog id fleet remove/> })}
        <FormProblem problem=failure(drain) fields=&[]/>
        <Lasting from=fleet view=move |fleet| view! { <FleetBody fleet drain/> }.into_any()/>
    }
}

#[component]
fn FleetBody(fleet: Fleet, drain: ServerAction<DrainWorker>) -> impl IntoView {
    let gateways = match fleet.gateways.as_slice() {
        [] => "no gateway has reported yet".to_owned(),
        [one] => format!("seen by {one}"),
        all => format!("seen by {} gateways: {}", all.len(), all.join(", ")),
    };
    let updated = format!("Updated {}, {gateways}", format::exact(fleet.updated_ms));
    if fleet.workers.is_empty() {
        return view! {
            <Empty title="No workers">
                <p>"Without a worker no model can be called. Add an OpenAI-compatible server such as vLLM or llama.cpp's."</p>
                <a href="/admin/workers?add" class="button plain" data-noscroll="true">"Add worker"</a>
            </Empty>
        }
        .into_any();
    }
    view! {
        <FleetTiles workers=fleet.workers.clone()/>
        <WorkerTable workers=fleet.workers several={fleet.gateways.len() > 1} drain/>
        <QueueTable queues=fleet.queues/>
        <p class="hint updated">{updated}</p>
    }
    .into_any()
}

/// Back to the bare list.
fn close() {
    replace_with(HERE);
}
