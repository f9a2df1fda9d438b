//! Modal dialogs, and where the focus goes back to.

use std::cell::RefCell;

use leptos::prelude::request_animation_frame;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDialogElement, HtmlElement};

use super::page::{document, element, focus_main};

thread_local! {
    /// What had the focus before each of the dialogs that are open came.
    static OPENERS: RefCell<Vec<Option<HtmlElement>>> = const { RefCell::new(Vec::new()) };
}

/// Turns a dialog that the server rendered open, in the flow of the page, into a modal one.
pub fn show_modal(dialog: &HtmlDialogElement) {
    let opener = document()
        .active_element()
        .map(|element| menu_button(&element).unwrap_or(element))
        .and_then(|element| element.dyn_into().ok());
    OPENERS.with_borrow_mut(|openers| openers.push(opener));
    if dialog.is_connected() {
        show_again(dialog);
    } else {
        // What was waited for is put on the page in one piece, a moment after it is made.
        let dialog = dialog.clone();
        request_animation_frame(move || show_again(&dialog));
    }
}

/// The button that opened the menu with `link` in it: the menu itself is gone once a dialog comes.
fn menu_button(link: &Element) -> Option<Element> {
    let menu = link.closest(":popover-open").ok()??;
    let button = format!("[popovertarget='{}']", menu.id());
    document().query_selector(&button).ok()?
}

/// As [`show_modal`], for one that was there a moment ago.
pub fn show_again(dialog: &HtmlDialogElement) {
    // A dialog that is already open would refuse.
    let _ = dialog.remove_attribute("open");
    let _ = dialog.show_modal();
}

pub fn has_dialog() -> bool {
    document()
        .query_selector("dialog:modal")
        .is_ok_and(|dialog| dialog.is_some())
}

/// Has the dialog that closes next give the focus to the page's content: it leads to another page.
pub fn forget_opener() {
    OPENERS.with_borrow_mut(|openers| {
        if let Some(opener) = openers.last_mut() {
            *opener = None;
        }
    });
}

/// Gives the focus back to what opened the dialog, or to what has taken its place under the same id. Where neither is there,
/// it goes to the dialog below, or to the page's content.
pub fn close_modal() {
    let opener = OPENERS.with_borrow_mut(Vec::pop).flatten();
    let opener = opener.filter(|opener| opener.tag_name() != "BODY");
    let opener = opener.and_then(|opener| match opener.is_connected() {
        true => Some(opener),
        false => element(&opener.id()),
    });
    let below = || {
        let submit = document()
            .query_selector("dialog:modal [type=submit]")
            .ok()??;
        submit.dyn_into().ok()
    };
    match opener.or_else(below) {
        Some(opener) => {
            let _ = opener.focus();
        }
        None => focus_main(),
    }
}
