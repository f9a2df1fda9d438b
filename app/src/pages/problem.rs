//! How a [`Problem`] is shown: under the field that it is about, or as a notice; signed out, it leads to the sign-in
//! page and back.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use leptos_router::location::Url;

use crate::browser;
use crate::console::{Problem, WayOut};
use crate::ui::{Notice, Tone};
use crate::viewer::Viewer;

/// What an action has failed with, if its last run failed. Also holds what a form posted without scripts has failed
/// with: it comes back in the page's address.
pub fn failure<S>(action: ServerAction<S>) -> Signal<Option<Problem>>
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
        </Notice>
    }
}

/// To the sign-in page, which leads back here.
pub fn leave_to_sign_in() {
    Viewer::here().set(false);
    let here = browser::path_and_query();
    let next = if here == "/" {
        String::new()
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
