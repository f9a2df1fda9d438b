use leptos::form::ActionForm;
use leptos::prelude::*;

use super::{HERE, close, said};
use crate::api::ChangePassword;
use crate::pages::problem::{FormProblem, failure, field_error};
use crate::pages::way_back::BackLink;
use crate::ui::{Dialog, NewPasswordField, PasswordField, SubmitButton, Toasts};

const FIELDS: &[&str] = &["current_password", "new_password"];

#[component]
pub fn PasswordSection() -> impl IntoView {
    view! {
        <section class="section" aria-labelledby="password-heading">
            <div class="section-head">
                <h2 id="password-heading">"Password"</h2>
            </div>
            <div class="card setting spread">
                <p class="hint">"Changing it ends all other sessions. Keys go on working."</p>
                <a href="/settings?password" class="button plain" data-noscroll="true">"Change password…"</a>
            </div>
        </section>
    }
}

#[component]
pub fn PasswordDialog(email: String, on_changed: Callback<()>) -> impl IntoView {
    // The dialog's own: what it was refused for is forgotten with it.
    let change = ServerAction::<ChangePassword>::new();
    let problem = failure(change);
    let toasts = Toasts::here();
    Effect::new(move |_| {
        if matches!(*change.value().read(), Some(Ok(()))) {
            on_changed.run(());
            toasts.say(said("password").unwrap_or_default());
            close();
        }
    });
    view! {
        <Dialog title=Signal::stored("Change password".to_owned()) on_close=Callback::new(|()| close())>
            <p>"Every other browser that is signed in will have to sign in again."</p>
            <ActionForm action=change attr:class="form" attr:novalidate="">
                // For password managers, which keep the new one under this name.
                <input type="email" value=email autocomplete="username" readonly hidden/>
                <PasswordField
                    name="current_password"
                    label="Current password"
                    autocomplete="current-password"
                    error=field_error(problem, "current_password")
                />
                <NewPasswordField
                    name="new_password"
                    label="New password"
                    error=field_error(problem, "new_password")
                />
                <FormProblem problem fields=FIELDS/>
                <div class="actions">
                    <BackLink to=HERE/>
                    <SubmitButton label="Change password" busy=change.pending()/>
                </div>
            </ActionForm>
        </Dialog>
    }
}
