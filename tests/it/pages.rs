//! The pages as they leave the service: whole before any script has run.

use assisters::principal::Tier;
use reqwest::StatusCode;
use serde_json::json;

use crate::fake_worker::{FakeWorker, MODEL};
use crate::site::Site;
use crate::until;

#[tokio::test]
async fn every_page_shows_its_content_without_scripts() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Developer).await;
    let browser = site.browser_of(&caller).await;
    let masked = caller.key.masked();
    for (page, expected) in [
        ("/", caller.account.email.as_str()),
        ("/", "/v1/chat/completions"),
        ("/", "Developer"),
        ("/keys", "laptop"),
        ("/keys", masked.as_str()),
        ("/usage", "<svg"),
        ("/playground", MODEL),
    ] {
        let landed = browser.visit(page).await;
        assert_eq!(landed.status, StatusCode::OK, "{page}");
        assert!(
            landed.text.contains(expected),
            "{page} does not show {expected}"
        );
    }
}

#[tokio::test]
async fn a_request_is_on_the_usage_page() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    site.answer(&caller.secret, json!({})).await;
    site.chat(&caller.secret, json!({"n": 0}))
        .send()
        .await
        .unwrap();
    let usage = async || browser.call("/api/usage", &[("range", "day")]).await.1;
    until(async || usage().await["total"]["requests"] == 2).await;

    let usage = usage().await;
    assert_eq!(
        usage["total"],
        json!({"requests": 2, "errors": 1, "input_tokens": 5, "output_tokens": 2})
    );
    assert_eq!(usage["models"][0]["model"], MODEL);
    let buckets = usage["buckets"].as_array().unwrap();
    assert_eq!(buckets.len(), 24);
    assert_eq!(
        buckets[23]["totals"]["requests"], 2,
        "the last bucket is this hour"
    );
    assert!(browser.visit("/usage").await.text.contains(MODEL));
}

#[tokio::test]
async fn an_address_that_is_none_is_a_page_of_its_own() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    for browser in [
        site.browser(),
        site.browser_of(&site.caller(Tier::Free).await).await,
    ] {
        let landed = browser.visit("/nothing").await;
        assert_eq!(landed.status, StatusCode::NOT_FOUND);
        assert!(
            landed.headers["content-type"]
                .to_str()
                .unwrap()
                .starts_with("text/html")
        );
        assert!(landed.text.contains("<h1"), "{}", landed.text);
    }
}

#[tokio::test]
async fn no_cache_keeps_a_page_and_no_site_frames_it() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let browser = site.browser_of(&site.caller(Tier::Free).await).await;
    for page in ["/", "/keys", "/nothing"] {
        let headers = browser.visit(page).await.headers;
        assert_eq!(headers["cache-control"], "no-store", "{page}");
        assert_eq!(headers["x-frame-options"], "DENY", "{page}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{page}");
    }
}
