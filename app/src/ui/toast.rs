//! Short news of what has just succeeded, read out politely.

use std::time::Duration;

use leptos::prelude::*;

use super::{Glyph, Icon};

/// Long enough to be read twice.
const SHOWN: Duration = Duration::from_secs(6);

/// Where news is said. A page takes it as it is built, and may speak at any time after.
#[derive(Clone, Copy)]
pub struct Toasts(RwSignal<Option<String>>);

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
        let text = text.into();
        if self.0.try_set(Some(text.clone())).is_some() {
            return;
        }
        set_timeout(
            move || {
                if self.0.try_get_untracked().flatten() == Some(text) {
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
                    .map(|text| {
                        view! {
                            <p class="toast">
                                <Icon glyph=Glyph::Check/>
                                {text}
                            </p>
                        }
                    })
            }}
        </div>
    }
}
