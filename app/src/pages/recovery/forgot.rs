use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::api::ForgotPassword;
use crate::pages::door::DoorFrame;
use crate::pages::problem::{FormProblem, field_error, refusal};
use crate::ui::{SubmitButton, TextField};

#[component]
pub fn ForgotPasswordPage() -> impl IntoView {
    let action = ServerAction::<ForgotPassword>::new();
    let problem = refusal(action);
    view! {
        <Title text="Forgotten password"/>
        <DoorFrame title="Forgotten password">
            <p>"Enter the e-mail address of your account. A link to set a new password is mailed there."</p>
            <ActionForm action attr:class="form" attr:novalidate="">
                <TextField
                    name="email"
                    label="E-mail"
                    kind="email"
                    autocomplete="username"
                    error=field_error(problem, "email")
                />
                <FormProblem problem fields=&["email"]/>
                <SubmitButton label="Send link" busy=action.pending()/>
            </ActionForm>
            <p class="aside">"You know it? " <a href="/sign-in">"Sign in"</a></p>
        </DoorFrame>
    }
}
