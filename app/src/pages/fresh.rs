//! A key's secret, which is on screen once.

use leptos::prelude::*;

use super::loaded::Asked;
use crate::api::take_fresh_key;
use crate::browser;
use crate::console::NewKey;
use crate::ui::CopyButton;

/// The key created by a form that was posted without scripts: only the rendering of the page after it can have one,
/// so a page that is opened in the browser does not ask.
pub fn fresh_key() -> Asked<Option<NewKey>> {
    Resource::new(
        || (),
        |()| async {
            if is_browser() {
                Ok(None)
            } else {
                take_fresh_key().await
            }
        },
    )
}

/// The secret with all that is to be known of it. While it is not `copied`, the browser asks before it leaves.
#[component]
pub fn Secret(secret: String, copied: RwSignal<bool>) -> impl IntoView {
    browser::guard_leaving(Signal::derive(move || !copied.get()));
    Effect::new(|_| browser::select("secret"));
    let text = secret.clone();
    view! {
        <div class="secret">
            <label for="secret">"Copy this key now. You will not see it again."</label>
            <div class="field-with-button">
                <input
                    id="secret"
                    class="mono"
                    readonly
                    value=secret
                    autocomplete="off"
                    spellcheck="false"
                    on:copy=move |_| copied.set(true)
                />
                <CopyButton text=Signal::stored(text) what="key" on_copied=Callback::new(move |()| copied.set(true))/>
            </div>
        </div>
    }
}
