use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;

use super::asked;
use crate::api::ResetPassword;
use crate::pages::door::DoorFrame;
use crate::pages::problem::{FormProblem, field_error, refusal};
use crate::ui::{NewPasswordField, Notice, SubmitButton, Tone};

#[component]
pub fn ResetPasswordPage() -> impl IntoView {
    let body = match asked("token") {
        Some(token) => view! { <ResetForm token/> }.into_any(),
        None => view! {
            <Notice tone=Tone::Warn>
                <p>"This address lacks the end of the link. Copy the whole link from the mail."</p>
            </Notice>
        }
        .into_any(),
    };
    view! {
        <Title text="Set a new password"/>
        <DoorFrame title="Set a new password">
            {body}
            <p class="aside">"Too late? " <a href="/forgot-password">"Ask for a new link"</a></p>
        </DoorFrame>
    }
}

#[component]
fn ResetForm(token: String) -> impl IntoView {
    let action = ServerAction::<ResetPassword>::new();
    let problem = refusal(action);
    view! {
        <p>"Every browser that is signed in will have to sign in again. Keys go on working."</p>
        <ActionForm action attr:class="form" attr:novalidate="">
            <input type="hidden" name="token" value=token/>
            <NewPasswordField
                name="password"
                label="New password"
                error=field_error(problem, "password")
            />
            <FormProblem problem fields=&["password"]/>
            <SubmitButton label="Set password" busy=action.pending()/>
        </ActionForm>
    }
}
