use leptos::prelude::*;

use super::open::Verb;
use super::words::{access, access_in_full, badge, explanation, requests};
use crate::browser;
use crate::console::{Key, LastUse, OldSecret};
use crate::format;
use crate::ui::{Badge, Menu, MenuLink, Spark, When};

/// Every key, those that have ended last. Where there is no room for columns a row becomes a block, named by its
/// cells' labels. As the list comes anew, the focus goes back to `refocus`.
#[component]
pub fn KeyTable(
    keys: Vec<Key>,
    now: Signal<Option<i64>>,
    refocus: RwSignal<Option<String>>,
) -> impl IntoView {
    Effect::new(move |_| {
        if let Some(id) = refocus.write_untracked().take() {
            browser::focus(&id);
        }
    });
    let rows = keys.into_iter().map(|key| {
        let olds = key.old_secrets.clone();
        let (id, name) = (key.id.clone(), key.name.clone());
        let olds = olds.into_iter().map(move |old| {
            view! { <OldSecretRow old id=id.clone() name=name.clone() now/> }
        });
        view! { <KeyRow key now/> {olds.collect_view()} }
    });
    view! {
        <div class="card keys">
            <table class="table">
                <caption class="visually-hidden">"Your API keys"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Key"</th>
                        <th scope="col">"Access"</th>
                        <th scope="col">"Last 24 h"</th>
                        <th scope="col">"Last used"</th>
                        <th scope="col">"Expires"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}

#[component]
fn KeyRow(key: Key, now: Signal<Option<i64>>) -> impl IntoView {
    let (tone, word) = badge(key.state);
    let explained = explanation(&key).map(|text| view! { <span class="hint">{text}</span> });
    let unused = key.hours.iter().all(|requests| *requests == 0);
    let menu = view! { <KeyMenu key=key.clone()/> };
    view! {
        <tr class:ended=key.state.has_ended()>
            <th scope="row"><bdi>{key.name}</bdi></th>
            <td data-label="Key"><code>{key.masked}</code></td>
            <td data-label="Access" title=access_in_full(&key.restrictions)>{access(&key.restrictions)}</td>
            <td data-label="Last 24 h" class:blank=unused><Use hours=key.hours/></td>
            <td data-label="Last used"><LastUsed last_use=key.last_use now/></td>
            <td data-label="Expires" class:blank=key.expires_ms.is_none()><Expires ms=key.expires_ms/></td>
            <td data-label="Status" class="key-status">
                <div>
                    <Badge tone word/>
                    {explained}
                </div>
            </td>
            <td class="row-action">{menu}</td>
        </tr>
    }
}

/// A secret of the key above that still works.
#[component]
fn OldSecretRow(
    old: OldSecret,
    id: String,
    name: String,
    now: Signal<Option<i64>>,
) -> impl IntoView {
    let ends = format!(
        "until {}, {} UTC",
        format::day(old.ends_ms),
        format::clock(old.ends_ms)
    );
    view! {
        <tr class="old-secret">
            <th scope="row">
                "Old secret"
                <span class="visually-hidden">" of " {name}</span>
            </th>
            <td data-label="Key"><code>{old.masked}</code></td>
            <td></td>
            <td></td>
            <td data-label="Last used"><LastUsed last_use=old.last_use now/></td>
            <td data-label="Works">
                <time datetime=format::iso(old.ends_ms) title=format::exact(old.ends_ms)>{ends}</time>
            </td>
            <td class="row-action" colspan="2">
                <a href=Verb::EndOld.address(&id) class="button quiet small danger" data-noscroll="true">
                    "End the old secret now"
                </a>
            </td>
        </tr>
    }
}

#[component]
fn Use(hours: Vec<u64>) -> impl IntoView {
    match hours.iter().sum::<u64>() {
        0 => view! { <span class="hint">"None"</span> }.into_any(),
        total => view! {
            <div class="key-use">
                <Spark values=hours told=format!("{} in the last 24 hours", requests(total))/>
                <span class="mono" aria-hidden="true">{format::short(total)}</span>
            </div>
        }
        .into_any(),
    }
}

#[component]
fn LastUsed(last_use: Option<LastUse>, now: Signal<Option<i64>>) -> impl IntoView {
    match last_use {
        Some(LastUse { ms, ip }) => view! {
            <div>
                <When ms now/>
                {ip.map(|ip| view! { <span class="hint key-from">"from " {ip}</span> })}
            </div>
        }
        .into_any(),
        None => view! { <span class="hint">"Never"</span> }.into_any(),
    }
}

#[component]
fn Expires(ms: Option<i64>) -> impl IntoView {
    match ms {
        Some(ms) => view! {
            <time datetime=format::iso(ms) title=format::exact(ms)>{format::date(ms)}</time>
        }
        .into_any(),
        None => view! { <span class="hint">"Never"</span> }.into_any(),
    }
}

/// What can be done with the key; what has ended can only be looked at.
#[component]
fn KeyMenu(key: Key) -> impl IntoView {
    let to = |verb: Verb| verb.address(&key.id);
    let alive = (!key.state.has_ended()).then(|| {
        view! {
            <MenuLink href=to(Verb::Rename)>"Rename…"</MenuLink>
            <MenuLink href=to(Verb::Restrict)>"Restrictions…"</MenuLink>
            <MenuLink href=to(Verb::Rotate)>"Rotate…"</MenuLink>
        }
    });
    let revoke = (!key.state.has_ended())
        .then(|| view! { <MenuLink href=to(Verb::Revoke) danger=true>"Revoke…"</MenuLink> });
    view! {
        <Menu id=menu_of(&key.id) label=format!("Actions for {}", key.name)>
            {alive}
            <MenuLink href=format!("/logs?key={}", key.id)>"See logs"</MenuLink>
            {revoke}
        </Menu>
    }
}

/// The id of the button that opens a key's menu.
pub fn menu_of(key: &str) -> String {
    format!("actions-{key}")
}
