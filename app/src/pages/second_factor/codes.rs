//! Recovery codes, which are on screen once.

use leptos::prelude::*;
use leptos_router::location::Url;

use crate::api::take_fresh_codes;
use crate::browser;
use crate::console::Problem;
use crate::pages::loaded::Asked;
use crate::ui::CopyButton;

/// Whether codes may leave the screen.
#[derive(Clone, Copy)]
pub struct Keeping {
    /// Whether they were copied, or kept as a file.
    saved: RwSignal<bool>,
    /// Whether their owner was told that they were not.
    warned: RwSignal<bool>,
}

impl Keeping {
    pub fn new() -> Self {
        Keeping {
            saved: RwSignal::new(false),
            warned: RwSignal::new(false),
        }
    }

    /// For other codes.
    pub fn begin_anew(self) {
        self.saved.set(false);
        self.warned.set(false);
    }

    /// The first time that they are not saved, they may not go.
    pub fn may_go(self) -> bool {
        if self.saved.get_untracked() || self.warned.get_untracked() {
            return true;
        }
        self.warned.set(true);
        false
    }

    /// Whether their owner was told that they are not saved, and has not saved them since.
    pub fn is_unsaved(self) -> bool {
        self.warned.get() && !self.saved.get()
    }
}

/// The codes, with all that is to be known of them; what leads away from them comes below.
#[component]
pub fn Codes(codes: Vec<String>, keeping: Keeping, children: Children) -> impl IntoView {
    let saved = keeping.saved;
    browser::guard_leaving(Signal::derive(move || !saved.get()));
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
    let told = "The codes are not saved yet, and they cannot be shown again.";
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
        <p class="error" role="alert">{move || keeping.is_unsaved().then_some(told)}</p>
        <div class="actions">{children()}</div>
    }
}

/// Those made by a form that was posted without scripts: only the page after it can have some.
pub fn fresh_codes() -> Asked<Option<Vec<String>>> {
    Resource::new(
        || (),
        |()| async {
            match is_browser() {
                true => Ok::<_, Problem>(None),
                false => take_fresh_codes().await,
            }
        },
    )
}
