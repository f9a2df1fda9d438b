//! Recovery codes, which are on screen once.

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::location::Url;

use super::second_factor::{Factor, close_codes};
use super::{HERE, close};
use crate::api::RenewRecoveryCodes;
use crate::browser;
use crate::pages::done::forget;
use crate::pages::problem::{FormProblem, failure};
use crate::pages::way_back::BackLink;
use crate::ui::{CopyButton, Dialog, Notice, SubmitButton, Tone};

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

/// The codes, with all that is to be known of them. Closing before they are copied or kept asks a second time.
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
                Some(codes) => view! { <Codes factor codes/> }.into_any(),
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
fn Codes(factor: Factor, codes: Vec<String>) -> impl IntoView {
    let (saved, warned) = (factor.saved, factor.warned);
    browser::guard_leaving(Signal::derive(move || !saved.get()));
    let uncopied = move || warned.get() && !saved.get();
    let text = codes.join("\n") + "\n";
    let file = format!(
        "data:text/plain;charset=utf-8,{}",
        Url::escape(&format!(
            "Recovery codes for Assisters. Each works once.\n\n{text}"
        ))
    );
    let listed = codes
        .into_iter()
        .map(|code| view! { <li><code>{code}</code></li> });
    view! {
        <p>"The second factor is on. If you lose your app, each of these signs you in once. You will not see them again."</p>
        <ol class="recovery-codes" on:copy=move |_| saved.set(true)>{listed.collect_view()}</ol>
        <div class="actions">
            <CopyButton text=Signal::stored(text) what="codes" on_copied=Callback::new(move |()| saved.set(true))/>
            <a
                href=file
                class="button plain small"
                download="assisters-recovery-codes.txt"
                rel="external"
                on:click=move |_| saved.set(true)
            >
                "Download"
            </a>
        </div>
        <p class="error" role="alert">
            {move || uncopied().then_some("The codes are not saved yet, and they cannot be shown again.")}
        </p>
        <div class="actions">
            <a
                href=HERE
                class="button"
                class:primary=move || !uncopied()
                class:plain=uncopied
                data-noscroll="true"
                on:click=move |event| {
                    event.prevent_default();
                    close_codes(factor);
                }
            >
                {move || if uncopied() { "Close anyway" } else { "Done" }}
            </a>
        </div>
    }
}
