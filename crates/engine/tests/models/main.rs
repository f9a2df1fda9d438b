//! The models that do not chat, with their real weights, driven through the router in process.
//!
//! The weights are looked for in `ASSISTERS_MODELS_DIR`. Where they are absent these tests say so and pass.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod cards;
mod counting;
mod embeddings;
#[path = "../given/mod.rs"]
mod given;
mod moderation;
mod refusals;
mod rerank;

use std::path::PathBuf;
use std::sync::OnceLock;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use engine::Engine;
use engine::catalog::{EMBEDDINGS, MODERATION};
use given::processor;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

#[expect(
    clippy::disallowed_methods,
    reason = "a test has no configuration of its own"
)]
pub fn models_dir() -> Option<PathBuf> {
    let dir = std::env::var("ASSISTERS_MODELS_DIR").ok();
    let dir = dir.map(PathBuf::from);
    let there = dir.filter(|dir| engine::installed(dir).len() >= 3);
    if there.is_none() {
        eprintln!("skipped: ASSISTERS_MODELS_DIR does not hold all models");
    }
    there
}

/// One engine for all tests.
pub fn engine() -> Option<Engine> {
    static ENGINE: OnceLock<Option<Engine>> = OnceLock::new();
    let open = || match Engine::open(&models_dir()?, processor()) {
        Ok(engine) => Some(engine),
        Err(error) => panic!("{error}: {:?}", std::error::Error::source(&error)),
    };
    ENGINE.get_or_init(open).clone()
}

pub fn router() -> Option<Router> {
    engine().map(engine::router)
}

pub async fn send(router: &Router, request: Request<Body>) -> (StatusCode, Value) {
    let answer = router.clone().oneshot(request).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

pub async fn post(router: &Router, path: &str, body: &Value) -> (StatusCode, Value) {
    let body = Body::from(body.to_string());
    send(router, Request::post(path).body(body).unwrap()).await
}

pub async fn get(router: &Router, path: &str) -> (StatusCode, Value) {
    send(router, Request::get(path).body(Body::empty()).unwrap()).await
}

pub async fn embed(router: &Router, input: Value) -> Value {
    let body = json!({"model": EMBEDDINGS.id, "input": input});
    let (status, answer) = post(router, "/v1/embeddings", &body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

pub fn vectors(answer: &Value) -> Vec<Vec<f32>> {
    let data = answer["data"].as_array().unwrap();
    data.iter()
        .map(|item| serde_json::from_value(item["embedding"].clone()).unwrap())
        .collect()
}

pub async fn moderate(router: &Router, input: Value) -> Value {
    let body = json!({"model": MODERATION.id, "input": input});
    let (status, answer) = post(router, "/v1/moderations", &body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

pub fn distance(one: &[f32], other: &[f32]) -> f32 {
    assert_eq!(one.len(), other.len());
    one.iter()
        .zip(other)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
}
