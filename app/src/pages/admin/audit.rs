//! What is on record of everything.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::api::load_whole_audit_log;
use crate::console::{AuditPage, AuditQuery};
use crate::pages::audit::{AuditList, Export, Filters, query_here};
use crate::pages::loaded::Kept;

const HERE: &str = "/admin/audit-log";

#[component]
pub fn WholeAuditPage() -> impl IntoView {
    let query = query_here();
    let page = Resource::new(
        move || query.read().to_string(),
        |text| async move {
            load_whole_audit_log(text.clone())
                .await
                .map(|page| (text, page))
        },
    );
    view! {
        <Title text="Audit log of all"/>
        <header class="page-head">
            <h1>"Audit log"</h1>
            <Export query place=HERE/>
        </header>
        <p class="lead">"Who did what, to whom, and from where. Nothing here can be changed; each entry is kept for a year."</p>
        <form class="toolbar" method="get" action=HERE aria-label="What is listed">
            <Filters query page place=HERE/>
            <Field query name="account" label="Account, by address or id"/>
            <Field query name="ip" label="IP address"/>
            <button type="submit" class="button plain">"Show"</button>
        </form>
        <Kept
            from=page
            same=Signal::derive(move || query.read().to_string())
            view=move |page: AuditPage, asked: String| {
                view! { <AuditList page asked=AuditQuery::parse(&asked) place=HERE/> }.into_any()
            }
        />
    }
}

/// A filter that is typed.
#[component]
fn Field(query: Memo<AuditQuery>, name: &'static str, label: &'static str) -> impl IntoView {
    let value = move || {
        let query = query.read();
        let value = if name == "ip" {
            &query.ip
        } else {
            &query.account
        };
        value.clone().unwrap_or_default()
    };
    view! {
        <input
            class="compact"
            name=name
            aria-label=label
            placeholder=label
            value=value
            autocomplete="off"
            autocapitalize="none"
            spellcheck="false"
        />
    }
}
