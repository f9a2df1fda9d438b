//! `/playground/v1`: the same API for whoever is signed in.

use assisters::principal::Tier;
use reqwest::StatusCode;
use reqwest::header::ORIGIN;
use serde_json::json;

use crate::fake_worker::FakeWorker;
use crate::site::{Site, chat};
use crate::v1::error_of;
use crate::within;

const PATH: &str = "/playground/v1/chat/completions";

#[tokio::test]
async fn whoever_is_signed_in_chats_without_a_key() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let browser = site.browser_of(&site.caller(Tier::Free).await).await;
    let response = browser
        .post_json(PATH, &chat(json!({"stream": true})))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["x-ratelimit-remaining-rpm"], "9");
    assert!(
        response.headers().get("content-encoding").is_none(),
        "an event must not wait to be compressed"
    );
    let text = within(response.text()).await.unwrap();
    assert!(
        text.contains(r#""content":"Hel""#) && text.ends_with("data: [DONE]\n\n"),
        "{text}"
    );
}

#[tokio::test]
async fn a_stranger_is_refused_and_a_key_is_no_session() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let body = chat(json!({}));
    error_of(
        site.browser().post_json(PATH, &body),
        401,
        "authentication_error",
        "signed_out",
    )
    .await;
    let with_key = site.browser().post_json(PATH, &body);
    let with_key = with_key.bearer_auth(&caller.secret);
    error_of(with_key, 401, "authentication_error", "signed_out").await;
    assert_eq!(worker.requests().len(), 0);
}

#[tokio::test]
async fn another_sites_page_is_refused() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let browser = site.browser_of(&site.caller(Tier::Free).await).await;
    let post = || browser.post_json(PATH, &chat(json!({})));
    for request in [
        post().header("Sec-Fetch-Site", "cross-site"),
        post().header("Sec-Fetch-Site", "same-site"),
        browser.post_json_from(PATH, &chat(json!({})), "https://evil.example"),
        browser.post_json_from(PATH, &chat(json!({})), "null"),
    ] {
        error_of(request, 403, "permission_error", "other_origin").await;
    }
    assert_eq!(worker.requests().len(), 0);
    let own = post()
        .header("Sec-Fetch-Site", "same-origin")
        .send()
        .await
        .unwrap();
    assert_eq!(own.status(), StatusCode::OK);
    assert!(
        own.headers().get("access-control-allow-origin").is_none(),
        "{ORIGIN} of others is not let in"
    );
}
