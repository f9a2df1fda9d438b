use leptos::prelude::*;

use crate::console::LastUse;
use crate::ui::When;

/// `Last used 2 min ago from 203.0.113.7`, or that it never was.
#[component]
pub fn LastUseLine(last_use: Option<LastUse>, now: Signal<Option<i64>>) -> impl IntoView {
    match last_use {
        Some(LastUse { ms, ip }) => {
            let from = ip.map(|ip| view! { " from " <code>{ip}</code> });
            view! { "Last used " <When ms now/> {from} }.into_any()
        }
        None => "Never used".into_any(),
    }
}
