use assisters::principal::Tier;
use reqwest::{Method, StatusCode};

use super::{error_in, error_of, header};
use crate::fake_worker::FakeWorker;
use crate::site::Site;
use crate::within;

#[tokio::test]
async fn an_unknown_path_is_answered_in_json() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Free).await;
    for path in ["/v1/nothing", "/v1/chat", "/v1/chat/completions/x"] {
        let error = error_of(
            site.get(path).bearer_auth(&key),
            404,
            "invalid_request_error",
            "not_found",
        )
        .await;
        assert!(error["message"].as_str().unwrap().contains(path), "{error}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_answered_in_json_with_those_that_are_right() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Free).await;
    for (request, allowed) in [
        (site.get("/v1/chat/completions"), "POST"),
        (site.post("/v1/models"), "GET,HEAD"),
        (site.post("/v1/models/fake-model"), "GET,HEAD"),
    ] {
        let response = request.bearer_auth(&key).send().await.unwrap();
        assert_eq!(header(&response, "allow"), allowed);
        error_in(response, 405, "invalid_request_error", "method_not_allowed").await;
    }
}

#[tokio::test]
async fn a_method_that_nobody_knows_is_answered_like_a_wrong_one() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Free).await;
    let client = reqwest::Client::new();
    for (method, path, allowed) in [
        ("BREW", "/v1/chat/completions", "POST"),
        ("PUT", "/v1/chat/completions", "POST"),
        ("DELETE", "/v1/models/fake-model", "GET,HEAD"),
        ("TRACE", "/v1/limits", "GET,HEAD"),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = client.request(method, site.url(path)).bearer_auth(&key);
        let response = within(request.send()).await.unwrap();
        assert_eq!(header(&response, "allow"), allowed);
        error_in(response, 405, "invalid_request_error", "method_not_allowed").await;
    }
}

#[tokio::test]
async fn a_head_alone_is_answered_as_its_whole_would_be() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Free).await;
    let client = reqwest::Client::new();
    for (path, status) in [
        ("/v1/models", 200),
        ("/v1/limits", 200),
        ("/v1/chat/completions", 405),
        ("/v1/nothing", 404),
    ] {
        let request = client.head(site.url(path)).bearer_auth(&key);
        let response = within(request.send()).await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(header(&response, "content-type"), "application/json");
        assert!(header(&response, "x-request-id").starts_with("req_"));
        if status == 405 {
            assert_eq!(header(&response, "allow"), "POST");
        }
        assert!(response.bytes().await.unwrap().is_empty());
    }
}

/// A browser asks before it sends a key, and cannot send one with that question.
#[tokio::test]
async fn options_are_told_without_a_key_on_every_path() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let client = reqwest::Client::new();
    for path in ["/v1/chat/completions", "/v1/models/a/b", "/v1/limits"] {
        for asked in ["POST", "GET"] {
            let request = client
                .request(Method::OPTIONS, site.url(path))
                .header("Origin", "https://elsewhere.example")
                .header("Access-Control-Request-Method", asked)
                .header(
                    "Access-Control-Request-Headers",
                    "authorization,x-stainless-os",
                );
            let response = within(request.send()).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(header(&response, "access-control-allow-origin"), "*");
            let methods = header(&response, "access-control-allow-methods");
            assert!(methods.contains(asked), "{methods}");
            let fields = header(&response, "access-control-allow-headers");
            // A `*` would not stand for this one.
            assert_eq!(fields, "authorization,x-stainless-os");
            assert!(response.bytes().await.unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn a_stranger_learns_no_routes() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    for path in ["/v1/models", "/v1/nothing", "/v1/chat/completions"] {
        assert_eq!(
            site.get(path).send().await.unwrap().status(),
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
}

#[tokio::test]
async fn an_address_that_is_too_long_is_refused_as_all_else_is() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let long = "a".repeat(9_000);
    for path in [format!("/v1/models/{long}"), format!("/v1/limits?{long}")] {
        let asked = site.get(&path).bearer_auth(&caller.secret);
        let refused = asked
            .header("Origin", "https://a.example")
            .send()
            .await
            .unwrap();
        assert!(header(&refused, "x-request-id").starts_with("req_"));
        assert_eq!(header(&refused, "access-control-allow-origin"), "*");
        error_in(refused, 414, "invalid_request_error", "address_too_long").await;
    }
    error_of(
        site.get(&format!("/v1/{long}")),
        401,
        "authentication_error",
        "missing_api_key",
    )
    .await;
    let rows = site.ledger_of(&caller).await;
    let codes: Vec<_> = rows.iter().map(|row| row.error_code.as_deref()).collect();
    assert_eq!(codes, [Some("address_too_long"); 2]);
}
