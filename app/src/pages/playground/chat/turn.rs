//! A prompt, which can be changed and asked again, and under it what each model answered.

use leptos::html;
use leptos::prelude::*;

use super::conversation::{Answer, Conversation, State, Turn};
use super::figures::FigureLine;
use crate::browser;
use crate::pages::playground::button::Button;
use crate::pages::playground::fault::FaultNotice;
use crate::ui::CopyButton;

#[component]
pub fn TurnView(turn: Turn, conversation: Conversation) -> impl IntoView {
    let Turn { id, answers, .. } = turn.clone();
    let several = {
        let answers = answers.clone();
        move || answers.read().len() > 1
    };
    view! {
        <PromptView turn conversation/>
        <div class="answers" class:several=several>
            <For each=move || answers.get() key=|answer| answer.id let:answer>
                <AnswerView turn=id answer conversation/>
            </For>
        </div>
    }
}

#[component]
fn PromptView(turn: Turn, conversation: Conversation) -> impl IntoView {
    let Turn { id, prompt, .. } = turn;
    let editing = RwSignal::new(false);
    let text = prompt.clone();
    let body = move || {
        if editing.get() {
            view! { <PromptEditor turn=id text=text.clone() editing conversation/> }.into_any()
        } else {
            view! { <p class="turn-text">{text.clone()}</p> }.into_any()
        }
    };
    let about = start_of(&prompt);
    let edit = format!("edit-{id}");
    let edit_id = edit.clone();
    // The editor takes the focus with it as it goes; it came from the button.
    Effect::new(move |before: Option<bool>| {
        let editing = editing.get();
        if before == Some(true) && !editing {
            let edit = edit.clone();
            request_animation_frame(move || browser::focus(&edit));
        }
        editing
    });
    let delete = Callback::new(move |()| {
        conversation.delete(id);
        browser::focus("prompt");
    });
    view! {
        <article class="turn">
            <header class="turn-head">
                <h2 class="turn-who">"You"</h2>
                <Button
                    look="quiet small" label="Edit" about=format!("“{about}”") id=edit_id hidden=editing
                    press=Callback::new(move |()| editing.set(true))
                />
                <Button look="quiet small" label="Delete" about=format!("“{about}” and its answer") press=delete/>
            </header>
            {body}
        </article>
    }
}

#[component]
fn PromptEditor(
    turn: usize,
    text: String,
    editing: RwSignal<bool>,
    conversation: Conversation,
) -> impl IntoView {
    let field = NodeRef::<html::Textarea>::new();
    let changed = RwSignal::new(text);
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            let _ = field.focus();
        }
    });
    let run = move || {
        let text = changed.get_untracked();
        if !text.trim().is_empty() {
            conversation.ask_instead(turn, text);
            browser::focus("prompt");
        }
    };
    view! {
        <textarea
            node_ref=field
            rows="3"
            aria-label="Edit the message"
            prop:value=changed
            on:input:target=move |event| changed.set(event.target().value())
            on:keydown=move |event| {
                if event.key() == "Escape" {
                    event.stop_propagation();
                    editing.set(false);
                } else if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
                    event.prevent_default();
                    run();
                }
            }
        ></textarea>
        <div class="actions">
            <p class="hint">"What came after it goes."</p>
            <Button look="quiet small" label="Cancel" press=Callback::new(move |()| editing.set(false))/>
            <Button look="plain small" label="Run from here" press=Callback::new(move |()| run())/>
        </div>
    }
}

