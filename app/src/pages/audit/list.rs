use leptos::prelude::*;

use crate::browser;
use crate::console::{AuditPage, AuditQuery, AuditRow};
use crate::format;
use crate::ui::{Badge, Empty, Tone, When};

/// A page of a log with the ways on and back.
#[component]
pub fn AuditList(page: AuditPage, asked: AuditQuery, place: &'static str) -> impl IntoView {
    if page.rows.is_empty() {
        return view! { <Nothing asked place/> }.into_any();
    }
    let older = page.rows.last().filter(|_| page.more).map(|last| {
        AuditQuery {
            before: Some((last.at_ms, last.id.clone())),
            ..asked.clone()
        }
        .href(place)
    });
    let newest = asked
        .before
        .is_some()
        .then(|| asked.from_the_top().href(place));
    let updated = format!(
        "All times UTC · updated {}",
        format::clock_second(page.updated_ms)
    );
    view! {
        <AuditTable rows=page.rows/>
        <nav class="pager" aria-label="Pages of the log">
            {newest.map(|href| view! { <a href=href class="button plain">"Newest"</a> })}
            {older.map(|href| view! { <a href=href class="button plain">"Older"</a> })}
        </nav>
        <p class="hint updated">{updated}</p>
    }
    .into_any()
}

#[component]
pub fn AuditTable(rows: Vec<AuditRow>) -> impl IntoView {
    let of_accounts = rows.iter().any(|row| row.account.is_some());
    let now = browser::now();
    let rows = rows
        .into_iter()
        .map(|row| view! { <Row row of_accounts now/> });
    view! {
        <div class="card table-card audit">
            <table class="table stacks">
                <caption class="visually-hidden">"What is on record, newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Action"</th>
                        <th scope="col">"Time"</th>
                        <th scope="col">"By"</th>
                        {of_accounts.then(|| view! { <th scope="col">"Account"</th> })}
                        <th scope="col">"From"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(row: AuditRow, of_accounts: bool, now: Signal<Option<i64>>) -> impl IntoView {
    let what = row.details.into_iter().map(|(name, words)| {
        view! { <p class="hint">{format!("{name}: {words}")}</p> }
    });
    let account = of_accounts.then(|| {
        let link = row.account.map(|(id, email)| {
            view! { <a href=format!("/admin/accounts/{id}")>{email}</a> }
        });
        view! { <td data-label="Account"><span>{link}</span></td> }
    });
    let browser = (!row.browser.is_empty()).then_some(row.browser);
    view! {
        <tr>
            <th scope="row">
                <span title=row.action>{row.title}</span>
                {row.target.map(|target| view! { " " <span class="audit-target">{target}</span> })}
                {row.refused.then(|| view! { " " <Badge tone=Tone::Warn word="Refused"/> })}
                {what.collect_view()}
            </th>
            <td data-label="Time"><When ms=row.at_ms now/></td>
            <td data-label="By"><span>{row.actor}</span></td>
            {account}
            <td data-label="From">
                <div>
                    <span class="mono">{row.ip.unwrap_or_else(|| "–".to_owned())}</span>
                    {browser.map(|browser| view! { <p class="hint">{browser}</p> })}
                </div>
            </td>
        </tr>
    }
}

#[component]
fn Nothing(asked: AuditQuery, place: &'static str) -> impl IntoView {
    match asked.is_filtered() {
        true => view! {
            <Empty title="Nothing on record matches these filters">
                <p>"There may be some with other filters, or from an earlier time."</p>
                <a href=place class="button plain">"Clear filters"</a>
            </Empty>
        }
        .into_any(),
        false => view! {
            <Empty title="Nothing on record yet">
                <p>"Sign-ins, keys, settings and what administrators do show here as soon as they are done."</p>
            </Empty>
        }
        .into_any(),
    }
}
