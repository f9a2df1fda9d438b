//! Logs: every request, newest first. What is listed and which request is open is all in the address.

mod controls;
mod details;
mod list;
mod live;
mod timeline;
mod waterfall;

use leptos::ev;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use self::controls::Controls;
use self::details::Panel;
use self::list::{LogList, TABLE, row_id};
use self::live::{Live, LiveToggle};
use self::timeline::TimelineChart;
use super::loaded::Kept;
use super::way_back::replace_with;
use crate::api::load_logs;
use crate::browser;
use crate::console::{LogPage, LogQuery};
use crate::format;
use crate::ui::Empty;

#[component]
pub fn LogsPage() -> impl IntoView {
    let map = use_query_map();
    let query = Memo::new(move |_| LogQuery::parse(&map.read().to_query_string()));
    // What is open beside the list changes nothing in it.
    let listed = Memo::new(move |_| query.read().without_request());
    let open = Memo::new(move |_| query.read().request.clone());
    let page = Resource::new(
        move || listed.read().to_string(),
        |text| async move { load_logs(text.clone()).await.map(|page| (text, page)) },
    );
    let live = Live::new(listed);
    let letters = Letters {
        awaited_since: StoredValue::new(None),
    };
    let close = move || {
        let id = open.get_untracked();
        replace_with(&listed.get_untracked().href());
        // The link that opened it is in the page again once that is narrow.
        if let Some(id) = id {
            set_timeout(move || browser::focus_row(&row_id(&id)), Default::default());
        }
    };
    view! {
        <Title text="Logs"/>
        <div class="logs" class:open=move || open.read().is_some() on:keydown=move |event| {
            if !letters.mean_pages(&event) {
                turn(&event, query, live, close);
            }
        }>
            <div class="log-main">
                <header class="page-head">
                    <h1>"Logs"</h1>
                    <LiveToggle live/>
                </header>
                <Controls query page/>
                <Kept
                    from=page
                    same=Signal::derive(move || listed.read().to_string())
                    view=move |page: LogPage, asked: String| {
                        let asked = LogQuery::parse(&asked);
                        view! { <Body page asked query live/> }.into_any()
                    }
                />
                <Foot page live/>
            </div>
            <Panel open on_close=Callback::new(move |()| close())/>
        </div>
    }
}

/// What letters mean elsewhere, or whether they mean anything at all: `g k` leads to a page from here too.
#[derive(Clone, Copy)]
struct Letters {
    awaited_since: StoredValue<Option<f64>>,
}

impl Letters {
    fn mean_pages(self, event: &ev::KeyboardEvent) -> bool {
        let (key, now) = (event.key(), event.time_stamp());
        let since = self.awaited_since.get_value();
        self.awaited_since.set_value((key == "g").then_some(now));
        let after_g = since.is_some_and(|since| now - since < browser::AWAITED_AFTER_G_MS);
        key.len() == 1 && (after_g || !browser::has_shortcuts())
    }
}

/// Keys, while the focus is somewhere in the log: rows are walked, the open request is closed, live is switched.
fn turn(event: &ev::KeyboardEvent, query: Memo<LogQuery>, live: Live, close: impl Fn()) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() || browser::is_editing() {
        return;
    }
    let forward = match event.key().as_str() {
        "ArrowDown" | "j" => true,
        "ArrowUp" | "k" => false,
        "Escape" if query.read_untracked().request.is_some() => return close(),
        "l" => return live.switch(),
        _ => return,
    };
    // In the chart, arrows mean something else.
    if event.default_prevented() {
        return;
    }
    let Some(row) = browser::step_row(TABLE, forward) else {
        return;
    };
    event.prevent_default();
    // What is open follows.
    if query.read_untracked().request.is_some()
        && let Some(id) = row.strip_prefix("row-")
    {
        replace_with(&query.get_untracked().with_request(id).href());
    }
}

#[component]
fn Body(page: LogPage, asked: LogQuery, query: Memo<LogQuery>, live: Live) -> impl IntoView {
    let LogPage {
        rows,
        more,
        timeline,
        updated_ms,
        ..
    } = page;
    live.begin(&rows, updated_ms);
    let older = rows.last().filter(|_| more).map(|last| {
        let place = Some(last.place());
        LogQuery {
            before: place,
            ..asked.clone()
        }
        .href()
    });
    let newest = asked.before.is_some().then(|| {
        LogQuery {
            before: None,
            ..asked.clone()
        }
        .href()
    });
    let chart = view! { <TimelineChart timeline query=asked.clone()/> };
    view! {
        {chart}
        <LogList query live empty=move || view! { <Nothing query=asked.clone()/> }.into_any()/>
        <nav class="pager" aria-label="Pages of the log">
            {newest.map(|href| view! { <a href=href class="button plain">"Newest"</a> })}
            {older.map(|href| view! { <a href=href class="button plain">"Older"</a> })}
        </nav>
    }
}

#[component]
fn Foot(
    page: Resource<Result<(String, LogPage), crate::console::Problem>>,
    live: Live,
) -> impl IntoView {
    let read = move || {
        page.get()
            .and_then(Result::ok)
            .map(|(_, page)| page.updated_ms)
    };
    let updated = move || {
        let at = live.updated().or_else(read);
        at.map(|at| format!("All times UTC · updated {} · ", format::clock_second(at)))
    };
    view! {
        <p class="hint updated">
            "Prompts and answers are not stored. "
            <Transition>{updated}</Transition>
            <a
                href=""
                rel="external"
                on:click=move |event| {
                    event.prevent_default();
                    page.refetch();
                }
            >
                "Refresh"
            </a>
        </p>
    }
}

#[component]
fn Nothing(query: LogQuery) -> impl IntoView {
    if query.filter.is_empty() {
        return view! {
            <Empty title="No requests in this range">
                <p>"What you call shows here within seconds."</p>
                <a href="/logs?range=month" class="button plain">"Show 30 days"</a>
            </Empty>
        }
        .into_any();
    }
    let all = LogQuery {
        filter: Default::default(),
        ..query
    };
    view! {
        <Empty title="No requests match these filters">
            <p>"There may be some with other filters, or in another range."</p>
            <a href=all.href() class="button plain">"Clear filters"</a>
        </Empty>
    }
    .into_any()
}
