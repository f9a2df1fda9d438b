//! The engine with its real weights, driven through the router in process.
//!
//! The weights are looked for in `ASSISTERS_MODELS_DIR`. Where they are absent these tests say so and pass.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod answers;
mod cancelling;
#[path = "../given/mod.rs"]
mod given;
mod refusals;

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use engine::catalog::CHAT;
use engine::chat::Chat;
use engine::{Engine, OpenError, Workshop};
use given::processor;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use wire::sse;

#[expect(
    clippy::disallowed_methods,
    reason = "a test has no configuration of its own"
)]
pub fn models_dir() -> Option<PathBuf> {
    let dir = std::env::var("ASSISTERS_MODELS_DIR").ok();
    if dir.is_none() {
        eprintln!("skipped: ASSISTERS_MODELS_DIR is not set");
    }
    dir.map(PathBuf::from)
}

/// One model for all tests that only talk to it.
pub fn chat() -> Option<Engine> {
    static CHAT_MODEL: OnceLock<Option<Engine>> = OnceLock::new();
    CHAT_MODEL.get_or_init(load).clone()
}

/// A model of its own, for tests that count or close.
pub fn load() -> Option<Engine> {
    match Chat::open(&models_dir()?, &CHAT, Workshop::on(processor()).unwrap()) {
        Ok(chat) => Some(Engine::from(chat)),
        Err(missing @ OpenError::Missing { .. }) => {
            eprintln!("skipped: {missing}");
            None
        }
        Err(error) => panic!("{error}: {:?}", std::error::Error::source(&error)),
    }
}

pub fn request(body: &Value) -> Request<Body> {
    Request::post("/v1/chat/completions")
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}

pub fn ask(text: &str, more: Value) -> Value {
    let mut body = json!({
        "model": CHAT.id,
        "temperature": 0,
        "messages": [{"role": "user", "content": text}],
    });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    body
}

pub async fn send(router: &Router, request: Request<Body>) -> (StatusCode, String) {
    let answer = router.clone().oneshot(request).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

pub async fn post(router: &Router, body: Value) -> (StatusCode, Value) {
    let (status, body) = send(router, request(&body)).await;
    (status, serde_json::from_str(&body).unwrap())
}

pub async fn get(router: &Router, path: &str) -> (StatusCode, Value) {
    let (status, body) = send(router, Request::get(path).body(Body::empty()).unwrap()).await;
    (
        status,
        serde_json::from_str(&body).unwrap_or(Value::String(body)),
    )
}

/// The events of a streamed answer, the closing `[DONE]` checked and left out.
pub async fn events(router: &Router, mut body: Value) -> Vec<Value> {
    body["stream"] = json!(true);
    let (status, text) = send(router, request(&body)).await;
    assert_eq!(status, 200, "{text}");
    let mut payloads: Vec<String> = text.split_inclusive("\n\n").filter_map(sse::data).collect();
    assert_eq!(payloads.pop().as_deref(), Some(sse::DONE));
    payloads
        .iter()
        .map(|payload| serde_json::from_str(payload).unwrap())
        .collect()
}

pub fn text(answer: &Value) -> &str {
    answer["choices"][0]["message"]["content"].as_str().unwrap()
}

pub fn joined(events: &[Value]) -> String {
    events
        .iter()
        .filter_map(|event| event["choices"][0]["delta"]["content"].as_str())
        .collect()
}

pub async fn until(router: &Router, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    loop {
        looks.tick().await;
        let (_, stats) = get(router, "/stats").await;
        if holds(&stats) {
            return stats;
        }
        assert!(
            Instant::now() < deadline,
            "waited a minute for {what}: {stats}"
        );
    }
}

pub const LONG: &str = "Write a very long story about a fox and a hen.";
