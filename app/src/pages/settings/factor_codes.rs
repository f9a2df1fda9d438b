//! The dialogs of recovery codes.

use leptos::form::ActionForm;
use leptos::prelude::*;

use super::second_factor::{Factor, close_codes};
use super::{HERE, close};
use crate::api::RenewRecoveryCodes;
use crate::pages::done::forget;
use crate::pages::problem::{FormProblem, failure};
use crate::pages::second_factor::Codes;
use crate::pages::way_back::BackLink;
use crate::ui::{Dialog, Notice, SubmitButton, Tone};

#[component]
pub fn RenewDialog(renew: ServerAction<RenewRecoveryCodes>) -> impl IntoView {
    let problem = failure(renew);
    on_cleanup(move || drop(forget(renew)));
    view! {
        <Dialog title=Signal::stored("Make new recovery codes?".to_owned()) on_close=Callback::new(|()| close())>
            <p>"Those that you have now fail from then on."</p>
            <ActionForm action=renew attr:class="form">
                <FormProblem problem fields=&[]/>
                <div class="actions">
                    <BackLink to=HERE/>
                    <SubmitButton label="Make new codes" busy=renew.pending()/>
                </div>
            </ActionForm>
        </Dialog>
    }
}

/// Closing before they are copied or kept asks a second time.
#[component]
pub fn CodesDialog(factor: Factor, fresh: Option<Vec<String>>) -> impl IntoView {
    // On screen still while the dialog goes.
    let codes = factor.codes.get_untracked().or(fresh);
    view! {
        <Dialog
            title=Signal::stored("Your recovery codes".to_owned())
            on_close=Callback::new(move |()| close_codes(factor))
        >
            {match codes {
                Some(codes) => view! {
                    <Codes codes keeping=factor.keeping><Done factor/></Codes>
                }
                .into_any(),
                None => view! {
                    <Notice tone=Tone::Warn>
                        <p>"Recovery codes are shown once. If you do not have them, make new ones."</p>
                    </Notice>
                    <div class="actions"><BackLink to=HERE label="Close"/></div>
                }
                .into_any(),
            }}
        </Dialog>
    }
}

#[component]
fn Done(factor: Factor) -> impl IntoView {
    let is_unsaved = move || factor.keeping.is_unsaved();
    view! {
        <a
            href=HERE
            class="button"
            class:primary=move || !is_unsaved()
            class:plain=is_unsaved
            data-noscroll="true"
            on:click=move |event| {
                event.prevent_default();
                close_codes(factor);
            }
        >
            {move || if is_unsaved() { "Close anyway" } else { "Done" }}
        </a>
    }
}
