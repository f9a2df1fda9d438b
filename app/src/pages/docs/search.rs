use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use leptos_router::location::Url;

use crate::api::search_docs;
use crate::browser;
use crate::console::Found;
use crate::pages::loaded::Loaded;
use crate::ui::Empty;

const FIELD: &str = "docs-search";

/// A form that any browser sends by itself; each letter typed goes into the address.
#[component]
pub fn SearchField(asked: Memo<String>) -> impl IntoView {
    let navigate = use_navigate();
    let on_input = move |event| {
        let typed = event_target_value(&event);
        let here = browser::path();
        let place = match typed.trim() {
            "" => here,
            typed => format!("{here}?q={}", Url::escape(typed)),
        };
        let options = NavigateOptions {
            replace: true,
            scroll: false,
            ..Default::default()
        };
        navigate(&place, options);
    };
    // The search may be over by a link: what is asked no more stands here no more, unless somebody types.
    Effect::new(move |_| {
        if asked.read().is_empty() && browser::focused().as_deref() != Some(FIELD) {
            browser::empty(FIELD);
        }
    });
    view! {
        <form role="search" class="docs-search" method="get">
            <label for=FIELD class="visually-hidden">"Search the docs"</label>
            <input
                id=FIELD
                type="search"
                name="q"
                placeholder="Search the docs"
                autocomplete="off"
                maxlength="100"
                aria-keyshortcuts="/"
                value=asked.get_untracked()
                on:input=on_input
            />
            <kbd aria-hidden="true">"/"</kbd>
        </form>
    }
}

#[component]
pub fn Results(asked: Memo<String>) -> impl IntoView {
    let found = Resource::new(move || asked.get(), search_docs);
    view! {
        <Title text="Search · Docs"/>
        <section class="docs-article" aria-labelledby="results">
            <header class="page-head"><h1 id="results">"Search results"</h1></header>
            <Loaded from=found view=move |found| view! { <Hits found/> }.into_any()/>
        </section>
    }
}

#[component]
fn Hits(found: Vec<Found>) -> impl IntoView {
    let told = match found.len() {
        0 => "Nothing found".to_owned(),
        1 => "1 section".to_owned(),
        count => format!("{count} sections"),
    };
    if found.is_empty() {
        return view! {
            <div role="status">
                <Empty title="Nothing found">
                    <p>"No section holds all of these words. Try fewer, or others."</p>
                    <a href="/docs" class="button plain">"Clear the search"</a>
                </Empty>
            </div>
        }
        .into_any();
    }
    let hits = found.into_iter().map(|hit| {
        let [before, word, behind] = hit.excerpt;
        let place = match hit.heading {
            Some(heading) => format!("{} › {heading}", hit.page),
            None => hit.page,
        };
        view! {
            <li>
                <a href=hit.href>{place}</a>
                <p>{before}<mark>{word}</mark>{behind}</p>
            </li>
        }
    });
    view! {
        <p class="hint" role="status">{told}</p>
        <ol class="docs-hits">{hits.collect_view()}</ol>
    }
    .into_any()
}
