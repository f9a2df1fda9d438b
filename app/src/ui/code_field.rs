use leptos::prelude::*;

use super::field::{FieldHelp, described_by, focus_on_error};

/// A code that is good once. Browsers and password managers offer to fill it in, and it may be pasted with its spaces.
#[component]
pub fn CodeField(
    name: &'static str,
    label: &'static str,
    help: &'static str,
    /// Whether it is of digits alone, which keyboards on screens should offer.
    #[prop(optional)]
    digits: bool,
    /// Whether it has the focus at first.
    #[prop(default = true)]
    autofocus: bool,
    error: Signal<Option<String>>,
) -> impl IntoView {
    focus_on_error(name, error);
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                id=name
                name=name
                class="mono"
                type="text"
                inputmode=if digits { "numeric" } else { "text" }
                autocomplete="one-time-code"
                spellcheck="false"
                autocapitalize="none"
                required
                autofocus=autofocus
                aria-invalid=move || error.read().is_some().then_some("true")
                aria-describedby=described_by(name, true, error)
            />
            <FieldHelp id=name help=Some(help.to_owned()) error/>
        </div>
    }
}
