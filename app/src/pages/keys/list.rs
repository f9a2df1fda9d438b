use leptos::prelude::*;

use crate::console::Key;
use crate::ui::{Badge, Tone, When};

/// Every key, revoked ones last. On narrow screens a row becomes a block, named by its cells' labels.
#[component]
pub fn KeyTable(keys: Vec<Key>, now: Signal<Option<i64>>) -> impl IntoView {
    let rows = keys
        .into_iter()
        .map(|key| view! { <KeyRow key now/> })
        .collect_view();
    view! {
        <div class="card table-card">
            <table class="table stacks">
                <caption class="visually-hidden">"Your API keys"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Key"</th>
                        <th scope="col">"Created"</th>
                        <th scope="col">"Last used"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

#[component]
fn KeyRow(key: Key, now: Signal<Option<i64>>) -> impl IntoView {
    let revoked = key.revoked_ms.is_some();
    let status = if revoked {
        view! { <Badge tone=Tone::Plain word="Revoked"/> }
    } else {
        view! { <Badge tone=Tone::Ok word="Active"/> }
    };
    let revoke = (!revoked).then(|| {
        let href = format!("/keys?revoke={}", key.id);
        let name = key.name.clone();
        view! {
            <a href=href class="button quiet small danger" data-noscroll="true">
                "Revoke"
                <span class="visually-hidden">{format!(" {name}")}</span>
            </a>
        }
    });
    view! {
        <tr class:revoked=revoked>
            <th scope="row" class="key-name">{key.name}</th>
            <td data-label="Key"><code>{key.masked}</code></td>
            <td data-label="Created"><When ms=key.created_ms now/></td>
            <td data-label="Last used">
                {match key.last_used_ms {
                    Some(ms) => view! { <When ms now/> }.into_any(),
                    None => view! { <span class="hint">"Never"</span> }.into_any(),
                }}
            </td>
            <td data-label="Status">{status}</td>
            <td class="row-action">{revoke}</td>
        </tr>
    }
}
