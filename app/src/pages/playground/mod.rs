//! The playground: a conversation with a model, streamed, with its settings and what each answer took.

mod answer;
mod composer;
mod conversation;
mod run;
mod settings;
mod transcript;

use leptos::ev;
use leptos::prelude::*;
use leptos_meta::Title;
use wire::Task;

use self::composer::Composer;
use self::conversation::Conversation;
use self::settings::{Settings, SettingsPanel, SystemField};
use self::transcript::Transcript;
use super::loaded::Loaded;
use super::no_model::NoModel;
use crate::api::list_models;

#[component]
pub fn PlaygroundPage() -> impl IntoView {
    let models = Resource::new(|| (), |()| list_models());
    view! {
        <Title text="Playground"/>
        <header class="page-head">
            <h1>"Playground"</h1>
        </header>
        <noscript>
            <div class="notice warn">
                <div class="notice-text"><p>"Running a request from this page needs JavaScript. The API itself does not."</p></div>
            </div>
        </noscript>
        <Loaded from=models view=|models| {
            let models: Vec<String> =
                models.into_iter().filter(|model| model.can(Task::Chat)).map(|model| model.id).collect();
            if models.is_empty() {
                view! { <NoModel/> }.into_any()
            } else {
                view! { <Bench models/> }.into_any()
            }
        }/>
    }
}

#[component]
fn Bench(models: Vec<String>) -> impl IntoView {
    let settings = Settings::new(models.first().cloned().unwrap_or_default());
    let conversation = Conversation::new(settings);
    // In an effect, because only a browser has keys to listen to and a request to hang up on.
    Effect::new(move |_| {
        let keys = window_event_listener(ev::keydown, move |event| {
            if event.key() == "Escape" && conversation.is_running() {
                event.prevent_default();
                conversation.stop();
            }
        });
        on_cleanup(move || {
            keys.remove();
            conversation.stop();
        });
    });
    view! {
        <div class="playground">
            <section class="card conversation" aria-label="Conversation">
                <SystemField settings/>
                <Transcript conversation/>
                <Composer conversation/>
            </section>
            <SettingsPanel settings models/>
        </div>
        <p class="visually-hidden" role="status">{move || conversation.announcement()}</p>
    }
}
