use assisters::principal::Tier;
use serde_json::json;

use super::error_of;
use crate::fake_worker::{FakeWorker, MODEL, Script};
use crate::site::{Site, chat};

#[tokio::test]
async fn a_plain_answer_is_passed_on_with_its_usage() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    worker.follow(Script::says(&["Good ", "morning"]));
    let answer = site.answer(&site.key(Tier::Free).await, json!({})).await;
    assert_eq!(answer["choices"][0]["message"]["content"], "Good morning");
    assert_eq!(
        answer["usage"],
        json!({"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7})
    );
}

#[tokio::test]
async fn what_the_service_does_not_act_on_reaches_the_worker_untouched() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let fields = json!({"seed": 7, "tools": [{"type": "function"}], "logit_bias": {"50256": -100}, "x_own": null});
    site.answer(&site.key(Tier::Free).await, fields.clone())
        .await;
    assert_eq!(worker.requests(), [chat(fields)]);
}

#[tokio::test]
async fn an_unknown_model_is_named() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let request = site.chat(&site.key(Tier::Free).await, json!({"model": "gpt-9"}));
    let error = error_of(request, 404, "invalid_request_error", "model_not_found").await;
    assert_eq!(error["param"], "model");
    assert!(
        error["message"].as_str().unwrap().contains("gpt-9"),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_body_is_said_and_no_worker_is_asked() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Developer).await;
    for (fields, code, param) in [
        (json!({"model": null}), "missing_parameter", "model"),
        (json!({"messages": []}), "invalid_parameter", "messages"),
        (
            json!({"messages": [{"role": "king", "content": ""}]}),
            "invalid_parameter",
            "messages[0].role",
        ),
        (
            json!({"temperature": 3}),
            "invalid_parameter",
            "temperature",
        ),
        (json!({"max_tokens": 0}), "invalid_parameter", "max_tokens"),
        (json!({"stream": "yes"}), "invalid_parameter", "stream"),
    ] {
        let error = error_of(site.chat(&key, fields), 400, "invalid_request_error", code).await;
        assert_eq!(error["param"], param);
    }
    let post = || site.post("/v1/chat/completions").bearer_auth(&key);
    let cut = post()
        .header("Content-Type", "application/json")
        .body("{\"model\":");
    error_of(cut, 400, "invalid_request_error", "invalid_json").await;
    let text = post()
        .header("Content-Type", "text/plain")
        .body(chat(json!({})).to_string());
    error_of(text, 415, "invalid_request_error", "unsupported_media_type").await;
    let large = chat(json!({"user": "x".repeat(65 << 10)}));
    error_of(
        post().json(&large),
        413,
        "invalid_request_error",
        "body_too_large",
    )
    .await;
    assert_eq!(worker.requests().len(), 0);
}

#[tokio::test]
async fn a_workers_refusal_of_the_request_is_passed_on() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    worker.follow(Script::refuses(400, "The prompt is too long."));
    let request = site.chat(&site.key(Tier::Free).await, json!({}));
    let error = error_of(request, 400, "invalid_request_error", "from_worker").await;
    assert_eq!(
        (&error["message"], &error["param"]),
        (&json!("The prompt is too long."), &json!("messages"))
    );
    assert_eq!(worker.requests().len(), 1, "no worker would say otherwise");
}

#[tokio::test]
async fn a_model_is_called_by_the_name_that_the_worker_gives_it() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Free).await;
    site.answer(&key, json!({"model": worker.own_model()}))
        .await;
    site.answer(&key, json!({"model": MODEL})).await;
    let models: Vec<_> = worker
        .requests()
        .iter()
        .map(|request| request["model"].clone())
        .collect();
    assert_eq!(models, [worker.own_model(), MODEL]);
}
