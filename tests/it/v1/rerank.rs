use assisters::principal::Tier;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::error_of;
use crate::fake_worker::{FakeWorker, MODEL};
use crate::site::Site;
use crate::within;

fn rank(site: &Site, key: &str, fields: Value) -> RequestBuilder {
    let mut body = json!({"model": MODEL, "query": "q", "documents": ["a", {"text": "b"}, "c"]});
    body.as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    site.post("/v1/rerank").bearer_auth(key).json(&body)
}

#[tokio::test]
async fn a_ranking_has_one_shape_whoever_the_worker_is() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let wanted = json!({"top_n": 2, "return_documents": true});
    let response = within(rank(&site, &caller.secret, wanted).send())
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(
        answer["results"],
        json!([
            {"index": 2, "relevance_score": 0.5, "document": {"text": "c"}},
            {"index": 1, "relevance_score": 0.25, "document": {"text": "b"}},
        ])
    );
    assert!(answer["id"].as_str().unwrap().starts_with("rerank-"));
    assert_eq!(
        answer["usage"],
        json!({"prompt_tokens": 9, "total_tokens": 9})
    );
    assert_eq!(answer["meta"], json!({"billed_units": {"search_units": 1}}));

    let plain: Value = rank(&site, &caller.secret, json!({}))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(plain["results"].as_array().unwrap().len(), 3);
    assert!(
        plain["results"][0].get("document").is_none(),
        "only where asked for"
    );
    let rows = site.ledger_of(&caller).await;
    assert_eq!(
        (rows[0].tokens, rows[0].basis.as_str()),
        ((9, 0), "worker_usage")
    );
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Developer).await;
    let many = vec!["a"; 1_001];
    let cases = [
        (json!({"query": ""}), "query"),
        (json!({"documents": []}), "documents"),
        (json!({"documents": many}), "documents"),
        (
            json!({"documents": ["a", {"title": "b"}]}),
            "documents[1].text",
        ),
        (json!({"documents": ["a", 2]}), "documents[1]"),
        (json!({"top_n": 0}), "top_n"),
        (json!({"return_documents": "yes"}), "return_documents"),
    ];
    for (fields, param) in cases {
        let request = rank(&site, &key, fields);
        let error = error_of(request, 400, "invalid_request_error", "invalid_parameter").await;
        assert_eq!(error["param"], param);
    }
    assert!(worker.requests().is_empty());
}
