use leptos::form::ActionForm;
use leptos::prelude::*;

use crate::api::TurnOnSecondFactor;
use crate::console::{FactorSetup, Qr};
use crate::pages::problem::{FormProblem, failure, field_error};
use crate::ui::{CodeField, CopyButton, SubmitButton};

/// Shows the secret to an app, and takes its first code.
#[component]
pub fn SetUpForm(
    setup: FactorSetup,
    turn_on: ServerAction<TurnOnSecondFactor>,
    /// Where it leads on to, if that is told with the code.
    #[prop(optional, into)]
    next: Option<Signal<String>>,
    /// The other way, beside the button.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let problem = failure(turn_on);
    let text = setup.secret.clone();
    view! {
        <p>"Scan this with an authenticator app, or type the secret into it. It is not shown again."</p>
        <QrCode qr=setup.qr/>
        <p><a href=setup.uri rel="external">"Open an app on this device"</a></p>
        <div class="secret">
            <label for="factor-secret">"Secret"</label>
            <div class="field-with-button">
                <input id="factor-secret" class="mono" readonly value=setup.secret autocomplete="off" spellcheck="false"/>
                <CopyButton text=Signal::stored(text) what="secret"/>
            </div>
        </div>
        <ActionForm action=turn_on attr:class="form" attr:novalidate="">
            {next.map(|next| view! { <input type="hidden" name="next" value=next/> })}
            <CodeField
                name="code"
                label="Code that the app shows"
                help="6 digits. With it the second factor is on, and every other session ends."
                digits=true
                error=field_error(problem, "code")
            />
            <FormProblem problem fields=&["code"]/>
            <div class="actions">
                {children.map(|children| children())}
                <SubmitButton label="Turn on" busy=turn_on.pending()/>
            </div>
        </ActionForm>
    }
}

#[component]
fn QrCode(qr: Qr) -> impl IntoView {
    view! {
        <svg class="qr" viewBox=format!("0 0 {0} {0}", qr.size) role="img" aria-label="QR code with the secret">
            <path d=qr.path></path>
        </svg>
    }
}
