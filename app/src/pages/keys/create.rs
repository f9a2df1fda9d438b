use leptos::form::ActionForm;
use leptos::prelude::*;

use super::fields::{FIELDS, RestrictionFields, is_about_restrictions};
use super::open::{HERE, close};
use super::shown_once::{Seen, ShownOnce, leave};
use super::words::quoted;
use crate::api::CreateKey;
use crate::console::{KeyChoices, NewKey, Restrictions};
use crate::pages::problem::{FormProblem, failure, field_error};
use crate::pages::way_back::BackLink;
use crate::ui::{Dialog, SubmitButton, TextField};

/// Asks for the key's name, and for more only where that is wanted; then shows its secret, once.
#[component]
pub fn CreateDialog(
    create: ServerAction<CreateKey>,
    fresh: Option<NewKey>,
    choices: KeyChoices,
    seen: Seen,
) -> impl IntoView {
    let created = Memo::new(move |_| {
        let value = create.value().get();
        value.and_then(Result::ok).or_else(|| fresh.clone())
    });
    let on_close = Callback::new(move |()| match created.read_untracked().is_some() {
        true => leave(seen),
        false => close(),
    });
    let title = Signal::derive(move || match created.get() {
        None => "Create a key".to_owned(),
        Some(created) => format!("Key {} is created", quoted(&created.key.name)),
    });
    view! {
        <Dialog title on_close>
            {move || match created.get() {
                None => view! { <NewKeyForm create choices=choices.clone()/> }.into_any(),
                Some(new) => view! { <ShownOnce new seen/> }.into_any(),
            }}
        </Dialog>
    }
}

#[component]
fn NewKeyForm(create: ServerAction<CreateKey>, choices: KeyChoices) -> impl IntoView {
    let problem = failure(create);
    // What is wrong must not be hidden.
    let unfolded = Memo::new(move |_| problem.read().as_ref().is_some_and(is_about_restrictions));
    view! {
        <ActionForm action=create attr:class="form" attr:novalidate="">
            <TextField
                name="name"
                label="Name"
                max=50
                help="Where it will be used, such as prod-web."
                error=field_error(problem, "name")
            />
            <details class="more" open=move || unfolded.get()>
                <summary>"Restrictions"</summary>
                <RestrictionFields of=Restrictions::default() expires_ms=None choices problem/>
            </details>
            <FormProblem problem fields=FIELDS/>
            <div class="actions">
                <BackLink to=HERE/>
                <SubmitButton label="Create key" busy=create.pending()/>
            </div>
        </ActionForm>
    }
}
