use leptos::prelude::*;

use crate::console::TierOffer;
use crate::format;
use crate::ui::{Badge, Tone};

/// Every tier, with the way to it.
#[component]
pub fn TierTable(tiers: Vec<TierOffer>, has_own: bool, asked_ms: Option<i64>) -> impl IntoView {
    let own = has_own.then(|| {
        view! { <p class="hint">"The limits of this account were set for it alone: they are those above, whatever the table says."</p> }
    });
    let rows = tiers
        .into_iter()
        .map(|tier| view! { <TierRow tier asked_ms/> })
        .collect_view();
    view! {
        <section class="section" aria-labelledby="tiers">
            <div class="section-head">
                <h2 id="tiers">"Tiers"</h2>
            </div>
            <div class="card table-card">
                <table class="table stacks">
                    <caption class="visually-hidden">"Tiers and their limits"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Tier"</th>
                            <th scope="col" class="number">"Requests per minute"</th>
                            <th scope="col" class="number">"Tokens per minute"</th>
                            <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {own}
        </section>
    }
}

#[component]
fn TierRow(tier: TierOffer, asked_ms: Option<i64>) -> impl IntoView {
    let (figure, rpm, tpm) = match tier.quota {
        Some((rpm, tpm)) => ("number", format::count(rpm), format::count(tpm)),
        None => (
            "number unset",
            "set for you".to_owned(),
            "set for you".to_owned(),
        ),
    };
    let action = match (tier.is_current, tier.quota, asked_ms) {
        (true, ..) => view! { <Badge tone=Tone::Ok word="Current"/> }.into_any(),
        (false, Some(_), _) => {
            let href = format!("/limits?choose={}", tier.name);
            view! {
                <a href=href class="button plain small" data-noscroll="true">
                    "Choose"
                    <span class="visually-hidden">{format!(" {}", tier.title)}</span>
                </a>
            }
            .into_any()
        }
        (false, None, asked) => view! {
            <div class="row-actions">
                {asked.map(|ms| view! { <span class="hint">{format!("Asked on {}", format::day(ms))}</span> })}
                <a href="/limits?ask" class="button plain small" data-noscroll="true">
                    {if asked.is_some() { "Ask again…" } else { "Ask…" }}
                    <span class="visually-hidden">{format!(" for {}", tier.title)}</span>
                </a>
            </div>
        }
        .into_any(),
    };
    view! {
        <tr>
            <th scope="row">{tier.title}</th>
            <td class=figure data-label="Requests per minute">{rpm}</td>
            <td class=figure data-label="Tokens per minute">{tpm}</td>
            <td class="row-action">{action}</td>
        </tr>
    }
}
