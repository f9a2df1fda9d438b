use leptos::prelude::*;

use crate::console::Allowance;
use crate::format;
use crate::ui::Meter;

/// What is used at this moment, and of that what is only reserved.
#[component]
pub fn Allowances(requests: Allowance, tokens: Allowance) -> impl IntoView {
    let reserved = match tokens.reserved {
        0 => "Nothing is reserved: no request runs.".to_owned(),
        reserved => format!(
            "{} tokens are reserved by requests that run. What they do not use comes back when they end.",
            format::count(reserved)
        ),
    };
    view! {
        <section class="section" aria-labelledby="now">
            <div class="section-head">
                <h2 id="now">"Now"</h2>
                <span class="hint">"last 60 seconds"</span>
            </div>
            <ul class="card limits">
                <li><Meter label="Requests".to_owned() used=requests.used limit=requests.limit unit="per minute"/></li>
                <li><Meter label="Tokens".to_owned() used=tokens.used limit=tokens.limit unit="per minute"/></li>
            </ul>
            <p class="hint">{reserved}</p>
        </section>
    }
}
