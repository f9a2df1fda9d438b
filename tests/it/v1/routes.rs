use assisters::principal::Tier;
use reqwest::StatusCode;

use super::{error_in, error_of, header};
use crate::fake_worker::FakeWorker;
use crate::site::Site;

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
