use std::time::Duration;

use assisters::principal::Tier;
use reqwest::StatusCode;
use serde_json::json;

use super::{error_in, error_of, header, number};
use crate::fake_worker::FakeWorker;
use crate::site::{Site, chat};

#[tokio::test]
async fn a_missing_key_is_asked_for() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    for request in [
        site.post("/v1/chat/completions").json(&chat(json!({}))),
        site.get("/v1/models").header("Authorization", "Basic YTpi"),
        site.get("/v1/models").header("Authorization", "Bearer "),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(header(&response, "www-authenticate"), "Bearer");
        assert!(
            response.headers().get("x-ratelimit-limit-rpm").is_none(),
            "there is no bucket to speak of"
        );
        error_in(response, 401, "authentication_error", "missing_api_key").await;
    }
    assert_eq!(worker.requests().len(), 0);
}

#[tokio::test]
async fn a_key_whose_checksum_does_not_match_is_said_to_be_mistyped() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Free).await;
    let swapped = if key.as_bytes()[9] == b'a' { "b" } else { "a" };
    for mistyped in [
        format!("{}{swapped}{}", &key[..9], &key[10..]),
        key[..35].to_owned(),
        "sk-1234".to_owned(),
    ] {
        let error = error_of(
            site.chat(&mistyped, json!({})),
            401,
            "authentication_error",
            "invalid_api_key",
        )
        .await;
        assert!(
            error["message"]
                .as_str()
                .unwrap()
                .contains("mistyped or cut"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_key_that_was_never_made_is_not_known() {
    let worker = FakeWorker::start().await;
    let (site, other) = (Site::with(&[&worker]).await, Site::with(&[&worker]).await);
    let key = other.key(Tier::Free).await;
    let error = error_of(
        site.chat(&key, json!({})),
        401,
        "authentication_error",
        "invalid_api_key",
    )
    .await;
    assert!(
        error["message"].as_str().unwrap().contains("not known"),
        "{error}"
    );
}

#[tokio::test]
async fn the_scheme_is_read_in_any_case() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Free).await;
    for scheme in ["Bearer", "bearer", "BEARER "] {
        let request = site
            .get("/v1/models")
            .header("Authorization", format!("{scheme} {key}"));
        assert_eq!(
            request.send().await.unwrap().status(),
            StatusCode::OK,
            "{scheme}"
        );
    }
}

#[tokio::test]
async fn a_sessions_cookie_is_no_key() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let request = browser.post_json("/v1/chat/completions", &chat(json!({})));
    error_of(request, 401, "authentication_error", "missing_api_key").await;
}

#[tokio::test]
async fn calls_go_on_while_the_database_is_away_and_who_is_not_known_is_told_when_to_try_again() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let (known, unknown) = (site.key(Tier::Free).await, site.key(Tier::Free).await);
    site.answer(&known, json!({})).await;
    site.close_database().await;
    for _ in 0..3 {
        site.clock.advance(Duration::from_secs(10));
        site.answer(&known, json!({})).await;
    }
    let refused = site.chat(&unknown, json!({})).send().await.unwrap();
    assert!(number(&refused, "retry-after") > 0);
    error_in(refused, 503, "server_error", "overloaded").await;
}
