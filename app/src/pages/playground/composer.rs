use leptos::prelude::*;

use super::conversation::Conversation;
use crate::browser;

const ID: &str = "prompt";

/// Where the next message is written and the run is started and stopped.
#[component]
pub fn Composer(conversation: Conversation) -> impl IntoView {
    let prompt = RwSignal::new(String::new());
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
    let apple = browser::has_command_key();
    let shortcut = move || {
        if apple.get() {
            "⌘ Enter"
        } else {
            "Ctrl Enter"
        }
    };
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
                <button type="button" class="button quiet" on:click=move |_| conversation.clear()>"Clear"</button>
                // Two buttons, one of them hidden: the focus stays where it is as the run ends.
                <button
                    type="button"
                    class="button plain"
                    hidden=move || !conversation.is_running()
                    on:click=move |_| {
                        conversation.stop();
                        browser::focus(ID);
                    }
                >
                    "Stop" <kbd>"Esc"</kbd>
                </button>
                <button
                    type="button"
                    class="button primary"
                    hidden=move || conversation.is_running()
                    on:click=move |_| {
                        run();
                        browser::focus(ID);
                    }
                >
                    "Run" <kbd>{shortcut}</kbd>
                </button>
            </div>
        </div>
    }
}
