//! What is clicked in text that the server has rendered: code to copy, anchors, the language of examples.

use leptos::ev::{Event, KeyboardEvent, MouseEvent};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlAnchorElement, HtmlInputElement};

use super::page::document;

fn target(event: &Event) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

/// The code that belongs to the copy button that was clicked: of several languages, the one that is shown.
pub fn code_to_copy(event: &MouseEvent) -> Option<String> {
    let button = target(event)?.closest("[data-copy]").ok()??;
    let block = button.closest(".code").ok()??;
    let chosen = block.query_selector("input:checked").ok()?;
    let chosen = chosen.and_then(|input| input.dyn_into::<HtmlInputElement>().ok());
    let code = match chosen {
        Some(input) => format!("pre[data-language='{}']", input.value()),
        None => "pre".to_owned(),
    };
    block.query_selector(&code).ok()??.text_content()
}

/// The whole address of the heading whose anchor was clicked.
pub fn anchor_clicked(event: &MouseEvent) -> Option<String> {
    let anchor = target(event)?.closest("a.anchor").ok()??;
    let anchor: HtmlAnchorElement = anchor.dyn_into().ok()?;
    Some(anchor.href())
}

/// Shows the language that was chosen at one example at all others too.
pub fn choose_everywhere(event: &Event) {
    let Some(Ok(chosen)) = target(event).map(|target| target.dyn_into::<HtmlInputElement>()) else {
        return;
    };
    let same = format!(".languages input[value='{}']", chosen.value());
    let Ok(inputs) = document().query_selector_all(&same) else {
        return;
    };
    for at in 0..inputs.length() {
        let input = inputs
            .item(at)
            .and_then(|node| node.dyn_into::<HtmlInputElement>().ok());
        if let Some(input) = input {
            input.set_checked(true);
        }
    }
}

/// Whether a key belongs to a field, or to a shortcut of the browser's.
pub fn is_typing(event: &KeyboardEvent) -> bool {
    let in_field = target(event).is_some_and(|target| {
        target
            .matches("input, textarea, select, [contenteditable]")
            .unwrap_or(false)
    });
    in_field || event.ctrl_key() || event.meta_key() || event.alt_key()
}
