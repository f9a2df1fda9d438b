use assisters::principal::Tier;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::{error_of, number};
use crate::fake_worker::{FakeWorker, MODEL};
use crate::site::Site;
use crate::within;

fn embed(site: &Site, key: &str, body: Value) -> RequestBuilder {
    site.post("/v1/embeddings").bearer_auth(key).json(&body)
}

#[tokio::test]
async fn vectors_come_as_the_worker_wrote_them_and_are_settled() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let body =
        json!({"model": MODEL, "input": ["a", "b"], "encoding_format": "float", "user": "u"});
    let response = within(embed(&site, &caller.secret, body.clone()).send())
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(number(&response, "x-ratelimit-remaining-tpm"), 100_000 - 5);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["data"][1]["embedding"], json!([0.5, 1]));
    assert_eq!(worker.requests(), [body], "unknown fields pass through");
    let [row] = site.ledger_of(&caller).await.try_into().unwrap();
    assert_eq!(
        (row.status, row.tokens, row.basis.as_str()),
        (200, (5, 0), "worker_usage")
    );
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Developer).await;
    let cases = [
        (json!({"input": "a"}), "missing_parameter", "model"),
        (json!({"model": MODEL}), "missing_parameter", "input"),
        (
            json!({"model": MODEL, "input": ""}),
            "invalid_parameter",
            "input",
        ),
        (
            json!({"model": MODEL, "input": ["a", 1]}),
            "invalid_parameter",
            "input[1]",
        ),
        (
            json!({"model": MODEL, "input": "a", "encoding_format": "hex"}),
            "invalid_parameter",
            "encoding_format",
        ),
        (
            json!({"model": MODEL, "input": "a", "dimensions": 0}),
            "invalid_parameter",
            "dimensions",
        ),
    ];
    for (body, code, param) in cases {
        let request = embed(&site, &key, body);
        let error = error_of(request, 400, "invalid_request_error", code).await;
        assert_eq!(error["param"], param);
    }
    assert!(worker.requests().is_empty());
}
