//! A link to what is on the page, and what comes by one.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wire::Task;

use super::button::Button;
use super::desk::Desk;
use super::link;
use super::mode::address;
use crate::browser;
use crate::ui::{Notice, Toasts, Tone};

/// Where what is on the page came from, where that has to be said.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    Link,
    BrokenLink,
    TooLong(usize),
    /// Models that were chosen and are not served any more.
    Gone(Vec<String>),
}

/// Copies a link; not there where the browser offers no clipboard.
#[component]
pub fn ShareButton(desk: Desk, task: Task) -> impl IntoView {
    let able = browser::can_copy();
    let toasts = Toasts::here();
    let share = Callback::new(move |()| {
        let fragment = link::write(&desk.sheet_to_share(task));
        if fragment.len() > link::LONGEST {
            desk.said.set(vec![Origin::TooLong(fragment.len())]);
            return;
        }
        desk.said.set(vec![]);
        let link = format!("{}{}#{fragment}", browser::origin(), address(task));
        spawn_local(async move {
            if browser::copy(&link).await {
                toasts.say("Copied a link that carries all that is written here");
            }
        });
    });
    view! {
        <Button look="quiet" label="Share" hidden=Signal::derive(move || !able.get()) press=share/>
    }
}

/// Fills the page from what the address carries or, without that, from what this tab kept. A model that the address asks
/// for is chosen.
pub fn arrive(desk: Desk, asked: Option<String>, toasts: Toasts) {
    if !take_link(desk, toasts)
        && let Some(kept) = Desk::kept()
    {
        let gone = gone_models(desk.fill(kept));
        desk.said.update(|said| said.extend(gone));
    }
    if let Some(model) = asked.filter(|model| !desk.choose(model)) {
        let gone = gone_models(vec![model]);
        desk.said.update(|said| said.extend(gone));
    }
}

/// Whether the page was filled from the address, off which the fragment is taken.
pub fn take_link(desk: Desk, toasts: Toasts) -> bool {
    let Some(fragment) = browser::fragment().filter(|fragment| link::is_one(fragment)) else {
        return false;
    };
    browser::drop_fragment();
    let Some(sheet) = link::read(&fragment) else {
        desk.said.set(vec![Origin::BrokenLink]);
        return false;
    };
    // What the tab had is not lost by coming here.
    let before = Desk::kept().map(|kept| {
        desk.fill(kept);
        desk.sheet(None)
    });
    let gone = desk.fill(sheet);
    desk.said
        .set([vec![Origin::Link], gone_models(gone)].concat());
    if let Some(before) = before {
        let undo = Callback::new(move |()| {
            desk.put_back(before.clone());
        });
        toasts.offer("The link took the place of what was here", "Undo", undo);
    }
    true
}

fn gone_models(mut gone: Vec<String>) -> Vec<Origin> {
    gone.dedup();
    (!gone.is_empty())
        .then_some(Origin::Gone(gone))
        .into_iter()
        .collect()
}

#[component]
pub fn OriginNotices(said: RwSignal<Vec<Origin>>) -> impl IntoView {
    move || {
        said.get()
            .into_iter()
            .map(|origin| {
                let tone = match origin {
                    Origin::Link => Tone::Plain,
                    _ => Tone::Warn,
                };
                view! {
                    <Notice tone>
                        <p>
                            {words(&origin)} " "
                            <Button look="quiet small" label="Dismiss" press=Callback::new(move |()| said.set(vec![]))/>
                        </p>
                    </Notice>
                }
            })
            .collect_view()
    }
}

fn words(origin: &Origin) -> String {
    match origin {
        Origin::Link => {
            "From a link. Nothing was run: read what it says before you run it, answers included."
                .into()
        }
        Origin::BrokenLink => {
            "The link is not whole, so nothing was taken from it. Ask for it again.".into()
        }
        Origin::TooLong(length) => format!(
            "This makes a link of {} kB, and {} kB is what chat programs and mail leave whole. Delete some turns, then share again.",
            length.div_ceil(1_000),
            link::LONGEST / 1_000,
        ),
        Origin::Gone(models) => format!(
            "{} is not served now; another model is chosen in its place.",
            models.join(", ")
        ),
    }
}
