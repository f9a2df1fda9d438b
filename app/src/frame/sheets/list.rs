use leptos::prelude::*;

use super::super::account::PAGES;
use super::super::shortcuts::Sheet;
use super::letters::keys_to;
use crate::browser;
use crate::ui::Dialog;

/// What the keys do, and where they are switched off.
#[component]
pub fn ShortcutList(sheet: RwSignal<Option<Sheet>>) -> impl IntoView {
    let close = Callback::new(move |()| sheet.set(None));
    let has_command_key = browser::has_command_key();
    let pages = PAGES
        .iter()
        .filter_map(|(place, name, _)| Some((keys_to(place)?, *name)));
    let others = [
        ("c", "Create key"),
        ("/", "Search or filter this page"),
        ("?", "This list"),
        ("j", "Next request, in the logs"),
        ("k", "The one before, in the logs"),
        ("l", "Live, in the logs"),
    ]
    .map(|(keys, does)| (keys.to_owned(), does));
    let letters = pages.chain(others).map(|(keys, does)| {
        view! {
            <div>
                <dt>{does}</dt>
                <dd><Keys keys/></dd>
            </div>
        }
    });
    let off = (!browser::has_shortcuts()).then(|| {
        view! { <p class="hint">"Letters are switched off in this browser."</p> }
    });
    view! {
        <Dialog title="Keyboard shortcuts" on_close=close closedby="any">
            <dl class="shortcuts">
                <div>
                    <dt>"Command palette"</dt>
                    <dd>
                        <kbd>{move || if has_command_key.get() { "⌘" } else { "Ctrl" }}</kbd>
                        <kbd>"k"</kbd>
                    </dd>
                </div>
                {letters.collect_view()}
            </dl>
            {off}
            <p class="hint">
                "Letters do nothing while you type. They can be switched off under "
                <a href="/settings#appearance" on:click=move |_| close.run(())>"Settings"</a> "."
            </p>
            <div class="actions">
                <button type="button" class="button plain" autofocus on:click=move |_| close.run(())>
                    "Close"
                </button>
            </div>
        </Dialog>
    }
}

/// `g k` as two keys, one after the other.
#[component]
pub fn Keys(keys: String) -> impl IntoView {
    let keys = keys.split(' ').map(str::to_owned);
    keys.map(|key| view! { <kbd>{key}</kbd> }).collect_view()
}
