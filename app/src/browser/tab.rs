//! What belongs to this tab: its store, which a reload survives and another tab does not see, and its address.

use std::cell::Cell;

use js_sys::Reflect;
use leptos::prelude::{WindowListenerHandle, window, window_event_listener_untyped};
use wasm_bindgen::JsValue;

/// What was kept under `name`, if the browser lets us look.
pub fn kept(name: &str) -> Option<String> {
    Reflect::get(&store()?, &name.into()).ok()?.as_string()
}

/// Keeps `text` under `name`. A store that is full or forbidden keeps nothing, which only a reload shows.
pub fn keep(name: &str, text: &str) {
    if let Some(store) = store().filter(|_| !IS_LEFT.get()) {
        let _ = Reflect::set(&store, &name.into(), &text.into());
    }
}

thread_local! {
    static IS_LEFT: Cell<bool> = const { Cell::new(false) };
}

/// Whoever is signed in leaves: this document keeps nothing more. What is there goes with the answer to that.
pub fn keep_no_more() {
    IS_LEFT.set(true);
}

fn store() -> Option<JsValue> {
    let store = Reflect::get(&window(), &"sessionStorage".into()).ok()?;
    store.is_object().then_some(store)
}

/// What stands behind the `#` of the address.
pub fn fragment() -> Option<String> {
    let hash = window().location().hash().ok()?;
    hash.strip_prefix('#').map(str::to_owned)
}

/// Takes the fragment off the address, so that a reload does not come by it again.
pub fn drop_fragment() {
    let Ok(history) = window().history() else {
        return;
    };
    let state = history.state().unwrap_or(JsValue::NULL);
    let here = super::path_and_query();
    let _ = history.replace_state_with_url(&state, "", Some(&here));
}

/// `http://127.0.0.1:3000`
pub fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// Calls `act` as the page is about to go, by a link, a reload or the tab's end.
pub fn on_leaving(act: impl Fn() + 'static) -> WindowListenerHandle {
    window_event_listener_untyped("pagehide", move |_| act())
}

/// Calls `act` as another fragment comes into the address of this page.
pub fn on_new_fragment(act: impl Fn() + 'static) -> WindowListenerHandle {
    window_event_listener_untyped("hashchange", move |_| act())
}
