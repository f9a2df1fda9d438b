//! How a [`Problem`] is shown: under the field that it is about, or as a notice; signed out, it leads to the sign-in
//! page and back.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};
use leptos_router::location::Url;

use crate::browser;
use crate::console::{Problem, WayOut};
use crate::step_up::StepUp;
use crate::ui::{Notice, Tone};
use crate::viewer::Viewer;

/// What an action has failed with, if its last run failed. Also holds what a form posted without scripts has failed
/// with: it comes back in the page's address. Where a fresh proof of who is there is all that was wanting, it is asked for,
/// and what was sent is sent again.
pub fn failure<S>(action: ServerAction<S>) -> Signal<Option<Problem>>
where
    S: ServerFn<Error = Problem> + Clone + Send + Sync + 'static,
    S::Output: Send + Sync + 'static,
{
    let problem = refusal(action);
    let (input, pending) = (action.input(), action.pending());
    let step_up = StepUp::here();
    let sent = StoredValue::new(None::<S>);
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            sent.set_value(Some(input));
        }
    });
    Effect::new(move |_| {
        if let (true, Some(sent)) = (wants_proof(problem), sent.get_value()) {
            step_up.ask(move || {
                action.dispatch(sent.clone());
            });
        }
    });
    untold(problem, step_up, pending.into())
}

fn wants_proof(problem: Signal<Option<Problem>>) -> bool {
    let way_out = problem.read().as_ref().map(|problem| problem.way_out);
    way_out == Some(WayOut::Confirm)
}

/// Says nothing of a missing proof while that is asked for.
fn untold(
    problem: Signal<Option<Problem>>,
    step_up: StepUp,
    pending: Signal<bool>,
) -> Signal<Option<Problem>> {
    Signal::derive(move || {
        let is_asked_for = wants_proof(problem) && (step_up.is_asking() || pending.get());
        problem.get().filter(|_| !is_asked_for)
    })
}

/// As [`failure`], for what strangers do and for proofs themselves: what wants no other proof.
pub fn refusal<S>(action: ServerAction<S>) -> Signal<Option<Problem>>
where
    S: ServerFn<Error = Problem> + Clone + Send + Sync + 'static,
    S::Output: Send + Sync + 'static,
{
    let value = action.value();
    let problem = Signal::derive(move || {
        value
            .read()
            .as_ref()
            .and_then(|result| result.as_ref().err().cloned())
    });
    Effect::new(move |_| {
        if problem
            .read()
            .as_ref()
            .is_some_and(|problem| problem.way_out == WayOut::SignIn)
        {
            leave_to_sign_in();
        }
    });
    problem
}

/// What there is to say under the field called `name`.
pub fn field_error(problem: Signal<Option<Problem>>, name: &'static str) -> Signal<Option<String>> {
    Signal::derive(move || {
        let problem = problem
            .get()
            .filter(|problem| problem.field.as_deref() == Some(name));
        problem.map(|problem| problem.message)
    })
}

/// What went wrong with a form as a whole: all that is about none of its `fields`.
#[component]
pub fn FormProblem(
    problem: Signal<Option<Problem>>,
    fields: &'static [&'static str],
) -> impl IntoView {
    let general = move || {
        problem.get().filter(|problem| {
            problem
                .field
                .as_deref()
                .is_none_or(|field| !fields.contains(&field))
        })
    };
    move || general().map(|problem| view! { <ProblemNotice problem/> })
}

/// A problem in place of what could not be shown or done.
#[component]
pub fn ProblemNotice(problem: Problem) -> impl IntoView {
    let id = problem.request_id.map(|id| {
        view! {
            <p class="hint">
                "Request " <code>{id}</code>
            </p>
        }
    });
    view! {
        <Notice tone=Tone::Danger alert=true>
            <p>{problem.message}</p>
            {id}
            {(problem.way_out == WayOut::SignIn).then(|| view! { <p><a href="/sign-in">"Sign in"</a></p> })}
            {(problem.way_out == WayOut::Verify).then(|| view! { <p><a href="/verify-email">"Send the link again"</a></p> })}
            {(problem.way_out == WayOut::Confirm).then(|| {
                let href = format!("/confirm?next={}", Url::escape(&here()));
                view! {
                    <p><a href=href>"Confirm that it is you"</a></p>
                    <noscript><p>"What you filled in is not kept: fill it in again after that."</p></noscript>
                }
            })}
        </Notice>
    }
}

/// The page's address, without what a form that was posted without scripts has left in it.
fn here() -> String {
    // What the server has rendered stays; so the browser need not know how to do this.
    if is_browser() {
        return browser::path_and_query();
    }
    let mut query = use_query_map().get_untracked();
    query.remove("__path");
    query.remove("__err");
    use_location().pathname.get_untracked() + &query.to_query_string()
}

/// To the sign-in page, which leads back here.
pub fn leave_to_sign_in() {
    Viewer::here().set(false);
    let here = browser::path_and_query();
    let next = if here == "/" {
        String::new()
    } else if here.starts_with("/sign-in/") {
        "?again".to_owned()
    } else {
        format!("?next={}", Url::escape(&here))
    };
    use_navigate()(
        &format!("/sign-in{next}"),
        NavigateOptions {
            replace: true,
            ..Default::default()
        },
    );
}
