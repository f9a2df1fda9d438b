use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Glyph, Icon, Toasts};
use crate::browser;

/// Copies `text`. Not there where the browser offers no clipboard: then the text is selected by hand.
#[component]
pub fn CopyButton(
    #[prop(into)] text: Signal<String>,
    /// What is copied, as the button's name says it: `key`, `command`.
    what: &'static str,
    #[prop(optional, into)] on_copied: Option<Callback<()>>,
) -> impl IntoView {
    let able = browser::can_copy();
    let toasts = Toasts::here();
    let copy = move |_| {
        spawn_local(async move {
            if browser::copy(&text.get_untracked()).await {
                if let Some(on_copied) = on_copied {
                    on_copied.run(());
                }
                toasts.say(format!("Copied the {what}"));
            }
        });
    };
    view! {
        <button type="button" class="button quiet small" hidden=move || !able.get() on:click=copy>
            <Icon glyph=Glyph::Copy/>
            "Copy"
            <span class="visually-hidden">{format!(" the {what}")}</span>
        </button>
    }
}
