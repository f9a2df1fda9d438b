//! Where the pointer is.

use leptos::ev;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// How far from the left the pointer is in the element that listens, from 0 to 1.
pub fn place_in(event: &ev::MouseEvent) -> f64 {
    let element = event
        .current_target()
        .and_then(|target| target.dyn_into::<HtmlElement>().ok());
    let width = element.map_or(0, |element| element.client_width());
    f64::from(event.offset_x()) / f64::from(width.max(1))
}
