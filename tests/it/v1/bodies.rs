//! Bodies that are too long, too deep, no JSON, no text, or that never end.

use std::time::Duration;

use assisters::principal::Tier;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::error_of;
use crate::fake_worker::FakeWorker;
use crate::raw::Raw;
use crate::site::{Caller, Site, chat, config};
use crate::within;

const MB: usize = 1 << 20;

async fn one() -> (FakeWorker, Site, Caller) {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Developer).await;
    (worker, site, caller)
}

/// A service that waits no time to speak of for the rest of a body.
async fn impatient() -> (Site, Caller) {
    let dir = TempDir::new().unwrap();
    let mut config = config(dir.path(), &[]);
    config.workers = vec!["http://127.0.0.1:9".parse().unwrap()];
    config.limits.body_pause = Duration::from_millis(50);
    let site = Site::configured(dir, config).await;
    let caller = site.caller(Tier::Free).await;
    (site, caller)
}

fn post(site: &Site, caller: &Caller, body: impl Into<reqwest::Body>) -> RequestBuilder {
    site.post("/v1/chat/completions")
        .bearer_auth(&caller.secret)
        .header("Content-Type", "application/json")
        .body(body)
}

fn error_code(body: &str) -> Value {
    serde_json::from_str::<Value>(body).unwrap()["error"]["code"].take()
}

#[tokio::test]
async fn who_sends_30_mb_before_reading_still_reads_that_it_was_too_much() {
    let (worker, site, caller) = one().await;
    let mut raw = Raw::to(site.address()).await;
    for (key, status, code) in [
        (caller.secret.as_str(), "413", "body_too_large"),
        ("ask_wrong", "401", "invalid_api_key"),
    ] {
        raw.send_head(key, &format!("Content-Length: {}\r\n", 30 * MB))
            .await;
        for _ in 0..30 {
            raw.send(&vec![b' '; MB]).await.unwrap();
        }
        let (head, body) = raw.answer().await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert_eq!(error_code(&body), code);
    }
    // All was read, so the connection serves on.
    let body = chat(json!({})).to_string();
    raw.send_head(
        &caller.secret,
        &format!("Content-Length: {}\r\n", body.len()),
    )
    .await;
    raw.send(body.as_bytes()).await.unwrap();
    assert!(raw.answer().await.0.starts_with("HTTP/1.1 200 "));
    assert_eq!(worker.requests().len(), 1);
}

#[tokio::test]
async fn what_says_that_it_is_too_long_is_refused_before_it_comes() {
    let (_worker, site, caller) = one().await;
    let mut raw = Raw::to(site.address()).await;
    raw.send_head(&caller.secret, &format!("Content-Length: {}\r\n", 30 * MB))
        .await;
    let (head, body) = raw.answer().await;
    assert!(head.starts_with("HTTP/1.1 413 "), "{head}");
    assert_eq!(error_code(&body), "body_too_large");
}

#[tokio::test]
async fn a_body_that_goes_on_for_ever_is_cut_off() {
    let (_worker, site, caller) = one().await;
    let mut raw = Raw::to(site.address()).await;
    raw.send_head(&caller.secret, "Transfer-Encoding: chunked\r\n")
        .await;
    let chunk = [format!("{MB:x}\r\n").as_bytes(), &vec![b' '; MB], b"\r\n"].concat();
    let mut sent = 0;
    while raw.send(&chunk).await.is_ok() {
        sent += 1;
        assert!(sent < 200, "{sent} MB were taken");
    }
    assert!(sent >= 30, "only {sent} MB were read for the client's sake");
}

