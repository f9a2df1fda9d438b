//! The browser's entry: takes over the page that the server rendered.

use leptos::mount::hydrate_from_async;
use leptos::prelude::document;
use leptos::tachys::dom::body;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;

/// Called once by the page's script, when this module has been loaded.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    spawn_local(async {
        // Once the page's own code has come too.
        hydrate_from_async(body(), app::App).await.forget();
        // For those who drive a browser, and must not type into a page that is still asleep.
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-awake", "");
        }
    });
}
