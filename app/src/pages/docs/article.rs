use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::{Meta, Title};

use crate::browser;
use crate::console::{Doc, DocLink};
use crate::ui::Toasts;

/// A page's text. Its buttons and links are plain HTML of the server's; what they do by script is done here, for all of them.
#[component]
pub fn Article(doc: Doc) -> impl IntoView {
    let toasts = Toasts::here();
    let able = browser::can_copy();
    let copy = move |text: String, said: &'static str| {
        spawn_local(async move {
            if browser::copy(&text).await {
                toasts.say(said);
            }
        });
    };
    Effect::new(move |_| browser::scroll_to_named());
    let on_click = move |event| {
        if let Some(code) = browser::code_to_copy(&event) {
            copy(code, "Copied the code");
        } else if let Some(link) = browser::anchor_clicked(&event)
            && able.get_untracked()
        {
            copy(link, "Copied the link");
        }
    };
    let source = format!("/docs/{}.md", doc.name);
    view! {
        <Title text=format!("{} · Docs", doc.title)/>
        <Meta name="description" content=doc.summary/>
        <article class="docs-article" class:can-copy=able>
            <header class="page-head"><h1>{doc.title}</h1></header>
            <div
                class="prose"
                on:click=on_click
                on:change=|event| browser::choose_everywhere(&event)
                inner_html=doc.html
            ></div>
            <footer class="docs-foot">
                <nav aria-label="Before and after">
                    {doc.before.map(|link| view! { <Turn link word="Previous" rel="prev"/> })}
                    {doc.after.map(|link| view! { <Turn link word="Next" rel="next"/> })}
                </nav>
                <p class="hint"><a href=source rel="external">"This page as Markdown"</a></p>
            </footer>
        </article>
    }
}

#[component]
fn Turn(link: DocLink, word: &'static str, rel: &'static str) -> impl IntoView {
    view! {
        <a href=link.href rel=rel class=format!("card docs-turn {rel}")>
            <span class="hint">{word}</span>
            <span>{link.title}</span>
        </a>
    }
}
