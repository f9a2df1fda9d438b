use leptos::form::ActionForm;
use leptos::prelude::*;

use super::{HERE, close, said};
use crate::api::ChangeEmail;
use crate::pages::problem::{FormProblem, failure, field_error};
use crate::pages::way_back::BackLink;
use crate::ui::{Dialog, PasswordField, SubmitButton, TextField, Toasts};

const FIELDS: &[&str] = &["new_email", "current_password"];

/// Takes the password for a yes; the rest is done by mail.
#[component]
pub fn EmailDialog(email: String) -> impl IntoView {
    let change = ServerAction::<ChangeEmail>::new();
    let problem = failure(change);
    let toasts = Toasts::here();
    Effect::new(move |_| {
        if matches!(*change.value().read(), Some(Ok(()))) {
            toasts.say(said("email").unwrap_or_default());
            close();
        }
    });
    view! {
        <Dialog title=Signal::stored("Change e-mail address".to_owned()) on_close=Callback::new(|()| close())>
            <p>
                "A link is mailed to the new address. The account has it once that is followed; until then it keeps "
                {email} "."
            </p>
            <ActionForm action=change attr:class="form" attr:novalidate="">
                <TextField
                    name="new_email"
                    label="New e-mail"
                    kind="email"
                    autocomplete="email"
                    error=field_error(problem, "new_email")
                />
                <PasswordField
                    name="current_password"
                    label="Current password"
                    autocomplete="current-password"
                    error=field_error(problem, "current_password")
                />
                <FormProblem problem fields=FIELDS/>
                <div class="actions">
                    <BackLink to=HERE/>
                    <SubmitButton label="Send link" busy=change.pending()/>
                </div>
            </ActionForm>
        </Dialog>
    }
}
