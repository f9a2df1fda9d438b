use leptos::prelude::*;

use crate::format;

/// How much of a fixed amount is used.
#[component]
pub fn Meter(label: String, used: u64, limit: u64, unit: &'static str) -> impl IntoView {
    let amount = format!("{} / {}", format::count(used), format::count(limit));
    let told = format!("{label}: {amount} {unit}");
    view! {
        <div class="limit">
            <span class="limit-name">{label}</span>
            <meter
                min="0"
                max=limit.max(1).to_string()
                high=(limit - limit / 5).to_string()
                value=used.min(limit).to_string()
                aria-label=told
            ></meter>
            <span class="limit-amount">{amount} " " <span class="hint">{unit}</span></span>
        </div>
    }
}
