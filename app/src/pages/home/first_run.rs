//! Three steps from a new account to its first request, which is noticed as it arrives.

use std::time::Duration;

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{CreateKey, load_overview};
use crate::browser;
use crate::console::{NewKey, Overview};
use crate::example::{KEY_VARIABLE, curl};
use crate::pages::fresh::Secret;
use crate::pages::no_model::NoModel;
use crate::pages::problem::{FormProblem, failure, field_error};
use crate::ui::{Code, Glyph, Icon, SubmitButton, TextField};

/// How often we look whether the first request has come.
const LOOK: Duration = Duration::from_secs(3);

#[component]
pub fn FirstRun(overview: Overview, fresh: Option<NewKey>) -> impl IntoView {
    let create = ServerAction::<CreateKey>::new();
    let created = move || {
        create
            .value()
            .get()
            .and_then(Result::ok)
            .or_else(|| fresh.clone())
    };
    let secret = Memo::new(move |_| created().map(|created| created.secret));
    let arrived = first_request();
    let has_key = overview.keys > 0;
    let email = overview.email.clone();
    let keyed = Signal::derive(move || has_key || secret.read().is_some());
    view! {
        <header class="page-head">
            <h1>"Welcome. One request and you are live."</h1>
        </header>
        <ol class="steps">
            <Step number=1 title="Account" done=Signal::stored(true) current=Signal::stored(false)>
                <p class="hint">{email}</p>
            </Step>
            <Step number=2 title="Create a key" done=keyed current=Signal::derive(move || !keyed.get())>
                <KeyStep create secret has_key/>
            </Step>
            <Step number=3 title="Call it" done=arrived current=keyed>
                <CallStep overview secret arrived/>
            </Step>
        </ol>
    }
}

#[component]
fn Step(
    number: u8,
    title: &'static str,
    done: Signal<bool>,
    current: Signal<bool>,
    children: Children,
) -> impl IntoView {
    let state = move || match (done.get(), current.get()) {
        (true, _) => "step done",
        (false, true) => "step current",
        (false, false) => "step",
    };
    view! {
        <li class=state aria-current=move || (current.get() && !done.get()).then_some("step")>
            <span class="step-mark" aria-hidden="true">
                {move || if done.get() { view! { <Icon glyph=Glyph::Check/> }.into_any() } else { number.into_any() }}
            </span>
            <h2>
                {title}
                <span class="visually-hidden">{move || if done.get() { " (done)" } else { "" }}</span>
            </h2>
            {children()}
        </li>
    }
}

#[component]
fn KeyStep(
    create: ServerAction<CreateKey>,
    secret: Memo<Option<String>>,
    has_key: bool,
) -> impl IntoView {
    let problem = failure(create);
    let copied = RwSignal::new(false);
    let form = move || {
        view! {
            <ActionForm action=create attr:class="form-row" attr:novalidate="">
                <TextField
                    name="name"
                    label="Name"
                    value="first-key"
                    max=50
                    error=field_error(problem, "name")
                />
                <SubmitButton label="Create key" busy=create.pending()/>
                <FormProblem problem fields=&["name"]/>
            </ActionForm>
        }
    };
    move || match secret.get() {
        Some(secret) => view! { <Secret secret copied/> }.into_any(),
        None if has_key => view! {
            <p class="hint">
                "You have a key. Lost it? Revoke it and create another on "
                <a href="/keys">"the keys page"</a> "."
            </p>
        }
        .into_any(),
        None => form().into_any(),
    }
}

#[component]
fn CallStep(
    overview: Overview,
    secret: Memo<Option<String>>,
    arrived: Signal<bool>,
) -> impl IntoView {
    let Some(model) = overview.model else {
        return view! { <NoModel/> }.into_any();
    };
    let base_url = overview.base_url;
    let command = Signal::derive(move || {
        curl(
            &base_url,
            &model,
            secret.read().as_deref().unwrap_or(KEY_VARIABLE),
        )
    });
    view! {
        <p class="hint" hidden=move || secret.read().is_some()>
            "Paste it into a shell where " <code>"ASSISTERS_API_KEY"</code> " holds your key."
        </p>
        <Code label="curl" text=command/>
        <div class="waiting" role="status">
            {move || if arrived.get() {
                view! {
                    <p class="ok">
                        <Icon glyph=Glyph::Check/>
                        "Your first request has arrived. "
                        <a href="/usage">"See it in usage"</a>
                    </p>
                }.into_any()
            } else {
                view! {
                    <p class="hint"><span class="pulse" aria-hidden="true"></span>"Waiting for your first request …"</p>
                }.into_any()
            }}
        </div>
        <noscript>
            <p class="hint">"Reload this page after the call: without JavaScript it does not notice by itself."</p>
        </noscript>
        <p class="hint"><a href="/playground">"Or try it in the playground"</a></p>
    }
    .into_any()
}

/// Turns true once any request of the account is recorded.
fn first_request() -> Signal<bool> {
    let arrived = RwSignal::new(false);
    browser::every(LOOK, move || {
        if arrived.get_untracked() || !browser::is_visible() {
            return;
        }
        spawn_local(async move {
            if load_overview().await.is_ok_and(|overview| overview.called) {
                arrived.try_set(true);
            }
        });
    });
    arrived.into()
}
