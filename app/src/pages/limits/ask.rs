use leptos::form::ActionForm;
use leptos::prelude::*;

use super::{HERE, close};
use crate::api::AskForEnterprise;
use crate::pages::done::forget;
use crate::pages::problem::{FormProblem, failure, field_error};
use crate::pages::way_back::BackLink;
use crate::ui::{Dialog, SubmitButton, TextField};

const FIELDS: &[&str] = &["rpm", "tpm", "message"];

/// Asks what the account would need.
#[component]
pub fn AskDialog(ask: ServerAction<AskForEnterprise>) -> impl IntoView {
    let problem = failure(ask);
    on_cleanup(move || drop(forget(ask)));
    view! {
        <Dialog title=Signal::stored("Ask for Enterprise".to_owned()) on_close=Callback::new(|()| close())>
            <p>"Limits of your own. The administrators of this service read this and set them."</p>
            <ActionForm action=ask attr:class="form" attr:novalidate="">
                <TextField name="rpm" label="Requests per minute" kind="text" error=field_error(problem, "rpm")/>
                <TextField name="tpm" label="Tokens per minute" kind="text" error=field_error(problem, "tpm")/>
                <TextField
                    name="message"
                    label="What for (optional)"
                    required=false
                    max=1_000
                    help="Models, hours of the day, how long a request may wait."
                    error=field_error(problem, "message")
                />
                <FormProblem problem fields=FIELDS/>
                <div class="actions">
                    <BackLink to=HERE/>
                    <SubmitButton label="Send request" busy=ask.pending()/>
                </div>
            </ActionForm>
        </Dialog>
    }
}
