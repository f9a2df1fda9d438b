use leptos::form::ActionForm;
use leptos::prelude::*;

use super::{HERE, close};
use crate::api::AddWorker;
use crate::pages::done::forget;
use crate::pages::problem::{FormProblem, failure, field_error};
use crate::pages::way_back::BackLink;
use crate::ui::{Dialog, SubmitButton, TextField};

const FIELDS: &[&str] = &["url", "key", "weight", "max_in_flight"];

/// Asks where the worker is. It is asked for its models before it is added.
#[component]
pub fn AddDialog(add: ServerAction<AddWorker>) -> impl IntoView {
    let problem = failure(add);
    on_cleanup(move || drop(forget(add)));
    view! {
        <Dialog title=Signal::stored("Add a worker".to_owned()) on_close=Callback::new(|()| close())>
            <ActionForm action=add attr:class="form" attr:novalidate="">
                <TextField
                    name="url"
                    label="Address"
                    kind="url"
                    help="Of an OpenAI-compatible server, such as http://10.0.0.5:8000."
                    error=field_error(problem, "url")
                />
                <TextField
                    name="key"
                    label="Key (optional)"
                    kind="password"
                    required=false
                    help="Sent to the worker as a bearer token. It is not shown again."
                    error=field_error(problem, "key")
                />
                <TextField
                    name="weight"
                    label="Weight"
                    value="1"
                    required=false
                    help="2 gets twice the share of 1."
                    error=field_error(problem, "weight")
                />
                <TextField
                    name="max_in_flight"
                    label="Most requests at once (optional)"
                    required=false
                    help="Those beyond it wait in a fair queue."
                    error=field_error(problem, "max_in_flight")
                />
                <label class="check">
                    <input type="checkbox" name="unreachable_too" value="true"/>
                    "Add it even if it cannot be reached now"
                </label>
                <FormProblem problem fields=FIELDS/>
                <div class="actions">
                    <BackLink to=HERE/>
                    <SubmitButton label="Add worker" busy=add.pending()/>
                </div>
            </ActionForm>
        </Dialog>
    }
}
