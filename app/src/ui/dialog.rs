use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use crate::browser;

/// A modal dialog. Rendered by the server it stands open in the flow of the page, so that it works without scripts
/// too. Whoever shows it takes it away again: when `on_close` asks for it (by Esc), or by its own links.
#[component]
pub fn Dialog(
    #[prop(into)] title: Signal<String>,
    /// Of its own where it may come above another dialog.
    #[prop(default = "dialog-title")]
    title_id: &'static str,
    on_close: Callback<()>,
    /// `any`: a click beside it closes it too.
    #[prop(optional)]
    closedby: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get() {
            browser::show_modal(&dialog);
            on_cleanup(|| set_timeout(browser::close_modal, Default::default()));
        }
    });
    view! {
        <dialog
            node_ref=dialog
            class="dialog"
            open
            closedby=closedby
            aria-labelledby=title_id
            on:cancel=move |event: ev::Event| {
                if event.cancelable() {
                    event.prevent_default();
                    on_close.run(());
                }
            }
            // A browser may close it without asking, by a second Esc. As long as it is on the page, it is open.
            on:close=move |_| {
                if let Some(dialog) = dialog.try_get_untracked().flatten() {
                    browser::show_again(&dialog);
                    on_close.run(());
                }
            }
        >
            <h2 id=title_id>{title}</h2>
            {children()}
        </dialog>
    }
}