#[tokio::test]
async fn who_asks_before_sending_is_refused_before_sending() {
    let (_worker, site, caller) = one().await;
    let mut raw = Raw::to(site.address()).await;
    let asks = format!("Content-Length: {}\r\nExpect: 100-continue\r\n", 30 * MB);
    raw.send_head("ask_wrong", &asks).await;
    let answer = raw.rest().await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");

    let body = chat(json!({})).to_string();
    let mut raw = Raw::to(site.address()).await;
    let asks = format!("Content-Length: {}\r\nExpect: 100-continue\r\n", body.len());
    raw.send_head(&caller.secret, &asks).await;
    assert!(raw.answer().await.0.starts_with("HTTP/1.1 100 "));
    raw.send(body.as_bytes()).await.unwrap();
    assert!(raw.answer().await.0.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn nesting_without_end_is_refused_wherever_it_stands() {
    let worker = FakeWorker::start().await;
    let dir = TempDir::new().unwrap();
    let mut config = config(dir.path(), &[worker.address]);
    config.limits.body = 4 * MB;
    let site = Site::configured(dir, config).await;
    let caller = site.caller(Tier::Free).await;
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let unclosed = "{\"a\":".repeat(100_000);
    let hello = r#""model":"fake-model","messages":[{"role":"user","content":"Hi"}]"#;
    for body in [
        deep.clone(),
        unclosed.clone(),
        format!("{{{hello},\"tools\":{deep}}}"),
        format!("{{{hello},\"metadata\":{unclosed}"),
        format!(r#"{{"model":"fake-model","messages":[{{"role":"user","content":{deep}}}]}}"#),
        format!(r#"{{"model":{deep},"messages":{deep}}}"#),
    ] {
        let request = post(&site, &caller, body);
        let error = error_of(request, 400, "invalid_request_error", "invalid_json").await;
        assert!(
            error["message"].as_str().unwrap().contains("127 deep"),
            "{error}"
        );
    }
    assert!(worker.requests().is_empty());
}

#[tokio::test]
async fn brackets_in_a_text_are_text() {
    let (worker, site, caller) = one().await;
    let text = "[{\\\"".repeat(5_000);
    let messages = json!([{"role": "user", "content": text}]);
    site.answer(&caller.secret, json!({"messages": messages}))
        .await;
    assert_eq!(worker.requests()[0]["messages"], messages);
}

#[tokio::test]
async fn what_is_no_text_or_no_json_is_refused_wherever_it_stands() {
    let (worker, site, caller) = one().await;
    let hello = r#""model":"fake-model","messages":[{"role":"user","content":"Hi"}]"#;
    let bodies: [Vec<u8>; 7] = [
        [b"{".as_slice(), hello.as_bytes(), b",\"user\":\"\xff\"}"].concat(),
        [b"{".as_slice(), hello.as_bytes(), b",\"\xc3\x28\":1}"].concat(),
        b"{\"model\":\"fake-model\",\"messages\":[{\"role\":\"user\",\"content\":\"\xed\xa0\x80\"}]}".to_vec(),
        format!("{{{hello}").into(),
        format!("{{{hello},\"tools\":[").into(),
        format!("{{{hello}}} {{").into(),
        vec![],
    ];
    for body in bodies {
        let shown = String::from_utf8_lossy(&body).into_owned();
        let request = post(&site, &caller, body);
        let error = error_of(request, 400, "invalid_request_error", "invalid_json").await;
        assert!(
            error["message"].as_str().unwrap().len() > 20,
            "{shown}: {error}"
        );
    }
    assert!(worker.requests().is_empty());
}

#[tokio::test]
async fn what_is_not_plain_json_is_not_taken() {
    let (worker, site, caller) = one().await;
    let body = chat(json!({})).to_string();
    let bare = || {
        site.post("/v1/chat/completions")
            .bearer_auth(&caller.secret)
            .body(body.clone())
    };
    for request in [
        bare(),
        bare().header("Content-Type", "text/plain"),
        bare().header("Content-Type", "multipart/form-data; boundary=a"),
        bare()
            .header("Content-Type", "application/json")
            .header("Content-Encoding", "gzip"),
    ] {
        error_of(
            request,
            415,
            "invalid_request_error",
            "unsupported_media_type",
        )
        .await;
    }
    let request = bare().header("Content-Type", "Application/JSON; charset=utf-8");
    assert_eq!(within(request.send()).await.unwrap().status(), 200);
    assert_eq!(worker.requests().len(), 1);
}

#[tokio::test]
async fn a_body_that_stalls_is_answered_and_its_connection_closed() {
    let (site, caller) = impatient().await;
    for headers in ["Content-Length: 100\r\n", "Transfer-Encoding: chunked\r\n"] {
        let mut raw = Raw::to(site.address()).await;
        raw.send_head(&caller.secret, headers).await;
        if headers.starts_with("Content-Length") {
            raw.send(b"{\"model\"").await.unwrap();
        }
        let (head, body) = raw.answer().await;
        assert!(head.starts_with("HTTP/1.1 408 "), "{head}");
        assert!(head.to_lowercase().contains("connection: close"), "{head}");
        assert_eq!(error_code(&body), "request_timeout");
        assert_eq!(raw.rest().await, "", "and nothing more");
    }
    let rows = site.ledger_of(&caller).await;
    assert_eq!(rows.len(), 2);
    for row in rows {
        assert_eq!(
            (row.status, row.error_code.as_deref()),
            (408, Some("request_timeout"))
        );
    }
}

#[tokio::test]
async fn a_form_that_stalls_is_told_so_and_keeps_no_connection() {
    let (site, _) = impatient().await;
    let mut raw = Raw::to(site.address()).await;
    raw.send(
        b"POST /api/sign-in HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\nContent-Type: application/x-www-form-urlencoded\r\n\
          Content-Length: 100\r\n\r\nemail=",
    )
    .await
    .unwrap();
    let answer = raw.rest().await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.ends_with("Send it again.\n"), "{answer}");
}

#[tokio::test]
async fn a_body_that_breaks_off_leaves_a_row_and_no_worker_called() {
    let (worker, site, caller) = one().await;
    let mut raw = Raw::to(site.address()).await;
    raw.send_head(&caller.secret, "Content-Length: 100\r\n")
        .await;
    raw.send(b"{\"model\"").await.unwrap();
    drop(raw);
    let used = async || {
        let limits = site.get("/v1/limits").bearer_auth(&caller.secret);
        let limits: Value = limits.send().await.unwrap().json().await.unwrap();
        limits["account"]["requests"]["used"].as_u64().unwrap()
    };
    crate::until(async || used().await == 1).await;
    assert!(worker.requests().is_empty());
    let rows = site.ledger_of(&caller).await;
    let statuses: Vec<_> = rows.iter().map(|row| row.status).collect();
    assert!(matches!(statuses[..], [400 | 499, ..]), "{rows:?}");
}
