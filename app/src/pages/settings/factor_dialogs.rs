//! Setting up the second factor, and turning it off.

use leptos::form::ActionForm;
use leptos::prelude::*;

use super::second_factor::STAYS_ON;
use super::{HERE, close};
use crate::api::{TurnOffSecondFactor, TurnOnSecondFactor, load_factor_setup};
use crate::pages::done::forget;
use crate::pages::loaded::Loaded;
use crate::pages::problem::{FormProblem, failure, field_error};
use crate::pages::second_factor::SetUpForm;
use crate::pages::way_back::BackLink;
use crate::ui::{CodeField, Dialog, Notice, PasswordField, SubmitButton, Tone};

#[component]
pub fn SetUpDialog(turn_on: ServerAction<TurnOnSecondFactor>) -> impl IntoView {
    let setup = Resource::new(|| (), |()| load_factor_setup());
    on_cleanup(move || drop(forget(turn_on)));
    let dialog = move |setup| {
        let body = match setup {
            Some(setup) => {
                view! { <SetUpForm setup turn_on><BackLink to=HERE/></SetUpForm> }.into_any()
            }
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

/// Takes the password and a code for a yes, where it may be turned off.
#[component]
pub fn TurnOffDialog(
    turn_off: ServerAction<TurnOffSecondFactor>,
    is_required: bool,
) -> impl IntoView {
    on_cleanup(move || drop(forget(turn_off)));
    let body = match is_required {
        true => view! {
            <p>{STAYS_ON}</p>
            <div class="actions"><BackLink to=HERE label="Close"/></div>
        }
        .into_any(),
        false => view! { <TurnOffForm turn_off/> }.into_any(),
    };
    view! {
        <Dialog title=Signal::stored("Turn off the second factor?".to_owned()) on_close=Callback::new(|()| close())>
            {body}
        </Dialog>
    }
}

#[component]
fn TurnOffForm(turn_off: ServerAction<TurnOffSecondFactor>) -> impl IntoView {
    let problem = failure(turn_off);
    view! {
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
    }
}
