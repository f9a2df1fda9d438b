//! The way back from what has an address of its own, such as a dialog, to the page beneath it. The page takes its place in
//! the history, so that Back does not open it again.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

/// Goes to `address`, which takes the present one's place in the history.
pub fn replace_with(address: &str) {
    use_navigate()(
        address,
        NavigateOptions {
            scroll: false,
            replace: true,
            ..Default::default()
        },
    );
}

/// Closes a dialog that has done nothing; a link, so that it works without scripts.
#[component]
pub fn BackLink(
    to: &'static str,
    #[prop(default = "Cancel")] label: &'static str,
) -> impl IntoView {
    view! {
        <a href=to class="button plain" data-noscroll="true" prop:replace=true>
            {label}
        </a>
    }
}
