use assisters::principal::Tier;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::error_of;
use crate::fake_worker::{FakeWorker, MODEL};
use crate::site::Site;
use crate::within;

#[tokio::test]
async fn both_names_answer_and_what_a_worker_does_not_count_is_counted() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    for path in ["/v1/moderate", "/v1/moderations"] {
        let request = site.post(path).bearer_auth(&caller.secret);
        let request = request.json(&json!({"model": MODEL, "input": ["abcd"]}));
        let response = within(request.send()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let answer: Value = response.json().await.unwrap();
        assert_eq!(
            answer["usage"],
            json!({"prompt_tokens": 2, "total_tokens": 2})
        );
        assert_eq!(answer["results"][0]["flagged"], false);
    }
    for row in site.ledger_of(&caller).await {
        assert_eq!((row.tokens, row.basis.as_str()), ((2, 0), "counted"));
    }
}

#[tokio::test]
async fn without_a_model_that_says_it_moderates_one_must_be_named() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let request = site
        .post("/v1/moderations")
        .bearer_auth(site.key(Tier::Free).await)
        .json(&json!({"input": "a"}));
    let error = error_of(request, 404, "invalid_request_error", "model_not_found").await;
    assert_eq!(error["param"], "model");
}
