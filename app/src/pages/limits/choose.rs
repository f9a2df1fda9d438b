use leptos::form::ActionForm;
use leptos::prelude::*;

use super::{HERE, close};
use crate::api::ChooseTier;
use crate::console::{Limits, Problem, TierOffer};
use crate::format;
use crate::pages::loaded::Loaded;
use crate::pages::problem::{FormProblem, failure};
use crate::pages::way_back::BackLink;
use crate::ui::{Dialog, Notice, SubmitButton, Tone};

/// Says what changes, and changes it. A tier that is chosen already is only told of: that is where a form posted without
/// scripts comes back to.
#[component]
pub fn ChooseDialog(
    tier: String,
    limits: Resource<Result<Limits, Problem>>,
    choose: ServerAction<ChooseTier>,
) -> impl IntoView {
    // Asked once: the meters behind it go on, and the dialog must not be built anew with each reading.
    let shown = RwSignal::new(None::<(TierOffer, bool)>);
    view! {
        <Loaded from=limits view=move |limits| {
            let found = || {
                let offer = limits.tiers.iter().find(|offer| offer.name == tier && offer.quota.is_some());
                offer.map(|offer| (offer.clone(), limits.has_own))
            };
            let offer = shown.get_untracked().or_else(found);
            shown.set(offer.clone());
            match offer {
                Some((offer, _)) if offer.is_current => {
                    let told = format!("Your tier is {}.", offer.title);
                    view! { <Notice tone=Tone::Ok><p>{told}</p></Notice> }.into_any()
                }
                Some((offer, has_own)) => view! { <Confirm offer has_own choose/> }.into_any(),
                None => view! { <Notice tone=Tone::Warn><p>"There is no such tier to choose."</p></Notice> }.into_any(),
            }
        }/>
    }
}

#[component]
fn Confirm(offer: TierOffer, has_own: bool, choose: ServerAction<ChooseTier>) -> impl IntoView {
    let problem = failure(choose);
    let (rpm, tpm) = offer.quota.unwrap_or_default();
    let told = format!(
        "Your limits become {} requests and {} tokens per minute, from the next request on.",
        format::count(rpm),
        format::count(tpm)
    );
    let own = has_own.then(|| {
        view! { <p>"The limits that were set for this account alone are given up; only an administrator can set them again."</p> }
    });
    view! {
        <Dialog title=Signal::stored(format!("Change to {}?", offer.title)) on_close=Callback::new(|()| close())>
            <p>{told}</p>
            {own}
            <ActionForm action=choose attr:class="form">
                <input type="hidden" name="tier" value=offer.name/>
                <FormProblem problem fields=&[]/>
                <div class="actions">
                    <BackLink to=HERE/>
                    <SubmitButton label="Change tier" busy=choose.pending()/>
                </div>
            </ActionForm>
        </Dialog>
    }
}
