use leptos::form::ActionForm;
use leptos::prelude::*;

use super::close;
use crate::api::CreateKey;
use crate::console::NewKey;
use crate::example::curl;
use crate::frame::AccountState;
use crate::pages::fresh::Secret;
use crate::pages::problem::{FormProblem, failure, field_error};
use crate::ui::{Code, Dialog, SubmitButton, TextField};

/// Asks for the key's name and then shows its secret, once. Closing before it is copied asks a second time.
#[component]
pub fn CreateDialog(create: ServerAction<CreateKey>, fresh: Option<NewKey>) -> impl IntoView {
    let created = Memo::new(move |_| {
        create
            .value()
            .get()
            .and_then(Result::ok)
            .or_else(|| fresh.clone())
    });
    let copied = RwSignal::new(false);
    let warned = RwSignal::new(false);
    let leave = Callback::new(move |()| {
        if created.read_untracked().is_some() && !copied.get_untracked() && !warned.get_untracked()
        {
            warned.set(true);
        } else {
            close();
        }
    });
    on_cleanup(move || create.clear());
    let title = Signal::derive(move || match created.get() {
        None => "Create a key".to_owned(),
        Some(created) => format!("Key “{}” is created", created.key.name),
    });
    view! {
        <Dialog title on_close=leave>
            {move || match created.get() {
                None => view! { <NameForm create/> }.into_any(),
                Some(created) => view! { <Created created copied warned leave/> }.into_any(),
            }}
        </Dialog>
    }
}

#[component]
fn NameForm(create: ServerAction<CreateKey>) -> impl IntoView {
    let problem = failure(create);
    view! {
        <ActionForm action=create attr:class="form" attr:novalidate="">
            <TextField
                name="name"
                label="Name"
                max=50
                help="Where it will be used, such as prod-web."
                error=field_error(problem, "name")
            />
            <FormProblem problem fields=&["name"]/>
            <div class="actions">
                <a href="/keys" class="button plain" data-noscroll="true">"Cancel"</a>
                <SubmitButton label="Create key" busy=create.pending()/>
            </div>
        </ActionForm>
    }
}

#[component]
fn Created(
    created: NewKey,
    copied: RwSignal<bool>,
    warned: RwSignal<bool>,
    leave: Callback<()>,
) -> impl IntoView {
    let AccountState(overview) = expect_context();
    let uncopied = move || warned.get() && !copied.get();
    let secret = created.secret.clone();
    let example = move || {
        let secret = secret.clone();
        Suspend::new(async move {
            let overview = overview.await.ok()?;
            let command = curl(&overview.base_url, &overview.model?, &secret);
            Some(view! {
                <details class="more">
                    <summary>"curl with this key filled in"</summary>
                    <Code label="curl" text=Signal::stored(command)/>
                </details>
            })
        })
    };
    view! {
        <Secret secret=created.secret copied/>
        <Transition>{example}</Transition>
        <p class="error" role="alert">
            {move || uncopied().then_some("The key is not copied yet, and it cannot be shown again.")}
        </p>
        <div class="actions">
            <a
                href="/keys"
                class="button"
                class:primary=move || !uncopied()
                class:plain=uncopied
                data-noscroll="true"
                on:click=move |event| {
                    event.prevent_default();
                    leave.run(());
                }
            >
                {move || if uncopied() { "Close anyway" } else { "Done" }}
            </a>
        </div>
    }
}
