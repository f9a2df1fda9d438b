//! Modal dialogs, and where the focus goes back to.

use std::cell::RefCell;

use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, HtmlElement};

use super::page::{document, focus_main};

thread_local! {
    /// What had the focus before the dialog came.
    static OPENER: RefCell<Option<HtmlElement>> = const { RefCell::new(None) };
}

/// Turns a dialog that the server rendered open, in the flow of the page, into a modal one.
pub fn show_modal(dialog: &HtmlDialogElement) {
    let opener = document()
        .active_element()
        .and_then(|element| element.dyn_into().ok());
    OPENER.set(opener);
    // A dialog that is already open would refuse.
    let _ = dialog.remove_attribute("open");
    let _ = dialog.show_modal();
}

/// Gives the focus back to what opened the dialog or, where that is gone, to the page's content.
pub fn close_modal() {
    let opener = OPENER
        .take()
        .filter(|opener| opener.is_connected() && opener.tag_name() != "BODY");
    match opener {
        Some(opener) => {
            let _ = opener.focus();
        }
        None => focus_main(),
    }
}
