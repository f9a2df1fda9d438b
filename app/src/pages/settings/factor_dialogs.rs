//! Setting up the second factor, and turning it off.

use leptos::form::ActionForm;
use leptos::prelude::*;

use super::{HERE, close};
use crate::api::{TurnOffSecondFactor, TurnOnSecondFactor, load_factor_setup};
use crate::console::{FactorSetup, Qr};
use crate::pages::done::forget;
use crate::pages::loaded::Loaded;
use crate::pages::problem::{FormProblem, failure, field_error};
use crate::pages::way_back::BackLink;
use crate::ui::{CodeField, CopyButton, Dialog, Notice, PasswordField, SubmitButton, Tone};

/// Shows the secret to an app, and takes its first code.
#[component]
pub fn SetUpDialog(turn_on: ServerAction<TurnOnSecondFactor>) -> impl IntoView {
    let setup = Resource::new(|| (), |()| load_factor_setup());
    on_cleanup(move || drop(forget(turn_on)));
    let dialog = move |setup| {
        let body = match setup {
            Some(setup) => view! { <SetUpForm setup turn_on/> }.into_any(),
            None => view! {
                <Notice tone=Tone::Warn>
                    <p>"No secret waits for a code. Close this, and begin the set-up anew."</p>
                </Notice>
                <div class="actions"><BackLink to=HERE/></div>
            }
            .into_any(),
        };
        view! {
            <Dialog title=Signal::stored("Set up the second factor".to_owned()) on_close=Callback::new(|()| close())>
                {body}
            </Dialog>
        }
        .into_any()
    };
    view! { <Loaded from=setup view=dialog/> }
}

#[component]
fn SetUpForm(setup: FactorSetup, turn_on: ServerAction<TurnOnSecondFactor>) -> impl IntoView {
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
            <CodeField
                name="code"
                label="Code that the app shows"
                help="6 digits. With it the second factor is on, and every other session ends."
                digits=true
                error=field_error(problem, "code")
            />
            <FormProblem problem fields=&["code"]/>
            <div class="actions">
                <BackLink to=HERE/>
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

/// Takes the password and a code for a yes.
#[component]
pub fn TurnOffDialog(turn_off: ServerAction<TurnOffSecondFactor>) -> impl IntoView {
    let problem = failure(turn_off);
    on_cleanup(move || drop(forget(turn_off)));
    view! {
        <Dialog title=Signal::stored("Turn off the second factor?".to_owned()) on_close=Callback::new(|()| close())>
            <p>"From then on the password alone signs you in. The recovery codes fail too."</p>
            <ActionForm action=turn_off attr:class="form" attr:novalidate="">
                <PasswordField
                    name="password"
                    label="Password"
                    autocomplete="current-password"
                    error=field_error(problem, "password")
                />
                <CodeField
                    name="code"
                    label="Code of your app"
                    help="Or one of your recovery codes."
                    autofocus=false
                    error=field_error(problem, "code")
                />
                <FormProblem problem fields=&["password", "code"]/>
                <div class="actions">
                    <BackLink to=HERE/>
                    <SubmitButton label="Turn off" look="danger solid" busy=turn_off.pending()/>
                </div>
            </ActionForm>
        </Dialog>
    }
}
