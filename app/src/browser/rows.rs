//! Moving the focus among the rows of a table, each of which has one link.

use leptos::prelude::request_animation_frame;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::page::{document, focus};

/// Moves the focus to the next row's link, or the one before. From outside the rows, to the first. Gives the row's id.
pub fn step_row(table: &str, forward: bool) -> Option<String> {
    let table = document().get_element_by_id(table)?;
    let row = document()
        .active_element()
        .and_then(|element| element.closest("tr").ok().flatten())
        .filter(|row| table.contains(Some(row)));
    let next = match row {
        Some(row) if forward => row.next_element_sibling(),
        Some(row) => row.previous_element_sibling(),
        None => table.query_selector("tbody tr").ok().flatten(),
    }?;
    focus_link(&next);
    Some(next.id())
}

/// Moves the focus to the link of the row with this id.
pub fn focus_row(id: &str) {
    if let Some(row) = document().get_element_by_id(id) {
        focus_link(&row);
    }
}

fn focus_link(row: &Element) {
    let link = row.query_selector("a").ok().flatten();
    if let Some(link) = link.and_then(|link| link.dyn_into::<HtmlElement>().ok()) {
        let _ = link.focus();
    }
}

/// Moves the focus to an element, if what has it now cannot be seen any more.
pub fn focus_if_lost(id: &'static str) {
    request_animation_frame(move || {
        let focused = document()
            .active_element()
            .and_then(|element| element.dyn_into::<HtmlElement>().ok());
        if focused.is_none_or(|element| element.offset_parent().is_none()) {
            focus(id);
        }
    });
}

/// Whether keys are being typed into a field, or choose in one.
pub fn is_editing() -> bool {
    let focused = document().active_element();
    focused.is_some_and(|element| {
        matches!(element.tag_name().as_str(), "INPUT" | "SELECT" | "TEXTAREA")
    })
}

/// Whether the reader has left the top of the page.
pub fn is_scrolled() -> bool {
    leptos::prelude::window()
        .scroll_y()
        .is_ok_and(|top| top > 80.0)
}
