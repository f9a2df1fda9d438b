use leptos::prelude::*;

use super::{Glyph, Icon};

/// A button that opens a short list of links beside it. The browser closes it by Esc, by a click elsewhere, and before a
/// dialog comes.
#[component]
pub fn Menu(
    /// Of the button; the list's is made of it.
    id: String,
    #[prop(into)] label: String,
    children: Children,
) -> impl IntoView {
    let list = format!("{id}-list");
    view! {
        <button id=id type="button" class="button quiet small menu-button" popovertarget=list.clone() aria-label=label>
            <Icon glyph=Glyph::More/>
        </button>
        <ul id=list class="menu" popover="auto">
            {children()}
        </ul>
    }
}

#[component]
pub fn MenuLink(href: String, #[prop(optional)] danger: bool, children: Children) -> impl IntoView {
    view! {
        <li>
            <a href=href class="menu-link" class:danger=danger data-noscroll="true">
                {children()}
            </a>
        </li>
    }
}
