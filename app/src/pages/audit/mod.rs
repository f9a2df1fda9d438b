//! The audit log: what was done to the account, newest first. What is shown is all in the address.

mod list;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

pub use self::list::{AuditList, AuditTable};
use super::loaded::Kept;
use super::usage::show;
use crate::api::load_audit_log;
use crate::browser;
use crate::console::{AuditPage as Page, AuditQuery, Problem, Since};
use crate::ui::Select;

const HERE: &str = "/audit-log";

#[component]
pub fn AuditPage() -> impl IntoView {
    let query = query_here();
    let page = Resource::new(
        move || query.read().to_string(),
        |text| async move { load_audit_log(text.clone()).await.map(|page| (text, page)) },
    );
    view! {
        <Title text="Audit log"/>
        <header class="page-head">
            <h1>"Audit log"</h1>
            <Export query place=HERE/>
        </header>
        <p class="lead">"Who did what to this account, and from where. Nothing here can be changed; each entry is kept for a year."</p>
        <form class="toolbar" method="get" action=HERE aria-label="What is listed">
            <Filters query page place=HERE/>
            <ShowButton/>
        </form>
        <Kept
            from=page
            same=Signal::derive(move || query.read().to_string())
            view=move |page: Page, asked: String| {
                view! { <AuditList page asked=AuditQuery::parse(&asked) place=HERE/> }.into_any()
            }
        />
    }
}

/// What the address asks for.
pub fn query_here() -> Memo<AuditQuery> {
    let map = use_query_map();
    Memo::new(move |_| AuditQuery::parse(&map.read().to_query_string()))
}

/// By action and by time. Where scripts run, a choice is taken as it is made.
#[component]
pub fn Filters(
    query: Memo<AuditQuery>,
    page: Resource<Result<(String, Page), Problem>>,
    place: &'static str,
) -> impl IntoView {
    let choose = move |chosen: AuditQuery| show(&chosen.from_the_top().href(place));
    let actions = Signal::derive(move || {
        let read = page.get().and_then(Result::ok);
        let mut actions = vec![(String::new(), "All actions".to_owned())];
        actions.extend(read.map(|(_, page)| page.actions).unwrap_or_default());
        actions
    });
    let times = Since::ALL.map(|since| (since.name().to_owned(), since.title().to_owned()));
    view! {
        <Transition>
            <Select
                name="action"
                label="Action"
                options=actions
                value=Signal::derive(move || query.read().action.clone().unwrap_or_default())
                on_change=Callback::new(move |action: String| choose(AuditQuery {
                    action: Some(action).filter(|action| !action.is_empty()),
                    ..query.get_untracked()
                }))
            />
        </Transition>
        <Select
            name="since"
            label="Time"
            options=Signal::stored(times.to_vec())
            value=Signal::derive(move || query.read().since.name().to_owned())
            on_change=Callback::new(move |since: String| choose(AuditQuery {
                since: AuditQuery::parse(&format!("since={since}")).since,
                ..query.get_untracked()
            }))
        />
    }
}

/// For who has no scripts.
#[component]
fn ShowButton() -> impl IntoView {
    let awake = browser::awake();
    view! { <button type="submit" class="button plain" hidden=move || awake.get()>"Show"</button> }
}

/// What is filtered, as a file.
#[component]
pub fn Export(query: Memo<AuditQuery>, place: &'static str) -> impl IntoView {
    let href = move || query.read().from_the_top().href(&format!("{place}.jsonl"));
    view! { <a class="button plain" href=href rel="external" download="">"Export JSON lines"</a> }
}
