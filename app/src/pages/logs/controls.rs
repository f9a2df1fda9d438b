use leptos::prelude::*;

use crate::browser;
use crate::console::{Filter, LogPage, LogQuery, Problem};
use crate::pages::usage::{Bounds, Filters, HiddenBounds, RangeSelect, show};

/// What is listed, chosen: a form whose answer is the page itself. Where scripts run, a choice is taken as it is made.
#[component]
pub fn Controls(
    query: Memo<LogQuery>,
    page: Resource<Result<(String, LogPage), Problem>>,
) -> impl IntoView {
    let awake = browser::awake();
    let range = Signal::derive(move || query.read().range);
    let choices = Signal::derive(move || {
        let read = page.get().and_then(Result::ok);
        read.map(|(_, page)| page.choices).unwrap_or_default()
    });
    let choose_range = move |chosen: String| {
        let range = LogQuery::parse(&format!("range={chosen}")).range;
        show(
            &LogQuery {
                range,
                before: None,
                ..query.get_untracked()
            }
            .href(),
        );
    };
    let choose_filter = move |filter: Filter| {
        show(
            &LogQuery {
                filter,
                before: None,
                ..query.get_untracked()
            }
            .href(),
        );
    };
    view! {
        <form class="toolbar" method="get" action="/logs" aria-label="What is listed">
            <RangeSelect range on_change=Callback::new(choose_range)/>
            <Transition>
                <Filters
                    choices
                    filter=Signal::derive(move || query.read().filter.clone())
                    on_change=Callback::new(choose_filter)
                />
            </Transition>
            <HiddenBounds range/>
            <button type="submit" class="button plain" hidden=move || awake.get()>"Show"</button>
        </form>
        <div class="toolbar">
            <FindForm/>
            <details class="more custom-range">
                <summary>"Choose times"</summary>
                <form class="form-row" method="get" action="/logs">
                    <Bounds range kind="datetime-local"/>
                    <Hidden filter=Signal::derive(move || query.read().filter.clone())/>
                    <button type="submit" class="button plain">"Show times"</button>
                </form>
            </details>
        </div>
    }
}

/// One request by its id, wherever it lies in time.
#[component]
fn FindForm() -> impl IntoView {
    view! {
        <form class="find" method="get" action="/logs" role="search">
            <label class="visually-hidden" for="find">"Request id"</label>
            <input
                id="find"
                name="request"
                class="mono"
                placeholder="req_…"
                aria-keyshortcuts="/"
                required
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
            />
            <button type="submit" class="button plain">"Find request"</button>
        </form>
    }
}

#[component]
fn Hidden(filter: Signal<Filter>) -> impl IntoView {
    move || {
        let filter = filter.get();
        let others = [
            ("model", filter.model),
            ("key", filter.key),
            ("endpoint", filter.endpoint),
            ("status", filter.status),
        ];
        let others = others
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        others
            .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
            .collect_view()
    }
}
