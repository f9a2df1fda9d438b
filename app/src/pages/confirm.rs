//! The question who is there: a dialog's fields where scripts run, and a page of its own where they don't.

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::door::{DoorFrame, next_in};
use super::loaded::Loaded;
use super::problem::{FormProblem, field_error, refusal};
use crate::api::{Confirm, load_confirmation};
use crate::console::{Confirmation, Problem, Wanted};
use crate::ui::{CodeField, PasswordField, SubmitButton};

/// Leads on to `next` in the address.
#[component]
pub fn ConfirmPage() -> impl IntoView {
    let wanted = Resource::new(|| (), |()| load_confirmation());
    let confirm = ServerAction::<Confirm>::new();
    let problem = refusal(confirm);
    let query = use_query_map();
    let next = Memo::new(move |_| next_in(&query.read()));
    view! {
        <Title text="Confirm that it is you"/>
        <DoorFrame title="Confirm that it is you">
            <Loaded from=wanted view=move |confirmation| view! {
                <ActionForm action=confirm attr:class="form" attr:novalidate="">
                    <input type="hidden" name="next" value=next/>
                    <ConfirmFields confirmation problem/>
                    <FormProblem problem fields=&["answer"]/>
                    <SubmitButton label="Confirm" busy=confirm.pending()/>
                </ActionForm>
            }.into_any()/>
            <p class="aside"><a href=next>"Go back without it"</a></p>
        </DoorFrame>
    }
}

/// What is asked for, and why.
#[component]
pub fn ConfirmFields(
    confirmation: Confirmation,
    problem: Signal<Option<Problem>>,
) -> impl IntoView {
    let error = field_error(problem, "answer");
    let field = match confirmation.wanted {
        Wanted::Password => view! {
            // For password managers.
            <input type="email" value=confirmation.email autocomplete="username" readonly hidden/>
            <PasswordField name="answer" label="Password" autocomplete="current-password" error/>
        }
        .into_any(),
        Wanted::Code => view! {
            <CodeField name="answer" label="Code of your app" help="Or one of your recovery codes." error/>
        }
        .into_any(),
    };
    view! {
        <p>"This cannot be done by whoever just finds your browser open. You are asked at most every 10 minutes."</p>
        {field}
    }
}
