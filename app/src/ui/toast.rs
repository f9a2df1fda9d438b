//! Short news of what has just succeeded, read out politely.

use std::time::Duration;

use leptos::prelude::*;

use super::{Glyph, Icon};

/// Long enough to be read twice.
const SHOWN: Duration = Duration::from_secs(6);

/// What is said, and the one thing to do about it.
#[derive(Clone)]
struct Toast {
    text: String,
    offer: Option<(&'static str, Callback<()>)>,
}

/// Where news is said. A page takes it as it is built, and may speak at any time after.
#[derive(Clone, Copy)]
pub struct Toasts(RwSignal<Option<Toast>>);

impl Toasts {
    /// Makes a place for news below the current owner.
    pub fn provide() {
        provide_context(Toasts(RwSignal::new(None)));
    }

    /// The nearest place for news.
    pub fn here() -> Self {
        use_context().unwrap_or_else(|| Toasts(RwSignal::new(None)))
    }

    /// Says `text`, in place of what was said before.
    pub fn say(self, text: impl Into<String>) {
        self.show(text.into(), None);
    }

    /// Says `text` with a button that does something about it while it is shown.
    pub fn offer(self, text: impl Into<String>, label: &'static str, act: Callback<()>) {
        self.show(text.into(), Some((label, act)));
    }

    fn show(self, text: String, offer: Option<(&'static str, Callback<()>)>) {
        let toast = Toast {
            text: text.clone(),
            offer,
        };
        if self.0.try_set(Some(toast)).is_some() {
            return;
        }
        set_timeout(
            move || {
                let said = self.0.try_get_untracked().flatten();
                if said.is_some_and(|said| said.text == text) {
                    self.0.set(None);
                }
            },
            SHOWN,
        );
    }
}

#[component]
pub fn ToastRegion() -> impl IntoView {
    let Toasts(said) = Toasts::here();
    view! {
        <div class="toasts" role="status">
            {move || {
                said.get()
                    .map(|Toast { text, offer }| {
                        let offer = offer.map(|(label, act)| {
                            let take = move |_| {
                                said.set(None);
                                act.run(());
                            };
                            view! { <button type="button" class="button plain small" on:click=take>{label}</button> }
                        });
                        view! {
                            <p class="toast">
                                <Icon glyph=Glyph::Check/>
                                {text}
                                {offer}
                            </p>
                        }
                    })
            }}
        </div>
    }
}
