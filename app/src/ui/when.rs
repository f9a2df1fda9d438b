use leptos::prelude::*;

use crate::format;

/// A time: how long ago where the present is known, with the exact UTC time on hover; else the date.
#[component]
pub fn When(ms: i64, now: Signal<Option<i64>>) -> impl IntoView {
    let text = move || match now.get() {
        Some(now) => format::ago(ms, now),
        None => format!("{}, {}", format::date(ms), format::clock(ms)),
    };
    view! {
        <time datetime=format::iso(ms) title=format::exact(ms)>
            {text}
        </time>
    }
}
