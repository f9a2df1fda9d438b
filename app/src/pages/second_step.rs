//! The second step of signing in: a code of the app, or a recovery code.

use leptos::either::Either;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use leptos_router::location::Url;

use super::door::DoorFrame;
use super::problem::{FormProblem, field_error, refusal};
use crate::api::EnterCode;
use crate::ui::{CodeField, SubmitButton};
use crate::viewer::Viewer;

#[component]
pub fn SecondStepPage() -> impl IntoView {
    let enter = ServerAction::<EnterCode>::new();
    Viewer::comes_in(enter, |()| true);
    let problem = refusal(enter);
    let query = use_query_map();
    let next = Memo::new(move |_| query.read().get("next"));
    let recovering = Memo::new(move |_| query.read().get("recovery").is_some());
    // What is wrong with the one kind of code says nothing of the other.
    Effect::new(move |before: Option<bool>| {
        let recovering = recovering.get();
        if before.is_some_and(|before| before != recovering) {
            enter.clear();
        }
        recovering
    });
    let other_way = move || {
        let query = match (recovering.get(), next.get()) {
            (true, None) => String::new(),
            (true, Some(next)) => format!("?next={}", Url::escape(&next)),
            (false, None) => "?recovery".to_owned(),
            (false, Some(next)) => format!("?recovery&next={}", Url::escape(&next)),
        };
        format!("/sign-in/code{query}")
    };
    view! {
        <Title text="Enter a code"/>
        <DoorFrame title="Enter a code">
            <ActionForm action=enter attr:class="form" attr:novalidate="">
                {move || next.get().map(|next| view! { <input type="hidden" name="next" value=next/> })}
                {move || {
                    let error = field_error(problem, "code");
                    match recovering.get() {
                        false => Either::Left(view! {
                            <CodeField name="code" label="Code of your app" help="6 digits, new every 30 seconds." digits=true error/>
                        }),
                        true => Either::Right(view! {
                            <CodeField name="code" label="Recovery code" help="Each works once." error/>
                        }),
                    }
                }}
                <FormProblem problem fields=&["code"]/>
                <SubmitButton label="Sign in" busy=enter.pending()/>
            </ActionForm>
            <p class="aside">
                <a href=other_way>
                    {move || if recovering.get() { "Use a code of your app" } else { "Use a recovery code" }}
                </a>
            </p>
            <p class="aside">
                "Lost both? Ask whoever runs this service. " <a href="/sign-in">"Begin again"</a>
            </p>
        </DoorFrame>
    }
}
