use leptos::prelude::*;

use crate::ui::{Notice, Tone};

/// Says why there is nothing to call yet, and what to do.
#[component]
pub fn NoModel() -> impl IntoView {
    view! {
        <Notice tone=Tone::Warn>
            <p>
                "No model is ready: its worker is still starting, or none is connected. "
                <a href="" rel="external">"Reload"</a> " in a minute."
            </p>
        </Notice>
    }
}
