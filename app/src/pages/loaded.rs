use std::sync::Arc;

use leptos::prelude::*;

use super::problem::{ProblemNotice, leave_to_sign_in};
use crate::console::{Problem, WayOut};

/// What a page asked for, once it has come.
pub type Asked<T> = Resource<Result<T, Problem>>;

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
/// the problem above it.
#[component]
pub fn Kept<T>(
    from: Asked<(String, T)>,
    /// What is asked for now.
    same: Signal<String>,
    view: impl Fn(T, String) -> AnyView + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
{
    let last = StoredValue::new(None::<(String, T)>);
    let view = Arc::new(view);
    view! {
        <Transition fallback=Skeleton>
            {move || {
                let view = Arc::clone(&view);
                Suspend::new(async move {
                    match from.await {
                        Ok((asked, value)) => {
                            last.set_value(Some((asked.clone(), value.clone())));
                            view(value, asked)
                        }
                        Err(problem) => {
                            let last = last.get_value();
                            match last.filter(|(asked, _)| *asked == same.get_untracked()) {
                                Some((asked, value)) if problem.way_out == WayOut::Again => view! {
                                    <ProblemNotice problem/>
                                    <p class="hint stale">"What was read before still shows below."</p>
                                    {view(value, asked)}
                                }
                                .into_any(),
                                _ => view! { <Failed problem/> }.into_any(),
                            }
                        }
                    }
                })
            }}
        </Transition>
    }
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
