use std::sync::Arc;

use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::{ProblemNotice, leave_to_sign_in};
use crate::browser;
use crate::console::{Problem, WayOut};

/// What a page asked for, once it has come.
pub type Asked<T> = Resource<Result<T, Problem>>;

/// What was read last, of what, and at what time of day.
struct Last<T: 'static>(StoredValue<Option<(String, T, String)>>);

impl<T: Clone + Send + Sync + 'static> Last<T> {
    fn new() -> Self {
        Last(StoredValue::new(None))
    }

    fn keep(&self, of: String, value: T) {
        // Only a browser asks again.
        if is_browser() {
            self.0.set_value(Some((of, value, browser::clock())));
        }
    }

    /// What is still good to show of the same, now that it could not be read again.
    fn outlives(&self, problem: &Problem, of: &str) -> Option<(T, String)> {
        let last = self.0.get_value();
        let last = last.filter(|(last, ..)| last == of && problem.way_out == WayOut::Again);
        last.map(|(_, value, at)| (value, at))
    }
}

/// Shows `view` of what `from` brings, a shape of about its size until then, and the problem where it fails. While
/// `from` is asked again, what it brought before stays.
#[component]
pub fn Loaded<T>(
    from: Asked<T>,
    view: impl Fn(T) -> AnyView + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
{
    let view = Arc::new(view);
    view! {
        <Transition fallback=Skeleton>
            {move || {
                let view = Arc::clone(&view);
                Suspend::new(async move {
                    match from.await {
                        Ok(value) => view(value),
                        Err(problem) => view! { <Failed problem/> }.into_any(),
                    }
                })
            }}
        </Transition>
    }
}

/// As [`Loaded`], for what comes with what it was asked for. Where it cannot be read again, what was read before stays, with
/// the problem and its time above it.
#[component]
pub fn Kept<T>(
    from: Asked<(String, T)>,
    /// What is asked for now.
    same: Signal<String>,
    view: impl Fn(T, String) -> AnyView + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + Send + Sync + Serialize + DeserializeOwned + 'static,
{
    kept(from, |came| came, move || same.get_untracked(), view)
}

/// As [`Kept`], for what is always the same: one list, read again and again.
#[component]
pub fn Lasting<T>(
    from: Asked<T>,
    view: impl Fn(T) -> AnyView + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + Send + Sync + Serialize + DeserializeOwned + 'static,
{
    let came = |value| (String::new(), value);
    kept(from, came, String::new, move |value, _| view(value))
}

/// Shows `view` of what comes, and of what came last as long as that is still of what is asked for now, which `same` says.
fn kept<A, T>(
    from: Asked<A>,
    came: fn(A) -> (String, T),
    same: impl Fn() -> String + Send + Sync + 'static,
    view: impl Fn(T, String) -> AnyView + Send + Sync + 'static,
) -> impl IntoView
where
    A: Clone + Send + Sync + Serialize + DeserializeOwned + 'static,
    T: Clone + Send + Sync + 'static,
{
    let last = Arc::new(Last::new());
    let again = Callback::new(move |()| from.refetch());
    let (same, view) = (Arc::new(same), Arc::new(view));
    view! {
        <Transition fallback=Skeleton>
            {move || {
                let (same, view, last) = (Arc::clone(&same), Arc::clone(&view), Arc::clone(&last));
                Suspend::new(async move {
                    match from.await.map(came) {
                        Ok((asked, value)) => {
                            last.keep(asked.clone(), value.clone());
                            view(value, asked)
                        }
                        Err(problem) => {
                            let asked = same();
                            match last.outlives(&problem, &asked) {
                                Some((value, at)) => stale(problem, at, again, view(value, asked)),
                                None => view! { <Failed problem/> }.into_any(),
                            }
                        }
                    }
                })
            }}
        </Transition>
    }
}

/// Above what was read before, which stays: why there is nothing newer, and the way to it.
fn stale(problem: Problem, at: String, again: Callback<()>, before: AnyView) -> AnyView {
    view! {
        <div class="failed">
            <ProblemNotice problem/>
            <p class="hint stale">
                {format!("What shows below was updated {at}. ")}
                <button type="button" class="button plain small" on:click=move |_| again.run(())>
                    "Retry"
                </button>
            </p>
        </div>
        {before}
    }
    .into_any()
}

#[component]
fn Skeleton() -> impl IntoView {
    view! {
        <div class="skeleton" aria-busy="true">
            <span class="visually-hidden">"Loading"</span>
            <div class="bone"></div>
            <div class="bone tall"></div>
        </div>
    }
}

/// The rest of the page stays; what failed can be asked again.
#[component]
fn Failed(problem: Problem) -> impl IntoView {
    let signed_out = problem.way_out == WayOut::SignIn;
    let hopeless = problem.way_out != WayOut::Again;
    Effect::new(move |_| {
        if signed_out {
            leave_to_sign_in();
        }
    });
    view! {
        <div class="failed">
            <ProblemNotice problem/>
            // An empty address is this page's own.
            <a class="button plain" href="" rel="external" hidden=hopeless>"Try again"</a>
        </div>
    }
}
