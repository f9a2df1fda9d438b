use leptos::prelude::*;

use super::open::close;
use crate::console::NewKey;
use crate::example::curl;
use crate::frame::AccountState;
use crate::pages::fresh::Secret;
use crate::ui::Code;

/// What became of a secret on screen. It belongs to the page, which outlives the dialog that shows it.
#[derive(Clone, Copy)]
pub struct Seen {
    pub copied: RwSignal<bool>,
    /// Whether its owner was told that it is not copied yet.
    pub warned: RwSignal<bool>,
}

impl Seen {
    pub fn new() -> Self {
        Seen {
            copied: RwSignal::new(false),
            warned: RwSignal::new(false),
        }
    }

    /// Whether the secret may go. The first time that it is not copied yet, it may not.
    pub fn may_go(self) -> bool {
        if self.copied.get_untracked() || self.warned.get_untracked() {
            return true;
        }
        self.warned.set(true);
        false
    }

    /// Ready for the next secret.
    pub fn reset(self) {
        self.copied.set(false);
        self.warned.set(false);
    }
}

/// A secret, once, with the request that it makes. Closing before it is copied asks a second time.
#[component]
pub fn ShownOnce(new: NewKey, seen: Seen) -> impl IntoView {
    let AccountState(overview) = expect_context();
    let uncopied = move || seen.warned.get() && !seen.copied.get();
    let secret = new.secret.clone();
    let example = move || {
        let secret = secret.clone();
        Suspend::new(async move {
            let overview = overview.await.ok()?;
            let command = curl(&overview.base_url, &overview.model?, &secret);
            Some(view! {
                <details class="more">
                    <summary>"curl with this key filled in"</summary>
                    <Code label="curl" text=Signal::stored(command)/>
                </details>
            })
        })
    };
    view! {
        <Secret secret=new.secret copied=seen.copied/>
        <Transition>{example}</Transition>
        <p class="error" role="alert">
            {move || uncopied().then_some("The key is not copied yet, and it cannot be shown again.")}
        </p>
        <div class="actions">
            <a
                href="/keys"
                class="button"
                class:primary=move || !uncopied()
                class:plain=uncopied
                data-noscroll="true"
                on:click=move |event| {
                    event.prevent_default();
                    leave(seen);
                }
            >
                {move || if uncopied() { "Close anyway" } else { "Done" }}
            </a>
        </div>
    }
}

/// Closes the dialog that shows a secret, or has it ask first.
pub fn leave(seen: Seen) {
    if seen.may_go() {
        close();
    }
}
