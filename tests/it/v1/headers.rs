use std::collections::HashSet;

use assisters::principal::Tier;
use reqwest::Response;
use serde_json::json;

use super::{header, number};
use crate::fake_worker::FakeWorker;
use crate::site::Site;

const EVERYWHERE: [&str; 3] = ["x-request-id", "x-processing-time-ms", "server-timing"];

#[tokio::test]
async fn every_answer_carries_its_headers_whatever_became_of_it() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Developer).await;
    let mut ids = HashSet::new();
    for (request, status) in [
        (site.chat(&key, json!({})), 200),
        (site.chat(&key, json!({"stream": true})), 200),
        (site.chat(&key, json!({"n": 0})), 400),
        (site.chat(&key, json!({"model": "gpt-9"})), 404),
        (site.chat(&key, json!({"max_tokens": 2_000_000})), 429),
        (site.get("/v1/models").bearer_auth(&key), 200),
        (site.get("/v1/nothing").bearer_auth(&key), 404),
        (site.get("/v1/chat/completions").bearer_auth(&key), 405),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), status);
        check_rates(&response, site.clock.now().seconds());
        check_everywhere(&response, &mut ids);
    }
    let unknown = site.chat("sk-1", json!({})).send().await.unwrap();
    check_everywhere(&unknown, &mut ids);
    assert_eq!(ids.len(), 9);
}

fn check_everywhere(response: &Response, ids: &mut HashSet<String>) {
    for name in EVERYWHERE {
        header(response, name);
    }
    assert!(number(response, "x-processing-time-ms") >= 0);
    for phase in ["auth", "limit", "queue", "upstream", "total"] {
        assert!(
            header(response, "server-timing").contains(&format!("{phase};dur=")),
            "{phase}"
        );
    }
    let id = header(response, "x-request-id").to_owned();
    assert!(id.starts_with("req_"), "{id}");
    assert!(ids.insert(id), "an id names one request");
}

fn check_rates(response: &Response, now: i64) {
    for (bucket, theirs, limit) in [("rpm", "requests", 100), ("tpm", "tokens", 1_000_000)] {
        let ours = |field: &str| number(response, &format!("x-ratelimit-{field}-{bucket}"));
        assert_eq!(ours("limit"), limit);
        assert!((0..=limit).contains(&ours("remaining")));
        assert!(
            (now..=now + 62).contains(&ours("reset")),
            "{} is not soon after {now}",
            ours("reset")
        );
        let openai = |field: &str| header(response, &format!("x-ratelimit-{field}-{theirs}"));
        assert_eq!(openai("limit"), limit.to_string());
        assert_eq!(openai("remaining"), ours("remaining").to_string());
        assert!(openai("reset").ends_with('s'), "{}", openai("reset"));
    }
}

#[tokio::test]
async fn a_clients_own_request_id_is_not_taken_for_ours() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Free).await;
    let response = site
        .get("/v1/models")
        .bearer_auth(&key)
        .header("X-Request-ID", "req_mine")
        .send()
        .await
        .unwrap();
    assert_ne!(header(&response, "x-request-id"), "req_mine");
}

#[tokio::test]
async fn a_page_of_any_origin_may_call_with_a_key_and_read_the_headers() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Free).await;
    let asked = reqwest::Client::new()
        .request(reqwest::Method::OPTIONS, site.url("/v1/chat/completions"))
        .header("Origin", "https://elsewhere.example")
        .header("Access-Control-Request-Method", "POST")
        .header(
            "Access-Control-Request-Headers",
            "authorization,content-type",
        )
        .send()
        .await
        .unwrap();
    assert!(asked.status().is_success(), "{}", asked.status());
    assert_eq!(header(&asked, "access-control-allow-origin"), "*");

    let request = site
        .get("/v1/models")
        .bearer_auth(&key)
        .header("Origin", "https://elsewhere.example");
    let answered = request.send().await.unwrap();
    let exposed = header(&answered, "access-control-expose-headers").to_lowercase();
    for name in EVERYWHERE.into_iter().chain([
        "x-ratelimit-remaining-rpm",
        "retry-after",
        "preference-applied",
    ]) {
        assert!(exposed.contains(name), "{name}");
    }
}
