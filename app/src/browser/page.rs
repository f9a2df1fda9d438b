//! The page around us: focus, clipboard, address, and leaving.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, HtmlElement, HtmlInputElement};

pub(super) fn document() -> Document {
    leptos::prelude::document()
}

pub(super) fn element(id: &str) -> Option<HtmlElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// False on the server and while the page is being hydrated, true from then on.
pub fn awake() -> Signal<bool> {
    let (awake, set_awake) = signal(false);
    Effect::new(move |_| set_awake.set(true));
    awake.into()
}

/// Whether there is a clipboard to write to: browsers offer it to secure pages only.
pub fn can_copy() -> Signal<bool> {
    let (able, set_able) = signal(false);
    Effect::new(move |_| {
        let clipboard =
            js_sys::Reflect::get(&window().navigator(), &JsValue::from_str("clipboard"));
        set_able.set(clipboard.is_ok_and(|clipboard| clipboard.is_object()));
    });
    able.into()
}

/// Whether the browser let us write `text` to the clipboard.
pub async fn copy(text: &str) -> bool {
    JsFuture::from(window().navigator().clipboard().write_text(text))
        .await
        .is_ok()
}

pub fn focus(id: &str) {
    if let Some(element) = element(id) {
        let _ = element.focus();
    }
}

/// The id of what has the focus, if it has one.
pub fn focused() -> Option<String> {
    let id = document().active_element()?.id();
    (!id.is_empty()).then_some(id)
}

/// Takes out what a field holds.
pub fn empty(id: &str) {
    if let Some(Ok(field)) = element(id).map(|element| element.dyn_into::<HtmlInputElement>()) {
        field.set_value("");
    }
}

/// Moves the focus to a field and selects what it holds.
pub fn select(id: &str) {
    if let Some(Ok(field)) = element(id).map(|element| element.dyn_into::<HtmlInputElement>()) {
        let _ = field.focus();
        field.select();
    }
}

/// Moves the focus to the field by which the page is searched or filtered, and says whether it has one.
pub fn focus_search() -> bool {
    let field = ["#main [aria-keyshortcuts='/']", "#main .toolbar select"]
        .into_iter()
        .find_map(|field| document().query_selector(field).ok().flatten());
    let Some(Ok(field)) = field.map(|field| field.dyn_into::<HtmlElement>()) else {
        return false;
    };
    let _ = field.focus();
    if let Some(field) = field.dyn_ref::<HtmlInputElement>() {
        field.select();
    }
    true
}

/// As if it had been clicked.
pub fn click(id: &str) {
    if let Some(element) = element(id) {
        element.click();
    }
}

/// Scrolls what an element stands in as little as shows it whole.
pub fn bring_into_view(id: &str) {
    let Some(element) = element(id) else {
        return;
    };
    if let Some(list) = element.offset_parent() {
        let (top, height) = (element.offset_top(), element.offset_height());
        let seen = list.scroll_top()..list.scroll_top() + list.client_height() - height;
        if top < seen.start {
            list.set_scroll_top(top);
        } else if top > seen.end {
            list.set_scroll_top(top + height - list.client_height());
        }
    }
}

/// Moves the focus to the page's content, as a browser does when it loads a page.
pub fn focus_main() {
    focus("main");
}

pub fn hide_popover(id: &str) {
    // Fails where the popover is not open, which is what was wanted.
    if let Some(element) = element(id) {
        let _ = element.hide_popover();
    }
}

/// Whether the end of a scrolled element is in view, or nearly.
pub fn is_near_end(id: &str) -> bool {
    const NEAR: i32 = 40;
    element(id).is_none_or(|element| {
        element.scroll_height() - element.scroll_top() - element.client_height() < NEAR
    })
}

/// Scrolls an element to its end as it will be once this change is on screen.
pub fn scroll_to_end(id: &'static str) {
    request_animation_frame(move || {
        if let Some(element) = element(id) {
            element.set_scroll_top(element.scroll_height());
        }
    });
}

/// Goes to the part of the page that the address names, once it is there. Where the browser has been there already, it stays.
pub fn scroll_to_named() {
    request_animation_frame(|| {
        let hash = window().location().hash().unwrap_or_default();
        let named = hash.strip_prefix('#').and_then(element);
        if let (Some(named), Ok(0.0)) = (named, window().scroll_y()) {
            named.scroll_into_view();
        }
    });
}

/// Adds text behind what an element shows, without touching that.
pub fn append(element: &HtmlElement, text: &str) {
    let _ = element.insert_adjacent_text("beforeend", text);
}

pub fn is_visible() -> bool {
    !document().hidden()
}

/// Does `act` each time that this tab is looked at again, as long as the current owner lives.
pub fn on_return(act: impl Fn() + Clone + 'static) {
    Effect::new(move |_| {
        let act = act.clone();
        let listener = window_event_listener_untyped("visibilitychange", move |_| {
            if is_visible() {
                act();
            }
        });
        on_cleanup(move || listener.remove());
    });
}

/// Writes `text` into an element for as long as the browser has no network.
pub fn tell_while_offline(id: &'static str, text: &'static str) {
    Effect::new(move |_| {
        let tell = move || {
            let told = (!window().navigator().on_line()).then_some(text);
            if let Some(element) = element(id) {
                element.set_text_content(told);
            }
        };
        tell();
        for event in ["online", "offline"] {
            let listener = window_event_listener_untyped(event, move |_| tell());
            on_cleanup(move || listener.remove());
        }
    });
}

/// Where we are, to come back to: `/usage?range=week`.
pub fn path_and_query() -> String {
    let location = window().location();
    location.pathname().unwrap_or_default() + &location.search().unwrap_or_default()
}

/// Where we are, without what is asked there: `/usage`.
pub fn path() -> String {
    window().location().pathname().unwrap_or_default()
}

/// Has the browser itself load what is at `address`: a file that it keeps leaves the page where it is.
pub fn leave_to(address: &str) {
    let _ = window().location().set_href(address);
}

/// Whether shortcuts of this machine use ⌘ where others use Ctrl.
pub fn has_command_key() -> Signal<bool> {
    let (apple, set_apple) = signal(false);
    Effect::new(move |_| {
        let agent = window().navigator().user_agent().unwrap_or_default();
        set_apple.set(agent.contains("Mac") || agent.contains("iPhone") || agent.contains("iPad"));
    });
    apple.into()
}

/// Has the browser ask before it leaves the page while `guarded` holds.
pub fn guard_leaving(guarded: Signal<bool>) {
    Effect::new(move |_| {
        if guarded.get() {
            let listener = window_event_listener(ev::beforeunload, |event| {
                event.prevent_default();
                event.set_return_value("leave");
            });
            on_cleanup(move || listener.remove());
        }
    });
}
