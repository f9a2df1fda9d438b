//! What was said, and what each answer took.

use std::time::Duration;

use leptos::prelude::*;
use wire::Role;

use super::answer::Figures;
use super::conversation::{Conversation, Fault, State, Turn};
use crate::browser;
use crate::ui::{Notice, Tone};

const ID: &str = "transcript";

#[component]
pub fn Transcript(conversation: Conversation) -> impl IntoView {
    // What is new is followed until its reader scrolls away from the end, and again once they are back.
    let following = StoredValue::new(true);
    Effect::new(move |_| {
        if let Some(turn) = conversation.turns().last() {
            turn.text.track();
            turn.state.track();
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
                "Write a message and run it. What you write counts against your limits; it is not stored."
            </p>
            <For each=move || conversation.turns() key=|turn| turn.id let:turn>
                <TurnView turn conversation/>
            </For>
        </div>
    }
}

#[component]
fn TurnView(turn: Turn, conversation: Conversation) -> impl IntoView {
    let who = if turn.role == Role::User {
        "You"
    } else {
        "Assistant"
    };
    let Turn { text, state, .. } = turn;
    let busy = {
        let state = state.clone();
        move || matches!(*state.read(), State::Waiting | State::Streaming { .. })
    };
    let foot = move || match state.get() {
        State::Waiting => {
            Some(view! { <p class="figures">"Waiting for the first token …"</p> }.into_any())
        }
        State::Streaming { first_text_ms } => Some(
            view! { <p class="figures">{format!("TTFT {first_text_ms:.0} ms")}</p> }.into_any(),
        ),
        State::Complete(figures) => Some(view! { <FigureLine figures/> }.into_any()),
        State::Stopped(figures) => Some(view! { <FigureLine figures stopped=true/> }.into_any()),
        State::Failed(fault, figures) => {
            Some(view! { <FaultNotice fault conversation/> <FigureLine figures/> }.into_any())
        }
    };
    view! {
        <article class="turn" class:assistant=turn.role == Role::Assistant>
            <h2 class="turn-who">{who}</h2>
            <p class="turn-text" class:busy=busy>{move || text.get()}</p>
            {foot}
        </article>
    }
}

#[component]
fn FigureLine(figures: Figures, #[prop(optional)] stopped: bool) -> impl IntoView {
    let words = stopped
        .then(|| "Stopped".to_owned())
        .into_iter()
        .chain(figures.words());
    let words = words
        .map(|word| view! { <span>{word}</span> })
        .collect_view();
    let id = figures
        .request_id
        .map(|id| view! { <span class="request-id">{id}</span> });
    view! { <p class="figures">{words}{id}</p> }
}

/// What failed and the way on, which may have to wait.
#[component]
fn FaultNotice(fault: Fault, conversation: Conversation) -> impl IntoView {
    let wait = fault.retry_after_s.unwrap_or_default();
    let ready_at = browser::monotonic_ms() + wait as f64 * 1000.0;
    let left = RwSignal::new(wait);
    browser::every(Duration::from_millis(250), move || {
        let ms = (ready_at - browser::monotonic_ms()).max(0.0);
        left.set((ms / 1000.0).ceil() as u64);
    });
    let again = move || match left.get() {
        0 => view! {
            <button type="button" class="button plain small" on:click=move |_| conversation.retry()>
                "Try again"
            </button>
        }
        .into_any(),
        seconds => view! { <p class="hint">{format!("Try again in {seconds} s")}</p> }.into_any(),
    };
    let way_on = if fault.signed_out {
        view! { <a href="/sign-in?next=%2Fplayground">"Sign in"</a> }.into_any()
    } else {
        again.into_any()
    };
    view! {
        <Notice tone=Tone::Danger alert=true>
            <p>{fault.message}</p>
            // Its countdown is for the eye: read out, it would interrupt each second.
            <div aria-live="off">{way_on}</div>
        </Notice>
    }
}
