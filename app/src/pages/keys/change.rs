//! Another name, and other restrictions.

use leptos::form::ActionForm;
use leptos::prelude::*;

use super::fields::{FIELDS, RestrictionFields};
use super::open::{HERE, close};
use super::words::quoted;
use crate::api::{RenameKey, RestrictKey};
use crate::console::{Key, KeyChoices};
use crate::pages::problem::{FormProblem, failure, field_error};
use crate::pages::way_back::BackLink;
use crate::ui::{Dialog, SubmitButton, TextField};

#[component]
pub fn RenameDialog(key: Key, rename: ServerAction<RenameKey>) -> impl IntoView {
    let problem = failure(rename);
    let title = format!("Rename {}", quoted(&key.name));
    view! {
        <Dialog title=Signal::stored(title) on_close=Callback::new(|()| close())>
            <p><code>{key.masked}</code></p>
            <ActionForm action=rename attr:class="form" attr:novalidate="">
                <input type="hidden" name="id" value=key.id/>
                <TextField
                    name="name"
                    label="Name"
                    value=key.name
                    max=50
                    help="Only you see it. Requests do not notice."
                    error=field_error(problem, "name")
                />
                <FormProblem problem fields=&["name"]/>
                <div class="actions">
                    <BackLink to=HERE/>
                    <SubmitButton label="Rename key" busy=rename.pending()/>
                </div>
            </ActionForm>
        </Dialog>
    }
}

#[component]
pub fn RestrictDialog(
    key: Key,
    choices: KeyChoices,
    restrict: ServerAction<RestrictKey>,
) -> impl IntoView {
    let problem = failure(restrict);
    let title = format!("Restrictions of {}", quoted(&key.name));
    let (of, expires_ms) = (key.restrictions, key.expires_ms);
    view! {
        <Dialog title=Signal::stored(title) on_close=Callback::new(|()| close())>
            <p><code>{key.masked}</code></p>
            <ActionForm action=restrict attr:class="form" attr:novalidate="">
                <input type="hidden" name="id" value=key.id/>
                <RestrictionFields of expires_ms choices problem/>
                <FormProblem problem fields=FIELDS/>
                <p class="hint">"What you change holds from the next request on."</p>
                <div class="actions">
                    <BackLink to=HERE/>
                    <SubmitButton label="Save restrictions" busy=restrict.pending()/>
                </div>
            </ActionForm>
        </Dialog>
    }
}
