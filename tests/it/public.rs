//! What everybody may see: the landing page, the docs, the status.

use assisters::keys::NewKey;
use assisters::principal::Tier;
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fake_worker::{FakeWorker, MODEL};
use crate::site::Site;
use crate::{until, within};

#[tokio::test]
async fn public_pages_are_whole_for_strangers_and_for_those_signed_in() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let (stranger, reader) = (site.browser(), site.browser_of(&caller).await);
    for (page, expected) in [
        ("/docs", "/v1/chat/completions"),
        ("/docs", MODEL),
        ("/docs/chat-completions", "max_completion_tokens"),
        ("/docs/errors", "queue_full"),
        ("/docs/errors?q=retry-after", "<mark>"),
        ("/status", MODEL),
    ] {
        for (browser, frame) in [
            (&stranger, "/sign-up"),
            (&reader, caller.account.email.as_str()),
        ] {
            let landed = browser.visit(page).await;
            assert_eq!(landed.status, StatusCode::OK, "{page}");
            for text in [expected, frame] {
                assert!(landed.text.contains(text), "{page} does not show {text}");
            }
        }
    }
    let landing = stranger.visit("/").await;
    assert_eq!(landing.status, StatusCode::OK);
    assert!(landing.text.contains(&site.url("/v1/chat/completions")));
    assert!(landing.text.contains("100,000"));
}

#[tokio::test]
async fn the_readers_key_is_named_and_its_secret_never_shown() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let page = browser.visit("/docs/quick-start").await.text;
    assert!(page.contains("your key laptop"), "{page}");
    assert!(!page.contains(&caller.secret));
    let strangers = site.browser().visit("/docs/quick-start").await.text;
    assert!(strangers.contains("holds your key.") && !strangers.contains("laptop"));
}

#[tokio::test]
async fn a_keys_name_is_text_on_a_page_of_the_docs() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    site.keys()
        .revoke(&caller.account.id, &caller.key.id)
        .await
        .unwrap();
    let evil = NewKey::named("</p><script>alert(1)</script>");
    site.keys().create(&caller.account.id, evil).await.unwrap();
    let page = site
        .browser_of(&caller)
        .await
        .visit("/docs/quick-start")
        .await
        .text;
    assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
    assert!(!page.contains("<script>alert(1)"), "{page}");
}

#[tokio::test]
async fn a_page_that_nobody_has_written_is_not_found() {
    let site = Site::unready(TempDir::new().unwrap(), vec![]).await;
    for path in [
        "/docs/nothing",
        "/docs/nothing.md",
        "/docs/a/b",
        "/docs/..%2Fkeys",
    ] {
        let landed = site.browser().visit(path).await;
        assert_eq!(landed.status, StatusCode::NOT_FOUND, "{path}");
        assert!(landed.text.contains("There is no page here"), "{path}");
    }
}

#[tokio::test]
async fn every_page_is_markdown_too() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let text = async |path: &str| {
        let response = within(site.get(path).send()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let kind = response.headers()[CONTENT_TYPE]
            .to_str()
            .unwrap()
            .to_owned();
        assert_eq!(kind, "text/markdown; charset=utf-8", "{path}");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        response.text().await.unwrap()
    };
    let index = text("/llms.txt").await;
    assert_eq!(text("/docs/llms.txt").await, index);
    let links = index
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let pages: Vec<_> = links.filter(|link| link.ends_with(".md")).collect();
    assert!(pages.len() >= 16, "{index}");
    let base = site.url("");
    for page in pages {
        let markdown = text(page.strip_prefix(&base).unwrap()).await;
        assert!(
            markdown.starts_with("# ") && !markdown.contains("{{"),
            "{page}: {markdown}"
        );
    }
    let whole = text("/llms-full.txt").await;
    assert!(whole.contains(MODEL) && whole.contains("queue_full"));
}

async fn status(site: &Site) -> Value {
    let response = within(site.get("/status.json").send()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.json().await.unwrap()
}

#[tokio::test]
async fn the_status_says_of_each_model_how_it_stands_and_nothing_of_workers() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let told = status(&site).await;
    assert_eq!(told["api"], "operational");
    assert_eq!(told["database"], "operational");
    assert_eq!(told["updated_ms"], site.clock.now().0);
    let models = told["models"].as_array().unwrap();
    let model = models.iter().find(|model| model["id"] == MODEL).unwrap();
    assert_eq!(model["health"], "operational");
    assert_eq!(model["waiting"], 0);

    let address = worker.address.to_string();
    let page = site.browser().visit("/status").await.text;
    for text in [told.to_string(), page] {
        assert!(!text.contains(&address), "{text}");
    }
    let keys: Vec<_> = model.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["first_byte_ms", "health", "id", "waiting"]);
}

#[tokio::test]
async fn a_model_is_down_once_all_its_workers_are_taken_out() {
    let (first, second) = (FakeWorker::start().await, FakeWorker::start().await);
    let site = Site::with(&[&first, &second]).await;
    let ids: Vec<_> = site
        .pool()
        .snapshot()
        .into_iter()
        .map(|one| one.id)
        .collect();
    let health = async || status(&site).await["models"][0]["health"].clone();
    assert_eq!(health().await, "operational");
    // Taken out on purpose: no fault.
    site.pool()
        .set_draining(&ids[0].to_string(), true)
        .await
        .unwrap();
    assert_eq!(health().await, "operational");
    site.pool()
        .set_draining(&ids[1].to_string(), true)
        .await
        .unwrap();
    assert_eq!(health().await, "down");
    assert_eq!(status(&site).await["api"], "down");
}

#[tokio::test]
async fn without_a_worker_the_public_pages_are_there_all_the_same() {
    let site = Site::unready(TempDir::new().unwrap(), vec![]).await;
    assert_eq!(status(&site).await["models"], json!([]));
    for (page, text) in [
        ("/", "Tiers"),
        ("/docs", "No model is served right now."),
        ("/status", "No worker serves a model right now."),
    ] {
        let landed = site.browser().visit(page).await;
        assert_eq!(landed.status, StatusCode::OK, "{page}");
        assert!(landed.text.contains(text), "{page} does not show {text}");
    }
}

#[tokio::test]
async fn who_asks_the_status_page_for_json_gets_it() {
    let site = Site::unready(TempDir::new().unwrap(), vec![]).await;
    for (accept, is_json) in [
        ("application/json", true),
        ("text/html,application/json;q=0.9", false),
        ("*/*", false),
    ] {
        let request = site.get("/status").header(ACCEPT, accept);
        let response = within(request.send()).await.unwrap();
        let kind = response.headers()[CONTENT_TYPE].to_str().unwrap();
        assert_eq!(
            kind.starts_with("application/json"),
            is_json,
            "{accept}: {kind}"
        );
        let vary = response.headers().get_all("vary");
        assert!(vary.iter().any(|name| name == "accept"), "{accept}");
    }
}

#[tokio::test]
async fn public_pages_are_there_while_the_database_is_away() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let reader = site.browser_of(&caller).await;
    site.close_database().await;
    until(async || status(&site).await["database"] == "down").await;
    for browser in [&site.browser(), &reader] {
        for page in ["/", "/docs/errors", "/status"] {
            let landed = browser.visit(page).await;
            assert_eq!(landed.status, StatusCode::OK, "{page}: {}", landed.text);
        }
    }
    for (path, fields) in [
        ("/api/status", &[][..]),
        ("/api/docs/page", &[("name", "errors")]),
    ] {
        let (status, answer) = reader.call(path, fields).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
    }
    let page = reader.visit("/keys").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
}
