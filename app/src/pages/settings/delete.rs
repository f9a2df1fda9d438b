use leptos::form::ActionForm;
use leptos::prelude::*;

use super::{HERE, close};
use crate::api::DeleteAccount;
use crate::console::Settings;
use crate::pages::problem::{FormProblem, failure, field_error};
use crate::pages::way_back::BackLink;
use crate::ui::{Dialog, Notice, PasswordField, SubmitButton, TextField, Tone};

#[component]
pub fn DangerSection() -> impl IntoView {
    view! {
        <section class="section" aria-labelledby="danger">
            <div class="section-head">
                <h2 id="danger">"Delete account"</h2>
            </div>
            <div class="card setting spread danger-zone">
                <p class="hint">"The account goes with its keys, its request log and its figures. There is no way back."</p>
                <a href="/settings?delete" class="button plain danger" data-noscroll="true">"Delete account…"</a>
            </div>
        </section>
    }
}

/// Says what goes, and takes the e-mail address and the password for a yes.
#[component]
pub fn DeleteDialog(settings: Settings) -> impl IntoView {
    let delete = ServerAction::<DeleteAccount>::new();
    let body = if settings.is_last_admin {
        view! {
            <Notice tone=Tone::Warn>
                <p>"You are the only administrator: without you nobody could look after this service. Make another first."</p>
            </Notice>
            <div class="actions">
                <BackLink to=HERE label="Close"/>
            </div>
        }
        .into_any()
    } else {
        view! { <DeleteForm email=settings.email delete/> }.into_any()
    };
    view! {
        <Dialog title=Signal::stored("Delete account?".to_owned()) on_close=Callback::new(|()| close())>
            {body}
        </Dialog>
    }
}

#[component]
fn DeleteForm(email: String, delete: ServerAction<DeleteAccount>) -> impl IntoView {
    let problem = failure(delete);
    view! {
        <ul class="bullets">
            <li>"Requests with its keys fail at once."</li>
            <li>"Every browser is signed out, this one too."</li>
            <li>"Its request log and its figures are deleted within minutes."</li>
            <li>"Its audit log is kept for a year, for administrators alone, so that nobody can delete an account to cover what they did."</li>
            <li>"Else nothing stays but the bare id of the account, for 30 days, to delete what may still arrive."</li>
        </ul>
        <ActionForm action=delete attr:class="form" attr:novalidate="">
            <p>"Type " <strong>{email}</strong> " to confirm."</p>
            <TextField name="email" label="E-mail" kind="email" error=field_error(problem, "email")/>
            <PasswordField
                name="password"
                label="Password"
                autocomplete="current-password"
                error=field_error(problem, "password")
            />
            <FormProblem problem fields=&["email", "password"]/>
            <div class="actions">
                <BackLink to=HERE/>
                <SubmitButton label="Delete account" look="danger solid" busy=delete.pending()/>
            </div>
        </ActionForm>
    }
}
