//! What the modes look like that ask once and are answered whole.

use leptos::prelude::*;
use serde_json::Value;
use wire::Task;

use super::button::Button;
use super::desk::Desk;
use super::embeddings::Similarities;
use super::fault::{FaultNotice, RequestLink};
use super::model_select::ModelSelect;
use super::moderation::{Known, Verdicts};
use super::rerank::Ranking;
use super::run_buttons::RunButtons;
use super::service::Rates;
use super::shot::{Done, Shot, is_at_field};
use super::tools::Tools;
use crate::browser;
use crate::format;
use crate::ui::Toasts;

#[component]
pub fn ShotBench(desk: Desk, shot: Shot) -> impl IntoView {
    view! {
        <div class="playground shot">
            <div class="shot-main">
                <ShotForm desk shot/>
                <Outcome shot/>
            </div>
            <section class="card settings" aria-label="Settings">
                <ModelSelect
                    id="model" label="Model" model=shot.model
                    choose=Callback::new(move |model| shot.model.set(model))
                    models=shot.cards.get_value()
                />
                <About shot/>
            </section>
        </div>
        <p class="visually-hidden" role="status">{move || shot.announcement.get()}</p>
    }
}

#[component]
fn ShotForm(desk: Desk, shot: Shot) -> impl IntoView {
    let (label, help, name) = match shot.task {
        Task::Rerank => ("Documents", "One a line.", "documents"),
        Task::Moderation => ("Texts", "One a line, up to 8.", "input"),
        _ => ("Texts", "One a line, from 2 to 8.", "input"),
    };
    let run = Callback::new(move |()| shot.run());
    let toasts = Toasts::here();
    let clear = Callback::new(move |()| {
        let before = desk.sheet(None);
        shot.clear();
        desk.keep();
        let undo = Callback::new(move |()| desk.put_back(before.clone()));
        toasts.offer("Cleared the request", "Undo", undo);
        browser::focus("texts");
    });
    view! {
        <section class="card shot-form" aria-label="Request">
            {(shot.task == Task::Rerank).then(|| view! {
                <ShotField id="query" label="Query" help="" rows=1 value=shot.query error=shot.error("query") run/>
            })}
            <ShotField id="texts" label help rows=4 value=shot.texts error=shot.error(name) run/>
            <div class="actions">
                <Button look="quiet" label="Clear" press=clear/>
                <Tools desk task=shot.task/>
                <RunButtons
                    running=Signal::derive(move || shot.is_running())
                    run
                    stop=Callback::new(move |()| shot.stop())
                />
            </div>
            <Rates service=desk.service/>
        </section>
    }
}

#[component]
fn ShotField(
    id: &'static str,
    label: &'static str,
    help: &'static str,
    rows: u32,
    value: RwSignal<String>,
    error: Signal<Option<String>>,
    run: Callback<()>,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <textarea
                id=id
                rows=rows.to_string()
                aria-describedby=format!("{id}-help")
                aria-invalid=move || error.read().is_some().then_some("true")
                prop:value=value
                on:input:target=move |event| value.set(event.target().value())
                on:keydown=move |event| {
                    if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
                        event.prevent_default();
                        run.run(());
                    }
                }
            ></textarea>
            <p id=format!("{id}-help") class=move || if error.read().is_some() { "error" } else { "help" }>
                {move || error.get().unwrap_or_else(|| help.to_owned())}
            </p>
        </div>
    }
}

/// The last answer, which stays while the next is awaited.
#[component]
fn Outcome(shot: Shot) -> impl IntoView {
    let running = Signal::derive(move || shot.is_running());
    let again = Callback::new(move |()| shot.run());
    let body = move || match shot.outcome.get() {
        None => {
            let hint = match shot.task {
                Task::Rerank => "The documents come back sorted by how well they answer the query.",
                Task::Moderation => "Each text comes back with a score for every category.",
                _ => "Each pair of texts comes back with how alike the two are.",
            };
            view! { <p class="hint start">{hint}</p> }.into_any()
        }
        // A fault of a field stands there.
        Some(Err(fault)) if is_at_field(&fault, shot.task) => {
            let id = fault
                .request_id
                .map(|id| view! { <p class="hint">"Request " <RequestLink id/></p> });
            view! { <div class="start">{id}</div> }.into_any()
        }
        Some(Err(fault)) => {
            view! { <FaultNotice fault again=Some(again) busy=running/> }.into_any()
        }
        Some(Ok(done)) => view! { <Answered shot done/> }.into_any(),
    };
    view! {
        <section class="card outcome" aria-label="Result" aria-busy=move || running.get().to_string()>
            {body}
        </section>
    }
}

#[component]
fn Answered(shot: Shot, done: Done) -> impl IntoView {
    let answer: Value = serde_json::from_str(&done.body).unwrap_or_default();
    let tokens = answer["usage"]["prompt_tokens"].as_u64();
    let tokens = tokens.map(|tokens| format!("{} tokens", format::count(tokens)));
    let ms = format!("{:.0} ms", done.ms);
    let id = done
        .request_id
        .clone()
        .map(|id| view! { <RequestLink id/> });
    let known = move || shot.card().map(|card| card.moderation_categories);
    let body = match shot.task {
        Task::Rerank => view! { <Ranking done/> }.into_any(),
        Task::Moderation => {
            let known = untrack(known).unwrap_or_default();
            view! { <Verdicts done known/> }.into_any()
        }
        _ => view! { <Similarities done/> }.into_any(),
    };
    view! {
        {body}
        <p class="figures">
            <span>{ms}</span>
            {tokens.map(|tokens| view! { <span>{tokens}</span> })}
            {id}
        </p>
    }
}

/// What there is to know of the chosen model before it is asked.
#[component]
fn About(shot: Shot) -> impl IntoView {
    move || {
        let card = shot.card()?;
        let context = card.context.map(|tokens| {
            format!(
                "Reads up to {} tokens of a text.",
                format::count(tokens.into())
            )
        });
        let dimensions = card.dimensions.filter(|_| shot.task == Task::Embeddings);
        let dimensions = dimensions.map(|length| format!("Its vectors have {length} dimensions."));
        let method = card.rerank_method.filter(|_| shot.task == Task::Rerank);
        let method = method.map(|method| match method.as_str() {
            "bi-encoder-cosine" => {
                "Ranks by cosine: it knows a topic better than an answer.".to_owned()
            }
            "cross-encoder" => "Reads the query and each document together.".to_owned(),
            other => format!("Ranks by {other}."),
        });
        let lines = [context, dimensions, method].into_iter().flatten();
        let lines = lines
            .map(|line| view! { <p class="help">{line}</p> })
            .collect_view();
        let known = (shot.task == Task::Moderation)
            .then(|| view! { <Known known=card.moderation_categories/> });
        Some(view! { <div class="about">{lines} {known}</div> })
    }
}
