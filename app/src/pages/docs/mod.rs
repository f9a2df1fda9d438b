//! The docs: a page of them, or what a search has found. The search lives in the address (`?q=`), so that it works without
//! scripts too; with them, it follows what is typed.

mod article;
mod search;

use leptos::ev;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use self::article::Article;
use self::search::{Results, SearchField};
use super::loaded::Loaded;
use super::not_found::NothingHere;
use crate::api::load_doc;
use crate::browser;
use crate::console::{Doc, DocGroup, DocHeading};

#[component]
pub fn DocsPage() -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    let name = Memo::new(move |_| {
        params
            .read()
            .get("page")
            .unwrap_or_else(|| "overview".into())
    });
    let asked = Memo::new(move |_| {
        let asked = query.read().get("q").unwrap_or_default();
        asked.trim().to_owned()
    });
    let doc = Resource::new(move || name.get(), load_doc);
    Effect::new(move |_| {
        let keys = window_event_listener(ev::keydown, |event| {
            if event.key() == "/" && !browser::is_typing(&event) && browser::has_shortcuts() {
                event.prevent_default();
                browser::select("docs-search");
            }
        });
        on_cleanup(move || keys.remove());
    });
    view! {
        <Loaded
            from=doc
            view=move |doc| match doc {
                Some(doc) => view! { <Leaf doc asked/> }.into_any(),
                None => view! { <NothingHere/> }.into_any(),
            }
        />
    }
}

#[component]
fn Leaf(doc: Doc, asked: Memo<String>) -> impl IntoView {
    let (groups, contents) = (doc.groups.clone(), doc.contents.clone());
    let here = doc.name.clone();
    let doc = StoredValue::new(doc);
    let shown = Memo::new(move |_| asked.read().is_empty());
    let no_contents = contents.len() < 2;
    let without_contents = move || no_contents || !shown.get();
    view! {
        <div class="docs">
            <div class="docs-side">
                <SearchField asked/>
                // Where there is no room beside the article, both unfold above it.
                <div class="docs-menus">
                    <details class="more">
                        <summary>"All pages"</summary>
                        <PageList groups=groups.clone() here=here.clone() shown label="Docs, unfolded"/>
                    </details>
                    <details class="more" hidden=without_contents>
                        <summary>"On this page"</summary>
                        <nav aria-label="On this page, unfolded"><Contents contents=contents.clone()/></nav>
                    </details>
                </div>
                <div class="docs-pages"><PageList groups here shown label="Docs"/></div>
            </div>
            {move || match shown.get() {
                true => view! { <Article doc=doc.get_value()/> }.into_any(),
                false => view! { <Results asked/> }.into_any(),
            }}
            <nav class="docs-contents" aria-label="On this page" hidden=without_contents>
                <p>"On this page"</p>
                <Contents contents/>
            </nav>
        </div>
    }
}

#[component]
fn PageList(
    groups: Vec<DocGroup>,
    here: String,
    /// Whether it is that page which is shown, and not what a search has found.
    shown: Memo<bool>,
    label: &'static str,
) -> impl IntoView {
    let here = match here.as_str() {
        "overview" => "/docs".to_owned(),
        name => format!("/docs/{name}"),
    };
    let groups = groups.into_iter().map(|DocGroup { title, pages }| {
        let pages = pages.into_iter().map(|page| {
            let is_here = page.href == here;
            let current = move || (is_here && shown.get()).then_some("page");
            view! {
                <li><a href=page.href class="nav-link" aria-current=current>{page.title}</a></li>
            }
        });
        view! {
            <li>
                <span class="docs-group">{title}</span>
                <ul>{pages.collect_view()}</ul>
            </li>
        }
    });
    view! {
        <nav aria-label=label>
            <ul>{groups.collect_view()}</ul>
        </nav>
    }
}

#[component]
fn Contents(contents: Vec<DocHeading>) -> impl IntoView {
    let links = contents.into_iter().map(|heading| {
        view! {
            <li class:nested=heading.is_nested>
                <a href=format!("#{}", heading.id)>{heading.text}</a>
            </li>
        }
    });
    view! { <ul class="docs-headings">{links.collect_view()}</ul> }
}
