//! What a client of the API sees.

mod bodies;
mod catalog;
mod chaos;
mod chat;
mod embeddings;
mod failover;
mod headers;
mod idempotency;
mod identity;
mod ledger;
mod limits;
mod load;
mod models;
mod moderations;
mod permissions;
mod queue;
mod rerank;
mod resume;
mod routes;
mod stop;
mod stream;
mod torture;
mod workers;

use reqwest::{Response, StatusCode};
use serde_json::Value;

use crate::within;

/// The `error` of an answer that must have this status, type and code.
pub async fn error_of(
    request: reqwest::RequestBuilder,
    status: u16,
    kind: &str,
    code: &str,
) -> Value {
    let response = within(request.send()).await.unwrap();
    error_in(response, status, kind, code).await
}

async fn error_in(response: Response, status: u16, kind: &str, code: &str) -> Value {
    assert_eq!(response.status(), StatusCode::from_u16(status).unwrap());
    let body: Value = within(response.json()).await.unwrap();
    let error = &body["error"];
    assert_eq!(
        (error["type"].as_str(), error["code"].as_str()),
        (Some(kind), Some(code)),
        "{body}"
    );
    let fields: Vec<_> = error
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        fields,
        ["code", "message", "param", "type"],
        "all four, always"
    );
    error.clone()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .unwrap_or_else(|| panic!("{name} is missing"))
        .to_str()
        .unwrap()
}

fn number(response: &Response, name: &str) -> i64 {
    header(response, name)
        .parse()
        .unwrap_or_else(|_| panic!("{name} is no number"))
}

/// What has come of a stream once `expected` is in it.
pub async fn read_until(response: &mut Response, expected: &str) -> String {
    // As a whole: a stream that has nothing to say is never silent for long.
    within(async {
        let mut read = String::new();
        while !read.contains(expected) {
            let piece = response.chunk().await.unwrap();
            read.push_str(str::from_utf8(&piece.expect("more is to come")).unwrap());
        }
        read
    })
    .await
}
