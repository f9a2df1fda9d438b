use leptos::prelude::*;

use crate::browser;

/// Run and Stop: two buttons, one of them hidden, so that the focus stays where it is as the run ends.
#[component]
pub fn RunButtons(running: Signal<bool>, run: Callback<()>, stop: Callback<()>) -> impl IntoView {
    let apple = browser::has_command_key();
    let shortcut = move || {
        if apple.get() {
            "⌘ Enter"
        } else {
            "Ctrl Enter"
        }
    };
    view! {
        <button
            type="button"
            class="button plain"
            hidden=move || !running.get()
            on:click=move |_| stop.run(())
        >
            "Stop" <kbd>"Esc"</kbd>
        </button>
        <button
            type="button"
            class="button primary"
            hidden=move || running.get()
            on:click=move |_| run.run(())
        >
            "Run" <kbd>{shortcut}</kbd>
        </button>
    }
}
