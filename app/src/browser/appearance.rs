//! What the document says of how it is shown, and how that is changed in place.

use js_sys::Reflect;
use leptos::prelude::is_browser;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::page::document;
use crate::console::{Appearance, Shortcuts, Theme, public};

const ON_DOCUMENT: [&str; 2] = ["data-theme", "data-shortcuts"];

/// As the server has written it onto the document, or [`show_appearance`] since.
fn appearance() -> Appearance {
    let root = document().document_element();
    let [theme, shortcuts] =
        ON_DOCUMENT.map(|name| root.as_ref().and_then(|root| root.get_attribute(name)));
    Appearance {
        theme: theme
            .and_then(|name| Theme::named(&name))
            .unwrap_or_default(),
        shortcuts: shortcuts.map_or(Shortcuts::On, |_| Shortcuts::Off),
    }
}

/// The same, on the server too.
pub fn appearance_here() -> Appearance {
    match is_browser() {
        true => appearance(),
        false => public()
            .map(|public| public.appearance())
            .unwrap_or_default(),
    }
}

/// How long a letter is awaited after `g`, in milliseconds.
pub const AWAITED_AFTER_G_MS: f64 = 1_500.0;

/// Whether single letters may do something: the reader may have switched them off.
pub fn has_shortcuts() -> bool {
    appearance().shortcuts == Shortcuts::On
}

/// Shows pages so from now on, and keeps it for the next.
pub fn show_appearance(appearance: Appearance) {
    let document = document();
    if let Some(root) = document.document_element() {
        let shortcuts = match appearance.shortcuts {
            Shortcuts::On => None,
            off => Some(off.name()),
        };
        let values = [appearance.theme.attribute(), shortcuts];
        for (name, value) in ON_DOCUMENT.into_iter().zip(values) {
            let _ = match value {
                Some(value) => root.set_attribute(name, value),
                None => root.remove_attribute(name),
            };
        }
    }
    // The account's menu says it too.
    for theme in Theme::ALL {
        let button = format!(".theme-buttons [value={}]", theme.name());
        if let Ok(Some(button)) = document.query_selector(&button) {
            let pressed = if theme == appearance.theme {
                "true"
            } else {
                "false"
            };
            let _ = button.set_attribute("aria-pressed", pressed);
        }
    }
    if let Ok(Some(buttons)) = document.query_selector(".theme-buttons") {
        let label = format!("Theme: {}", appearance.theme.title());
        let _ = buttons.set_attribute("aria-label", &label);
    }
    let [light, dark] = appearance.theme.grounds();
    let Ok(metas) = document.query_selector_all("meta[name=color-scheme], meta[name=theme-color]")
    else {
        return;
    };
    // In the order in which they stand in the document.
    for (at, content) in (0..).zip([appearance.theme.schemes(), light, dark]) {
        let meta = metas
            .item(at)
            .and_then(|node| node.dyn_into::<Element>().ok());
        if let Some(meta) = meta {
            let _ = meta.set_attribute("content", content);
        }
    }
    for cookie in appearance.to_cookies(super::origin().starts_with("https")) {
        let _ = Reflect::set(&document, &"cookie".into(), &cookie.into());
    }
}
