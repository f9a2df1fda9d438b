use leptos::form::ActionForm;
use leptos::prelude::*;

use crate::api::SetAccountLimits;
use crate::console::AccountDetails;
use crate::format;
use crate::pages::problem::{FormProblem, failure, field_error};
use crate::ui::{LineField, SelectField, SubmitButton};

const FIELDS: &[&str] = &["tier", "rpm", "tpm"];

/// The tier, and limits for this account alone.
#[component]
pub fn LimitsSection(
    account: AccountDetails,
    limits: ServerAction<SetAccountLimits>,
) -> impl IntoView {
    let problem = failure(limits);
    let has_own = account.own_rpm.is_some() || account.own_tpm.is_some();
    let now = format!(
        "Now {} requests and {} tokens a minute, {}.",
        format::count(account.rpm),
        format::count(account.tpm),
        match has_own {
            true => "set for this account alone",
            false => "as its tier has them",
        }
    );
    let own = |limit: Option<u64>| limit.map(|limit| limit.to_string()).unwrap_or_default();
    let (rpm, tpm) = (own(account.own_rpm), own(account.own_tpm));
    view! {
        <section class="section" aria-labelledby="limits">
            <h2 id="limits">"Tier and limits"</h2>
            <ActionForm action=limits attr:class="card setting" attr:novalidate="">
                <p class="hint">{now}</p>
                <input type="hidden" name="id" value=account.row.id.clone()/>
                <SelectField
                    id="tier"
                    name="tier"
                    label="Tier"
                    options=account.tiers.clone()
                    selected=account.tier.clone()
                    error=field_error(problem, "tier")
                />
                <LineField
                    id="rpm"
                    name="rpm"
                    label="Requests a minute"
                    inputmode="numeric"
                    value=rpm
                    help="Empty for the tier's."
                    error=field_error(problem, "rpm")
                />
                <LineField
                    id="tpm"
                    name="tpm"
                    label="Tokens a minute"
                    inputmode="numeric"
                    value=tpm
                    help="Empty for the tier's."
                    error=field_error(problem, "tpm")
                />
                <FormProblem problem fields=FIELDS/>
                <div class="actions">
                    <SubmitButton label="Save limits" busy=limits.pending()/>
                </div>
            </ActionForm>
        </section>
    }
}
