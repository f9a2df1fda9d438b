use leptos::prelude::*;

use super::HERE;
use crate::browser;
use crate::console::{AccountPage, AccountQuery, AccountRow};
use crate::format;
use crate::ui::{Badge, Empty, Tone, When};

#[component]
pub fn AccountList(page: AccountPage, asked: AccountQuery) -> impl IntoView {
    if page.rows.is_empty() {
        return view! {
            <Empty title="No account matches">
                <p>"Search for a part of an e-mail address or a name, or for a whole id such as acct_…"</p>
                <a href=HERE class="button plain">"Show all accounts"</a>
            </Empty>
        }
        .into_any();
    }
    let older = page.rows.last().filter(|_| page.more).map(|last| {
        AccountQuery {
            before: Some(last.id.clone()),
            ..asked.clone()
        }
        .href()
    });
    let newest = asked.before.is_some().then(|| {
        AccountQuery {
            before: None,
            ..asked
        }
        .href()
    });
    let now = browser::now();
    let rows = page.rows.into_iter().map(|row| view! { <Row row now/> });
    view! {
        <div class="card table-card section">
            <table class="table stacks">
                <caption class="visually-hidden">"Accounts, newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Account"</th>
                        <th scope="col">"State"</th>
                        <th scope="col">"Tier"</th>
                        <th scope="col" class="number">"Keys"</th>
                        <th scope="col" class="number">"Requests, 7 days"</th>
                        <th scope="col">"Last seen"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
        <nav class="pager" aria-label="Pages of accounts">
            {newest.map(|href| view! { <a href=href class="button plain">"Newest"</a> })}
            {older.map(|href| view! { <a href=href class="button plain">"Older"</a> })}
        </nav>
    }
    .into_any()
}

#[component]
fn Row(row: AccountRow, now: Signal<Option<i64>>) -> impl IntoView {
    let name = (!row.name.is_empty()).then_some(row.name);
    let seen = match row.seen_ms {
        Some(ms) => view! { <When ms now/> }.into_any(),
        None => "Not known".into_any(),
    };
    view! {
        <tr>
            <th scope="row">
                <a href=format!("{HERE}/{}", row.id)>{row.email}</a>
                {name.map(|name| view! { <p class="hint">{name}</p> })}
            </th>
            <td data-label="State"><State is_suspended=row.is_suspended is_admin=row.is_admin/></td>
            <td data-label="Tier">{row.tier}</td>
            <td data-label="Keys" class="number">{format::count(row.keys)}</td>
            <td data-label="Requests, 7 days" class="number">{format::count(row.requests)}</td>
            <td data-label="Last seen">{seen}</td>
        </tr>
    }
}

#[component]
pub fn State(is_suspended: bool, is_admin: bool) -> impl IntoView {
    let (tone, word) = match (is_suspended, is_admin) {
        (true, _) => (Tone::Danger, "Suspended"),
        (false, true) => (Tone::Info, "Administrator"),
        (false, false) => (Tone::Ok, "Active"),
    };
    view! { <Badge tone word/> }
}
