//! Sign in and sign up.

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;

use super::problem::{FormProblem, field_error, refusal};
use crate::api::{SignIn, SignUp};
use crate::console::{Entry, is_local};
use crate::frame::Brand;
use crate::ui::{NewPasswordField, Notice, PasswordField, SubmitButton, TextField, Tone};
use crate::viewer::Viewer;

const FIELDS: &[&str] = &["email", "password"];
/// What stands in the query of who was led here, and what is told for it.
const CAME_FROM: [(&str, Tone, &str); 6] = [
    (
        "deleted",
        Tone::Ok,
        "Your account is deleted. Its keys are refused from now on.",
    ),
    (
        "reset",
        Tone::Ok,
        "Your password is set. Sign in with it; all browsers have been signed out.",
    ),
    (
        "verified",
        Tone::Ok,
        "Your e-mail address is verified. Sign in.",
    ),
    (
        "confirmed",
        Tone::Ok,
        "Your account has its new e-mail address. Sign in with it.",
    ),
    (
        "again",
        Tone::Warn,
        "The code came too late, or was wrong too often. Begin again.",
    ),
    (
        "factor",
        Tone::Info,
        "This service asks for a second factor now. Sign in once more to set it up.",
    ),
];

#[component]
pub fn SignInPage() -> impl IntoView {
    let action = ServerAction::<SignIn>::new();
    Viewer::comes_in(action, |entry| *entry == Entry::SignedIn);
    let problem = refusal(action);
    let query = use_query_map();
    let next = move || query.read().get("next");
    // What has led here, if it has to be told.
    let told = move || {
        let query = query.read();
        CAME_FROM
            .into_iter()
            .find(|(from, ..)| query.get(from).is_some())
            .map(|(_, tone, told)| view! { <Notice tone><p>{told}</p></Notice> })
    };
    view! {
        <Title text="Sign in"/>
        <DoorFrame title="Sign in">
            {told}
            <ActionForm action attr:class="form" attr:novalidate="">
                {move || next().map(|next| view! { <input type="hidden" name="next" value=next/> })}
                <TextField
                    name="email"
                    label="E-mail"
                    kind="email"
                    autocomplete="username"
                    error=field_error(problem, "email")
                />
                <PasswordField
                    name="password"
                    label="Password"
                    autocomplete="current-password"
                    error=field_error(problem, "password")
                />
                <FormProblem problem fields=FIELDS/>
                <SubmitButton label="Sign in" busy=action.pending()/>
            </ActionForm>
            <p class="aside"><a href="/forgot-password">"Forgotten password?"</a></p>
            <p class="aside">"New here? " <a href="/sign-up">"Create an account"</a></p>
        </DoorFrame>
    }
}

#[component]
pub fn SignUpPage() -> impl IntoView {
    let action = ServerAction::<SignUp>::new();
    Viewer::comes_in(action, |is_in| *is_in);
    let problem = refusal(action);
    view! {
        <Title text="Create an account"/>
        <DoorFrame title="Create an account">
            <ActionForm action attr:class="form" attr:novalidate="">
                <TextField
                    name="email"
                    label="E-mail"
                    kind="email"
                    autocomplete="username"
                    error=field_error(problem, "email")
                />
                <NewPasswordField
                    name="password"
                    label="Password"
                    error=field_error(problem, "password")
                />
                <FormProblem problem fields=FIELDS/>
                <SubmitButton label="Create account" busy=action.pending()/>
            </ActionForm>
            <p class="aside">"You have an account? " <a href="/sign-in">"Sign in"</a></p>
        </DoorFrame>
    }
}

/// Where an address leads on to: never to another site.
pub fn next_in(query: &ParamsMap) -> String {
    let next = query.get("next").filter(|next| is_local(next));
    next.unwrap_or_else(|| "/".to_owned())
}

#[component]
pub fn DoorFrame(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <main class="door" id="main" tabindex="-1">
            <Brand/>
            <h1>{title}</h1>
            {children()}
        </main>
    }
}
