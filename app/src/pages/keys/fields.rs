//! What a key can be restricted to, as a form: the same for a new key and for one that there is.

use leptos::prelude::*;

use super::words::capital;
use crate::console::{KeyChoices, Problem, Restrictions};
use crate::format;
use crate::pages::problem::field_error;
use crate::ui::{Choice, FieldSet, LineField, LinesField, SelectField};

/// The fields that say themselves what is wrong with them.
pub const FIELDS: &[&str] = &[
    "name",
    "expires",
    "expires_on",
    "endpoints",
    "models",
    "ips",
    "rpm",
    "tpm",
];

pub fn is_about_restrictions(problem: &Problem) -> bool {
    let field = problem.field.as_deref();
    field.is_some_and(|field| field != "name" && FIELDS.contains(&field))
}

#[component]
pub fn RestrictionFields(
    of: Restrictions,
    expires_ms: Option<i64>,
    choices: KeyChoices,
    problem: Signal<Option<Problem>>,
) -> impl IntoView {
    let KeyChoices {
        endpoints,
        models,
        rpm,
        tpm,
    } = choices;
    let at_most = |own: u64| format!("At most {}, your account's own.", format::count(own));
    let written = |limit: Option<u64>| limit.map(|limit| limit.to_string()).unwrap_or_default();
    view! {
        <div class="form">
            <Expiry expires_ms problem/>
            <Endpoints allowed=of.endpoints endpoints problem/>
            <Models allowed=of.models models problem/>
            <LinesField
                id="ips"
                name="restrictions[ips]"
                label="IP addresses"
                value=of.ips.join("\n")
                placeholder="Any"
                help="Addresses or ranges, one a line, such as 203.0.113.7 or 10.0.0.0/8. Empty for any."
                error=field_error(problem, "ips")
            />
            <div class="form-pair">
                <LineField
                    id="rpm"
                    name="restrictions[rpm]"
                    label="Requests per minute"
                    inputmode="numeric"
                    value=written(of.rpm)
                    help=at_most(rpm)
                    error=field_error(problem, "rpm")
                />
                <LineField
                    id="tpm"
                    name="restrictions[tpm]"
                    label="Tokens per minute"
                    inputmode="numeric"
                    value=written(of.tpm)
                    help=at_most(tpm)
                    error=field_error(problem, "tpm")
                />
            </div>
        </div>
    }
}

#[component]
fn Expiry(expires_ms: Option<i64>, problem: Signal<Option<Problem>>) -> impl IntoView {
    let kept = expires_ms.map(|ms| {
        let moment = format!("{}, {} UTC", format::date(ms), format::clock(ms));
        (ms.to_string(), moment)
    });
    let selected = kept.as_ref().map(|(value, _)| value.clone());
    let offered = [
        ("", "Never"),
        ("7d", "In 7 days"),
        ("30d", "In 30 days"),
        ("90d", "In 90 days"),
        ("date", "On a date"),
    ];
    let offered = offered.map(|(value, shown)| (value.to_owned(), shown.to_owned()));
    view! {
        <div class="expiry">
            <SelectField
                id="expires"
                name="restrictions[expires]"
                label="Expires"
                options=kept.into_iter().chain(offered).collect()
                selected=selected.unwrap_or_default()
                error=field_error(problem, "expires")
            />
            <LineField
                id="expires_on"
                name="restrictions[expires_on]"
                label="Date"
                kind="date"
                help="Refused from 00:00 UTC of that day on."
                error=field_error(problem, "expires_on")
            />
        </div>
    }
}

#[component]
fn Endpoints(
    allowed: Option<Vec<String>>,
    endpoints: Vec<String>,
    problem: Signal<Option<Problem>>,
) -> impl IntoView {
    let restricted = allowed.is_some();
    let allowed = allowed.unwrap_or_default();
    let boxes = endpoints.into_iter().map(move |endpoint| {
        let checked = allowed.contains(&endpoint);
        let label = match endpoint.as_str() {
            "models" => "List models".to_owned(),
            _ => capital(&endpoint),
        };
        view! { <Choice kind="checkbox" name="restrictions[endpoints][]" value=endpoint label checked/> }
    });
    view! {
        <FieldSet id="endpoints" legend="Endpoints" error=field_error(problem, "endpoints")>
            <AllOrSome name="restrictions[endpoint_access]" some="Restricted" restricted/>
            <div class="choices-more">{boxes.collect_view()}</div>
        </FieldSet>
    }
}

#[component]
fn Models(
    allowed: Option<Vec<String>>,
    models: Vec<String>,
    problem: Signal<Option<Problem>>,
) -> impl IntoView {
    let restricted = allowed.is_some();
    let allowed = allowed.unwrap_or_default();
    let absent: Vec<_> = allowed
        .iter()
        .filter(|model| !models.contains(model))
        .cloned()
        .collect();
    let boxes = models.into_iter().map(move |model| {
        let checked = allowed.contains(&model);
        view! { <Choice kind="checkbox" name="restrictions[models][]" label=model.clone() value=model checked/> }
    });
    view! {
        <FieldSet id="models" legend="Models" error=field_error(problem, "models")>
            <AllOrSome name="restrictions[model_access]" some="Only some" restricted/>
            <div class="choices-more">
                {boxes.collect_view()}
                <LinesField
                    id="more_models"
                    name="restrictions[more_models]"
                    label="Others"
                    value=absent.join("\n")
                    help="Ids of models that are not there now, one a line."
                    error=Signal::stored(None)
                />
            </div>
        </FieldSet>
    }
}

/// What the second choice uncovers is uncovered by the style sheet, so that no script is needed.
#[component]
fn AllOrSome(name: &'static str, some: &'static str, restricted: bool) -> impl IntoView {
    view! {
        <div class="choices-row">
            <Choice kind="radio" name value="all" label="All" checked=!restricted/>
            <Choice kind="radio" name value="restricted" label=some checked=restricted/>
        </div>
    }
}
