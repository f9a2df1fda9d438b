use leptos::prelude::*;
use wire::Task;

use crate::browser;
use crate::pages::playground::button::Button;
use crate::pages::playground::desk::Desk;
use crate::pages::playground::run_buttons::RunButtons;
use crate::pages::playground::service::Rates;
use crate::pages::playground::tools::Tools;
use crate::ui::Toasts;

const ID: &str = "prompt";

/// Where the next message is written and the run is started and stopped.
#[component]
pub fn Composer(desk: Desk) -> impl IntoView {
    let conversation = desk.conversation;
    let prompt = conversation.draft;
    let toasts = Toasts::here();
    let run = move || {
        if conversation.is_running() {
            return;
        }
        let text = prompt.get_untracked();
        if text.trim().is_empty() {
            browser::focus(ID);
            return;
        }
        prompt.set(String::new());
        conversation.ask(text);
    };
    let clear = Callback::new(move |()| {
        if conversation.last_turn().is_none() {
            prompt.set(String::new());
            return;
        }
        let before = desk.sheet(None);
        conversation.fill(vec![]);
        desk.keep();
        let undo = Callback::new(move |()| desk.put_back(before.clone()));
        toasts.offer("Cleared the conversation", "Undo", undo);
        browser::focus(ID);
    });
    view! {
        <div class="composer">
            <label class="visually-hidden" for=ID>"Message"</label>
            <textarea
                id=ID
                rows="3"
                placeholder="Write a message"
                prop:value=prompt
                on:input:target=move |event| prompt.set(event.target().value())
                on:keydown=move |event| {
                    if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
                        event.prevent_default();
                        run();
                    }
                }
            ></textarea>
            <div class="actions">
                <Button look="quiet" label="Clear" press=clear/>
                <Tools desk task=Task::Chat/>
                <RunButtons
                    running=Signal::derive(move || conversation.is_running())
                    run=Callback::new(move |()| {
                        run();
                        browser::focus(ID);
                    })
                    stop=Callback::new(move |()| {
                        conversation.stop();
                        browser::focus(ID);
                    })
                />
            </div>
            <Rates service=desk.service/>
        </div>
    }
}
