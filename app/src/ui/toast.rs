//! Short news of what has just succeeded, read out politely.

use std::time::Duration;

use leptos::prelude::*;

use super::{Glyph, Icon};
use crate::browser;

/// Long enough to be read twice.
const SHOWN: Duration = Duration::from_secs(6);
/// More would cover the page: the oldest go.
const MOST: usize = 4;

/// What is said, and the one thing to do about it.
#[derive(Clone)]
struct Toast {
    id: u32,
    text: String,
    offer: Option<(&'static str, Callback<()>)>,
}

/// Where news is said. A page takes it as it is built, and may speak at any time after.
#[derive(Clone, Copy)]
pub struct Toasts {
    /// In its place each, so that what goes moves no other: a place that is read out anew would be news.
    said: RwSignal<Vec<Option<Toast>>>,
    next: StoredValue<u32>,
    /// While somebody is at them, none goes.
    held: RwSignal<bool>,
}

impl Toasts {
    /// Makes a place for news below the current owner.
    pub fn provide() {
        provide_context(Toasts::new());
    }

    fn new() -> Self {
        Toasts {
            said: RwSignal::new(vec![]),
            next: StoredValue::new(0),
            held: RwSignal::new(false),
        }
    }

    /// The nearest place for news.
    pub fn here() -> Self {
        use_context().unwrap_or_else(Toasts::new)
    }

    /// Says `text`, below what was said before.
    pub fn say(self, text: impl Into<String>) {
        self.show(text.into(), None);
    }

    /// Says `text` with a button that does something about it while it is shown.
    pub fn offer(self, text: impl Into<String>, label: &'static str, act: Callback<()>) {
        self.show(text.into(), Some((label, act)));
    }

    fn show(self, text: String, offer: Option<(&'static str, Callback<()>)>) {
        let next = self.next.try_update_value(|next| {
            *next = next.wrapping_add(1);
            *next
        });
        // Whose place for news has gone has nobody to tell.
        let Some(id) = next else { return };
        self.said.try_update(|said| {
            // The same again is news again, in place of itself.
            for place in said.iter_mut() {
                place.take_if(|toast| toast.text == text);
            }
            let spare = said.iter().flatten().count().saturating_sub(MOST - 1);
            let oldest = said.iter_mut().filter(|place| place.is_some());
            oldest.take(spare).for_each(|place| *place = None);
            said.push(Some(Toast { id, text, offer }));
        });
        self.end_later(id);
    }

    fn end_later(self, id: u32) {
        let end = move || match self.held.try_get_untracked() {
            Some(true) => self.end_later(id),
            Some(false) => self.end(id),
            None => {}
        };
        set_timeout(end, SHOWN);
    }

    fn end(self, id: u32) {
        self.said.try_update(|said| {
            for place in said.iter_mut() {
                place.take_if(|toast| toast.id == id);
            }
            if said.iter().all(Option::is_none) {
                said.clear();
            }
        });
    }
}

#[component]
pub fn ToastRegion() -> impl IntoView {
    let toasts = Toasts::here();
    let Toasts { said, held, .. } = toasts;
    view! {
        <div
            class="toasts"
            role="status"
            aria-atomic="false"
            on:mouseenter=move |_| held.set(true)
            on:mouseleave=move |_| held.set(false)
            on:focusin=move |_| held.set(true)
            on:focusout=move |_| held.set(false)
        >
            {move || {
                let places = said.get().into_iter();
                places.map(|place| place.map(|toast| view! { <News toast toasts/> })).collect_view()
            }}
        </div>
    }
}

#[component]
fn News(toast: Toast, toasts: Toasts) -> impl IntoView {
    let Toast { id, text, offer } = toast;
    let end = move || {
        // With the button its focus would be lost.
        browser::focus_main();
        toasts.end(id);
        toasts.held.set(false);
    };
    let offer = offer.map(|(label, act)| {
        let take = move |_| {
            end();
            act.run(());
        };
        view! { <button type="button" class="button plain small" on:click=take>{label}</button> }
    });
    view! {
        <div class="toast">
            <Icon glyph=Glyph::Check/>
            <p>{text}</p>
            {offer}
            <button type="button" class="button quiet small" aria-label="Close" on:click=move |_| end()>
                <Icon glyph=Glyph::Close/>
            </button>
        </div>
    }
}