#[component]
fn AnswerView(turn: usize, answer: Answer, conversation: Conversation) -> impl IntoView {
    let Answer {
        id,
        model,
        text,
        state,
        events,
    } = answer;
    let again = Callback::new(move |()| {
        conversation.ask_again(turn, id);
        browser::focus("prompt");
    });
    let busy = {
        let state = state.clone();
        Signal::derive(move || matches!(*state.read(), State::Waiting(_) | State::Streaming { .. }))
    };
    let is_last = Memo::new(move |_| conversation.is_last(turn));
    let running = Signal::derive(move || conversation.is_running());
    let foot = move || match state.get() {
        State::Waiting(place) => {
            view! { <p class="figures"><span>{waiting(place.as_deref())}</span></p> }.into_any()
        }
        State::Streaming { first_text_ms } => {
            view! { <p class="figures"><span>{format!("TTFT {first_text_ms:.0} ms")}</span></p> }
                .into_any()
        }
        State::Complete(figures) => view! { <FigureLine figures/> }.into_any(),
        State::Stopped(figures) => view! { <FigureLine figures stopped=true/> }.into_any(),
        State::Failed(fault, figures) => {
            let again = is_last.get().then_some(again);
            view! { <FaultNotice fault again busy=running/> <FigureLine figures/> }.into_any()
        }
    };
    let fixed = Signal::derive(move || !is_last.get() || running.get());
    let copied = {
        let text = text.clone();
        Signal::derive(move || text.get())
    };
    let nothing = {
        let text = text.clone();
        move || text.read().is_empty()
    };
    view! {
        <article class="turn assistant">
            <header class="turn-head">
                <h2 class="turn-who" title=model.clone()>{model.clone()}</h2>
                <div class="turn-actions" hidden=move || busy.get()>
                    <span hidden=nothing><CopyButton text=copied what="answer"/></span>
                    <Button look="quiet small" label="Regenerate" hidden=fixed press=again/>
                </div>
            </header>
            <p class="turn-text" class:busy=move || busy.get()><GrowingText text/></p>
            {foot}
            <Events events/>
        </article>
    }
}

/// Text that grows at its end: what is shown already is not touched again.
#[component]
fn GrowingText(text: ArcRwSignal<String>) -> impl IntoView {
    let place = NodeRef::<html::Span>::new();
    Effect::new(move |shown: Option<usize>| {
        let Some(place) = place.get() else { return 0 };
        let text = text.read();
        let new = text.get(shown.unwrap_or_default()..).unwrap_or_default();
        if !new.is_empty() {
            browser::append(&place, new);
        }
        text.len()
    });
    view! { <span node_ref=place></span> }
}

/// What came over the wire.
#[component]
fn Events(events: ArcRwSignal<String>) -> impl IntoView {
    let open = RwSignal::new(false);
    let none = {
        let events = events.clone();
        Memo::new(move |_| events.read().is_empty())
    };
    let body = move || {
        open.get().then(|| {
            let text = events.clone();
            let copied = Signal::derive({
                let events = events.clone();
                move || events.get()
            });
            view! {
                <div class="code">
                    <div class="code-head">
                        <span>"Milliseconds since sending, and what came"</span>
                        <CopyButton text=copied what="events"/>
                    </div>
                    <pre tabindex="0" role="region" aria-label="Raw events"><code><GrowingText text/></code></pre>
                </div>
            }
        })
    };
    view! {
        <details class="more events" hidden=move || none.get() on:toggle=move |_| open.update(|open| *open = !*open)>
            <summary>"Raw events"</summary>
            {body}
        </details>
    }
}

/// `position=2 estimate=5s` in words.
fn waiting(place: Option<&str>) -> String {
    let value = |name: &str| {
        place?
            .split_whitespace()
            .find_map(|word| word.strip_prefix(name))
    };
    match (value("position="), value("estimate=")) {
        (Some(at), Some(time)) => format!("Place {at} in the queue, about {time} …"),
        (Some(at), None) => format!("Place {at} in the queue …"),
        _ => "Waiting for the first token …".to_owned(),
    }
}

/// Enough of a prompt to know it by.
fn start_of(prompt: &str) -> String {
    const ENOUGH: usize = 40;
    let mut start: String = prompt.chars().take(ENOUGH).collect();
    if start.len() < prompt.len() {
        start.push('…');
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_queue_is_said_in_words() {
        assert_eq!(
            waiting(Some("position=2 estimate=5s")),
            "Place 2 in the queue, about 5s …"
        );
        assert_eq!(waiting(Some("position=2")), "Place 2 in the queue …");
        assert_eq!(waiting(None), "Waiting for the first token …");
    }

    #[test]
    fn a_long_prompt_is_known_by_its_start() {
        assert_eq!(start_of("Hi"), "Hi");
        assert_eq!(start_of(&"é".repeat(41)), "é".repeat(40) + "…");
    }
}
