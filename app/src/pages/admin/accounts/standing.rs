//! Whether an account may be used, and whether it looks after the service.

use leptos::form::ActionForm;
use leptos::prelude::*;

use super::one::Acts;
use crate::console::AccountDetails;
use crate::format;
use crate::pages::problem::{FormProblem, failure, field_error};
use crate::ui::{LineField, Notice, SubmitButton, Tone};

#[component]
pub fn SuspensionSection(account: AccountDetails, acts: Acts) -> impl IntoView {
    let content = match account.suspended {
        Some((since_ms, reason)) => {
            view! { <Resume id=account.row.id since_ms reason acts/> }.into_any()
        }
        None if account.is_own => view! {
            <p class="card setting hint">"You cannot suspend yourself. Another administrator can."</p>
        }
        .into_any(),
        None => view! { <Suspend account acts/> }.into_any(),
    };
    view! {
        <section class="section" aria-labelledby="suspension">
            <h2 id="suspension">"Suspension"</h2>
            {content}
        </section>
    }
}

#[component]
fn Resume(id: String, since_ms: i64, reason: String, acts: Acts) -> impl IntoView {
    let told = format!("Suspended since {}: {reason}", format::exact(since_ms));
    view! {
        <div class="card setting">
            <Notice tone=Tone::Danger><p class="models">{told}</p></Notice>
            <p class="hint">"Resumed, its keys are taken from the next request on, and it may sign in."</p>
            <ActionForm action=acts.resume>
                <input type="hidden" name="id" value=id/>
                <FormProblem problem=failure(acts.resume) fields=&[]/>
                <SubmitButton label="Resume account" busy=acts.resume.pending()/>
            </ActionForm>
        </div>
    }
}

#[component]
fn Suspend(account: AccountDetails, acts: Acts) -> impl IntoView {
    let problem = failure(acts.suspend);
    let stops = format!(
        "Its keys ({}) are refused from the very next request on: 403, account_suspended.",
        format::count(account.row.keys)
    );
    let ends = format!(
        "Its sessions ({}) end, and nobody can sign in to it.",
        format::count(account.sessions)
    );
    view! {
        <details class="card setting danger-zone" open=move || problem.read().is_some()>
            <summary>"Suspend this account…"</summary>
            <ul class="bullets">
                <li>{stops}</li>
                <li>{ends}</li>
                <li>"Answers that are being streamed end as usual."</li>
                <li>"Its keys, its usage and its data stay, and are there again when it is resumed."</li>
            </ul>
            <ActionForm action=acts.suspend attr:class="form" attr:novalidate="">
                <input type="hidden" name="id" value=account.row.id/>
                <LineField
                    id="reason"
                    name="reason"
                    label="Reason"
                    help="Shown to whoever signs in with the right password, and on record."
                    error=field_error(problem, "reason")
                />
                <FormProblem problem fields=&["reason"]/>
                <div class="actions">
                    <SubmitButton label="Suspend account" look="danger solid" busy=acts.suspend.pending()/>
                </div>
            </ActionForm>
        </details>
    }
}

#[component]
pub fn AdministratorSection(account: AccountDetails, acts: Acts) -> impl IntoView {
    let is_admin = account.row.is_admin;
    let (told, label) = match (is_admin, account.is_own) {
        (true, true) => (
            "You look after this service. Another administrator can change that.",
            None,
        ),
        (true, false) => (
            "It looks after this service: it sees and changes all accounts and workers.",
            Some("Remove as administrator"),
        ),
        (false, _) => (
            "An administrator sees and changes all accounts and workers, and the whole audit log.",
            Some("Make administrator"),
        ),
    };
    let form = label.map(|label| {
        view! {
            <ActionForm action=acts.administrator>
                <input type="hidden" name="id" value=account.row.id/>
                <input type="hidden" name="is_admin" value=(!is_admin).to_string()/>
                <FormProblem problem=failure(acts.administrator) fields=&[]/>
                <SubmitButton label look="plain" busy=acts.administrator.pending()/>
            </ActionForm>
        }
    });
    view! {
        <section class="section" aria-labelledby="administrator">
            <h2 id="administrator">"Administrator"</h2>
            <div class="card setting">
                <p class="hint">{told}</p>
                {form}
            </div>
        </section>
    }
}
