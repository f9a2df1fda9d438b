//! What was said, scrolled along as it comes.

use leptos::prelude::*;

use super::conversation::Conversation;
use super::turn::TurnView;
use crate::browser;

const ID: &str = "transcript";

#[component]
pub fn Transcript(conversation: Conversation) -> impl IntoView {
    // What is new is followed until its reader scrolls away from the end, and again once they are back.
    let following = StoredValue::new(true);
    Effect::new(move |_| {
        if let Some(turn) = conversation.turns().last() {
            for answer in turn.answers.get() {
                answer.text.track();
                answer.state.track();
            }
            if following.get_value() {
                browser::scroll_to_end(ID);
            }
        }
    });
    view! {
        // Read at the reader's own pace; its end is announced beside it.
        <div
            id=ID
            class="transcript"
            role="log"
            aria-live="off"
            aria-label="Messages"
            tabindex="0"
            on:scroll=move |_| following.set_value(browser::is_near_end(ID))
        >
            <p class="hint start" hidden=move || !conversation.turns().is_empty()>
                "Write a message and run it. What you write counts against your limits; it is stored in this tab alone."
            </p>
            <For each=move || conversation.turns() key=|turn| turn.id let:turn>
                <TurnView turn conversation/>
            </For>
        </div>
    }
}
