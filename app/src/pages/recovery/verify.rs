use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;

use super::asked;
use crate::api::{ConfirmEmail, ResendVerification, VerifyEmail};
use crate::pages::door::DoorFrame;
use crate::pages::problem::{FormProblem, field_error, refusal};
use crate::ui::{SubmitButton, TextField};

/// Where the links of mails lead: to verify the address of an account, or one that it is to have (`?change`). Without a link
/// it offers to mail one again.
#[component]
pub fn VerifyEmailPage() -> impl IntoView {
    let body = match (asked("token"), asked("change")) {
        (Some(token), None) => view! { <VerifyForm token/> }.into_any(),
        (Some(token), Some(_)) => view! { <ConfirmForm token/> }.into_any(),
        (None, _) => view! { <ResendForm/> }.into_any(),
    };
    view! {
        <Title text="Verify your e-mail address"/>
        <DoorFrame title="Verify your e-mail address">{body}</DoorFrame>
    }
}

#[component]
fn VerifyForm(token: String) -> impl IntoView {
    let action = ServerAction::<VerifyEmail>::new();
    let problem = refusal(action);
    view! {
        <p>"Press the button to show that the address is yours."</p>
        <ActionForm action attr:class="form">
            <input type="hidden" name="token" value=token/>
            <FormProblem problem fields=&[]/>
            <SubmitButton label="Verify address" busy=action.pending()/>
        </ActionForm>
        <p class="aside">"Too late? " <a href="/verify-email" rel="external">"Send the link again"</a></p>
    }
}

#[component]
fn ConfirmForm(token: String) -> impl IntoView {
    let action = ServerAction::<ConfirmEmail>::new();
    let problem = refusal(action);
    view! {
        <p>"Press the button, and your account has this e-mail address from then on."</p>
        <ActionForm action attr:class="form">
            <input type="hidden" name="token" value=token/>
            <FormProblem problem fields=&[]/>
            <SubmitButton label="Confirm address" busy=action.pending()/>
        </ActionForm>
        <p class="aside">"Too late? " <a href="/settings?email">"Change the address again"</a></p>
    }
}

#[component]
fn ResendForm() -> impl IntoView {
    let action = ServerAction::<ResendVerification>::new();
    let problem = refusal(action);
    view! {
        <p>"Enter the e-mail address of your account. The link is mailed there again; only the newest one works."</p>
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
        <p class="aside"><a href="/sign-in">"Sign in"</a></p>
    }
}
