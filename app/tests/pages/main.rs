//! Pages rendered on the host, as the service renders them, over a console that is made up.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy does not see that helpers here are tests too"
)]

mod admin;
mod audit;
mod door;
mod fake;
mod fake_audit;
mod home;
mod keys;
mod limits;
mod logs;
mod mail;
mod playground;
mod public;
mod second_factor;
mod server_functions;
mod settings;
mod usage;

use std::sync::Arc;

use app::console::{Admin, Confirmed, ConfirmedAdmin, Console, Overview, Public};
use futures_util::StreamExt;
use futures_util::stream::once;
use leptos::prelude::*;
use leptos_integration_utils::{PinnedStream, build_response};
use leptos_meta::ServerMetaContext;
use leptos_router::location::RequestUrl;

/// The whole document at `path`, all data waited for. Without a console nobody is signed in.
async fn render(path: &str, console: Option<Arc<dyn Console>>) -> String {
    render_for(path, console, None).await
}

async fn render_for(
    path: &str,
    console: Option<Arc<dyn Console>>,
    admin: Option<Arc<fake::FakeAdmin>>,
) -> String {
    let provide = move || {
        if let Some(console) = console {
            provide_context(console);
            provide_context::<Arc<dyn Confirmed>>(fake::account());
        }
        if let Some(admin) = admin {
            provide_context::<Arc<dyn Admin>>(admin.clone());
            provide_context::<Arc<dyn ConfirmedAdmin>>(admin);
        }
    };
    render_with(path, provide).await
}

/// As [`render`], for whom `provide` makes somebody.
async fn render_with(path: &str, provide: impl FnOnce() + Send + 'static) -> String {
    // Fails from the second test on: the executor is there already.
    let _ = any_spawner::Executor::init_tokio();
    let (meta, output) = ServerMetaContext::new();
    let url = RequestUrl::new(path);
    let (owner, stream) = build_response(
        || app::shell(LeptosOptions::builder().output_name("assisters").build()),
        move || {
            provide_context(url);
            provide_context(meta);
            provide();
            provide_context::<Arc<dyn Public>>(Arc::new(fake::FakePublic::default()));
        },
        |page, chunks, _| {
            Box::pin(async move {
                let html = page.to_html_stream_in_order().collect::<String>().await;
                Box::pin(once(async move { html }).chain(chunks())) as PinnedStream<String>
            })
        },
        false,
    );
    let stream = stream.await;
    let html = output
        .inject_meta_context(stream)
        .await
        .collect::<String>()
        .await;
    drop(owner);
    html
}

/// What a person sees: the document without its scripts and without the markers of hydration.
async fn body(path: &str, console: Option<Arc<dyn Console>>) -> String {
    seen(&render(path, console).await)
}

/// A page as an administrator sees it.
async fn admin_page(path: &str) -> String {
    let fake = fake::Fake::default();
    let overview = Overview {
        is_admin: true,
        ..fake.overview
    };
    let console = Arc::new(fake::Fake { overview, ..fake });
    seen(&render_for(path, Some(console), Some(Arc::new(fake::FakeAdmin))).await)
}

fn seen(html: &str) -> String {
    let html = html.replace("<!>", "");
    let (_, body) = html.split_once("<body").unwrap();
    let mut seen = String::new();
    let mut rest = body;
    while let Some((before, script)) = rest.split_once("<script") {
        seen += before;
        rest = script.split_once("</script>").unwrap().1;
    }
    seen + rest
}

/// The text between tags, with one space where there was any.
fn text(html: &str) -> String {
    let tags_gone = html
        .split('<')
        .filter_map(|piece| piece.split_once('>'))
        .map(|(_, text)| text);
    tags_gone
        .flat_map(str::split_whitespace)
        .collect::<Vec<_>>()
        .join(" ")
}

/// What stands between the first `from` and the next `to`.
fn between<'a>(html: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = html
        .split_once(from)
        .unwrap_or_else(|| panic!("no {from} in {html}"));
    rest.split_once(to)
        .unwrap_or_else(|| panic!("no {to} after {from}"))
        .0
}

#[tokio::test]
async fn the_document_names_its_page_and_is_whole() {
    let html = render("/usage", Some(fake::account())).await;
    assert!(html.starts_with("<!DOCTYPE html><html lang=\"en\">"));
    assert!(html.contains("<title>Usage · Assisters</title>"));
    assert!(
        html.contains("href=\"/pkg/assisters.css\"") && html.contains("/pkg/assisters_bg.wasm")
    );
    assert_eq!(html.matches("<h1>").count(), 1);
    assert!(html.contains("href=\"#main\"") && html.contains("id=\"main\""));
    assert!(html.contains("href=\"/usage\" aria-current=\"page\""));
    assert!(
        !html.contains("Loading"),
        "a page without scripts would never come to its data"
    );
}

#[tokio::test]
async fn an_address_that_leads_nowhere_has_a_way_home() {
    let html = body("/nowhere", Some(fake::account())).await;
    assert!(text(&html).contains("There is no page here"));
    assert!(html.contains("href=\"/\""));
}

#[tokio::test]
async fn every_page_of_an_account_sends_a_stranger_to_sign_in() {
    for path in [
        "/keys",
        "/keys?create",
        "/keys?revoke=key_1",
        "/keys?edit=key_1",
        "/keys?rotate=key_1",
        "/usage",
        "/limits",
        "/logs",
        "/logs?request=req_1",
        "/settings",
        "/settings?password",
        "/settings?delete",
        "/settings?factor=set-up",
        "/settings?factor=off",
        "/confirm",
        "/playground",
        "/audit-log",
    ] {
        let html = body(path, None).await;
        assert!(text(&html).contains("You are signed out"), "{path}");
        assert!(html.contains("href=\"/sign-in\""), "{path}");
        assert!(!html.contains("ada@"), "{path}");
    }
}
