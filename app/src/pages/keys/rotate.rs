//! A new secret for a key, and the end of its older ones.

use leptos::form::ActionForm;
use leptos::prelude::*;

use super::last_use::LastUseLine;
use super::open::{HERE, close};
use super::shown_once::{Seen, ShownOnce, leave};
use super::words::quoted;
use crate::api::{EndOldSecrets, RotateKey};
use crate::console::{Key, NewKey};
use crate::format;
use crate::pages::problem::{FormProblem, failure, field_error};
use crate::pages::way_back::BackLink;
use crate::ui::{Choice, Dialog, FieldSet, Notice, SubmitButton, Tone};

/// Asks how long the old secret is to live; then shows the new one, once.
#[component]
pub fn RotateDialog(
    key: Key,
    rotate: ServerAction<RotateKey>,
    fresh: Option<NewKey>,
    seen: Seen,
) -> impl IntoView {
    let id = key.id.clone();
    let rotated = Memo::new(move |_| {
        let value = rotate.value().get();
        let fresh = fresh.clone().filter(|fresh| fresh.key.id == id);
        value.and_then(Result::ok).or(fresh)
    });
    let on_close = Callback::new(move |()| match rotated.read_untracked().is_some() {
        true => leave(seen),
        false => close(),
    });
    let name = quoted(&key.name);
    let title = Signal::derive(move || match rotated.read().is_some() {
        false => format!("Rotate {name}"),
        true => format!("{name} has a new secret"),
    });
    view! {
        <Dialog title on_close>
            {move || match rotated.get() {
                None => view! { <RotateForm key=key.clone() rotate/> }.into_any(),
                Some(new) => view! { <p>{old_secret_of(&new)}</p> <ShownOnce new seen/> }.into_any(),
            }}
        </Dialog>
    }
}

#[component]
fn RotateForm(key: Key, rotate: ServerAction<RotateKey>) -> impl IntoView {
    let problem = failure(rotate);
    let overlaps = [
        ("none", "Not at all: it fails at once"),
        ("hour", "1 hour"),
        ("day", "24 hours"),
        ("week", "7 days"),
    ];
    let overlaps = overlaps.map(|(value, label)| {
        let usual = value == "day";
        view! { <Choice kind="radio" name="overlap" value label checked=usual autofocus=usual/> }
    });
    view! {
        <p><code>{key.masked}</code></p>
        <p>
            "The key gets a new secret. Its name, restrictions and history stay. The old secret works beside it for a
            while, so that your programs can change over one by one."
        </p>
        <ActionForm action=rotate attr:class="form">
            <input type="hidden" name="id" value=key.id/>
            <FieldSet id="overlap" legend="The old secret works for" error=field_error(problem, "overlap")>
                {overlaps.into_iter().collect_view()}
            </FieldSet>
            <FormProblem problem fields=&["overlap"]/>
            <div class="actions">
                <BackLink to=HERE/>
                <SubmitButton label="Rotate key" busy=rotate.pending()/>
            </div>
        </ActionForm>
    }
}

fn old_secret_of(new: &NewKey) -> String {
    match new.key.old_secrets.first() {
        Some(old) => {
            let (day, clock) = (format::date(old.ends_ms), format::clock(old.ends_ms));
            format!(
                "The old secret {} works until {day}, {clock} UTC.",
                old.masked
            )
        }
        None => "Requests with the old secret fail from now on.".to_owned(),
    }
}

/// Names the old secrets, when each was last used, and what follows.
#[component]
pub fn EndOldDialog(
    key: Key,
    end_old: ServerAction<EndOldSecrets>,
    now: Signal<Option<i64>>,
) -> impl IntoView {
    let problem = failure(end_old);
    if key.old_secrets.is_empty() {
        let told = format!("No old secret of {} works any more.", quoted(&key.name));
        return view! { <Notice tone=Tone::Ok><p>{told}</p></Notice> }.into_any();
    }
    let one = key.old_secrets.len() == 1;
    let secrets = if one { "secret" } else { "secrets" };
    let title = format!("End the old {secrets} of {}?", quoted(&key.name));
    let olds = key.old_secrets.into_iter().map(move |old| {
        view! { <p><code>{old.masked}</code> " · " <LastUseLine last_use=old.last_use now/></p> }
    });
    view! {
        <Dialog title=Signal::stored(title) on_close=Callback::new(|()| close())>
            {olds.collect_view()}
            <p>{format!("Requests with the old {secrets} fail at once. The present secret goes on working.")}</p>
            <ActionForm action=end_old attr:class="form">
                <input type="hidden" name="id" value=key.id/>
                <FormProblem problem fields=&[]/>
                <div class="actions">
                    <BackLink to=HERE/>
                    <SubmitButton
                        label=if one { "End the old secret now" } else { "End the old secrets now" }
                        look="danger solid"
                        busy=end_old.pending()
                    />
                </div>
            </ActionForm>
        </Dialog>
    }
    .into_any()
}
