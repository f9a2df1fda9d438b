//! What a restricted key may not.

use assisters::keys::NewKey;
use assisters::principal::Tier;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::error_of;
use crate::fake_worker::{FakeWorker, MODEL};
use crate::site::Site;

async fn restricted(site: &Site, endpoints: &[&str], models: &[&str]) -> String {
    let caller = site.caller(Tier::Developer).await;
    let list = |items: &[&str]| items.iter().map(ToString::to_string).collect();
    let new = NewKey {
        endpoints: list(endpoints),
        models: list(models),
        ..NewKey::named("restricted")
    };
    let (_, secret) = site.keys().create(&caller.account.id, new).await.unwrap();
    secret.expose().to_owned()
}

#[tokio::test]
async fn a_key_calls_the_endpoints_that_it_has() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = restricted(&site, &["embeddings"], &[]).await;
    let embed = site.post("/v1/embeddings").bearer_auth(&key);
    let embed = embed.json(&json!({"model": MODEL, "input": "a"}));
    assert_eq!(embed.send().await.unwrap().status(), StatusCode::OK);
    let refused = [
        site.chat(&key, json!({})),
        site.post("/v1/rerank").bearer_auth(&key).json(&json!({})),
        site.post("/v1/moderate").bearer_auth(&key).json(&json!({})),
        site.get("/v1/models").bearer_auth(&key),
        site.get(&format!("/v1/models/{MODEL}")).bearer_auth(&key),
    ];
    for request in refused {
        error_of(request, 403, "permission_error", "scope_not_allowed").await;
    }
    let limits = site
        .get("/v1/limits")
        .bearer_auth(&key)
        .send()
        .await
        .unwrap();
    assert_eq!(limits.status(), StatusCode::OK, "every key may ask that");
    assert_eq!(worker.requests().len(), 1);
}

#[tokio::test]
async fn a_key_uses_and_sees_the_models_that_it_has() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = restricted(&site, &[], &[worker.own_model()]).await;
    let own = json!({"model": worker.own_model()});
    assert_eq!(
        site.chat(&key, own).send().await.unwrap().status(),
        StatusCode::OK
    );
    for request in [
        site.chat(&key, json!({})),
        site.get(&format!("/v1/models/{MODEL}")).bearer_auth(&key),
    ] {
        let error = error_of(request, 403, "permission_error", "model_not_allowed").await;
        assert_eq!(error["param"], "model");
    }
    let listed = site
        .get("/v1/models")
        .bearer_auth(&key)
        .send()
        .await
        .unwrap();
    let listed: Value = listed.json().await.unwrap();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    assert_eq!(worker.requests().len(), 1);
}

#[tokio::test]
async fn a_model_that_is_named_twice_in_whatever_case_passes_no_key() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let own = worker.own_model();
    let key = restricted(&site, &[], &[own]).await;
    let bodies = [
        (
            "chat/completions",
            r#""messages":[{"role":"user","content":"a"}]"#,
        ),
        ("embeddings", r#""input":"a""#),
        ("moderate", r#""input":"a""#),
        ("rerank", r#""query":"a","documents":["b"]"#),
    ];
    for (path, rest) in bodies {
        for (second, param) in [
            ("Model", "Model"),
            ("mode\\u006c", "model"),
            ("model", "model"),
        ] {
            let body = format!(r#"{{"model":"{own}","{second}":"{MODEL}",{rest}}}"#);
            let request = site.post(&format!("/v1/{path}")).bearer_auth(&key);
            let request = request.header("Content-Type", "application/json");
            let error = error_of(
                request.body(body),
                400,
                "invalid_request_error",
                "invalid_parameter",
            );
            assert_eq!(error.await["param"], param, "{path}");
        }
    }
    assert!(worker.requests().is_empty());
}
