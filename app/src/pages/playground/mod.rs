//! The playground: every model tried from the browser, with what each answer took and the code that asks the same.

mod button;
mod chat;
mod code_view;
mod desk;
mod embeddings;
mod fault;
mod link;
mod mode;
mod model_select;
mod moderation;
mod rerank;
mod run_buttons;
mod service;
mod share;
mod sheet;
mod shot;
mod shot_bench;
mod tools;

use leptos::ev;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use wire::Task;

use self::chat::ChatBench;
use self::desk::Desk;
use self::mode::{ModeTabs, mode_named};
use self::share::{OriginNotices, arrive, take_link};
use self::shot_bench::ShotBench;
use super::loaded::Loaded;
use super::no_model::NoModel;
use crate::api::list_models;
use crate::browser;
use crate::console::ModelCard;
use crate::ui::Toasts;

#[component]
pub fn PlaygroundPage() -> impl IntoView {
    let models = Resource::new(|| (), |()| list_models());
    let query = use_query_map();
    let mode = Memo::new(move |_| mode_named(query.read().get_str("mode")));
    view! {
        <Title text="Playground"/>
        <header class="page-head">
            <h1>"Playground"</h1>
            <ModeTabs mode/>
        </header>
        <noscript>
            <div class="notice warn">
                <div class="notice-text"><p>"Running a request from this page needs JavaScript. The API itself does not."</p></div>
            </div>
        </noscript>
        <Loaded from=models view=move |models| view! { <Bench models mode/> }.into_any()/>
    }
}

#[component]
fn Bench(models: Vec<ModelCard>, mode: Memo<Task>) -> impl IntoView {
    let desk = Desk::new(models);
    let toasts = Toasts::here();
    let asked = use_query_map().read_untracked().get("model");
    // In an effect, because only a browser has keys to listen to, a tab to keep things in and requests to hang up on.
    Effect::new(move |_| {
        arrive(desk, asked.clone(), toasts);
        let keys = window_event_listener(ev::keydown, move |event| {
            // A dialog has Esc for itself.
            if event.key() == "Escape" && !browser::has_dialog() && desk.stop() {
                event.prevent_default();
            }
        });
        let leaving = browser::on_leaving(move || desk.keep());
        let links = browser::on_new_fragment(move || {
            desk.keep();
            take_link(desk, toasts);
        });
        on_cleanup(move || {
            for listener in [keys, leaving, links] {
                listener.remove();
            }
            desk.keep();
            desk.stop();
        });
    });
    // A browser that dies does not say that it leaves.
    Effect::new(move |before: Option<bool>| {
        let running = desk.is_running();
        if before == Some(true) && !running {
            desk.keep();
        }
        running
    });
    let bench = move || {
        let task = mode.get();
        match desk.shot(task) {
            _ if !desk.has_model(task) => view! { <NoModel/> }.into_any(),
            None => view! { <ChatBench desk/> }.into_any(),
            Some(shot) => view! { <ShotBench desk shot/> }.into_any(),
        }
    };
    view! {
        <OriginNotices said=desk.said/>
        {bench}
    }
}
