//! What whoever watches the service is shown, and who that may be.

mod scrape;

use std::num::NonZeroUsize;
use std::sync::Arc;

use assisters::config::Secret;
use assisters::principal::Tier;
use reqwest::StatusCode;
use serde_json::json;
use tokio::sync::{Barrier, Semaphore};
use tokio::task::JoinSet;

use crate::fake_worker::{FakeWorker, MODEL, Script};
use crate::site::{PASSWORD, Site};
use crate::{until, within};
use scrape::Scrape;

const CHAT: &str = r#"endpoint="/v1/chat/completions""#;
pub const TOKEN: &str = "a-token-of-32-characters-or-more";

fn served() -> String {
    format!(r#"{CHAT},model="{MODEL}""#)
}

async fn status(request: reqwest::RequestBuilder) -> u16 {
    let response = within(request.send()).await.unwrap();
    let status = response.status().as_u16();
    within(response.bytes()).await.unwrap();
    status
}

#[tokio::test]
async fn what_was_asked_is_counted_exactly() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let key = caller.secret.as_str();
    let chat = |fields| site.chat(key, fields);
    for _ in 0..2 {
        assert_eq!(status(chat(json!({}))).await, 200);
    }
    assert_eq!(status(chat(json!({"stream": true}))).await, 200);
    for _ in 0..2 {
        let keyed = chat(json!({})).header("Idempotency-Key", "k");
        assert_eq!(status(keyed).await, 200);
    }
    let other = chat(json!({"n": 1})).header("Idempotency-Key", "k");
    assert_eq!(status(other).await, 422);
    assert_eq!(status(chat(json!({"model": "none"}))).await, 404);
    assert_eq!(status(chat(json!({"temperature": 9}))).await, 400);
    assert_eq!(status(site.chat("ask_no", json!({}))).await, 401);
    worker.follow(Script::refuses(400, "no"));
    assert_eq!(status(chat(json!({}))).await, 400);
    // The tenth request that counts, and one too many.
    worker.follow(Script::says(&["x"]));
    assert_eq!(status(chat(json!({}))).await, 200);
    assert_eq!(status(chat(json!({}))).await, 429);

    let scrape = Scrape::of(&site).await;
    let served = served();
    for (code, error, model, count) in [
        (200, "", MODEL, 6.0),
        (422, "idempotency_mismatch", MODEL, 1.0),
        (404, "model_not_found", "", 1.0),
        (400, "invalid_parameter", "", 1.0),
        (401, "invalid_api_key", "", 1.0),
        // The worker's word for it, which could be any.
        (400, "other", MODEL, 1.0),
        (429, "rate_limit_exceeded", "", 1.0),
    ] {
        let labels = format!(r#"{CHAT},model="{model}",code="{code}",error="{error}""#);
        let found = scrape.value("assisters_requests_total", &labels);
        assert_eq!(found, Some(count), "{labels}\n{}", scrape.text);
    }
    let count = |name: &str, labels: &str| scrape.must(&format!("assisters_{name}"), labels);
    assert_eq!(
        count(
            "request_duration_seconds_count",
            &format!(r#"{served},class="2xx""#)
        ),
        6.0
    );
    assert_eq!(count("time_to_first_token_seconds_count", &served), 1.0);
    assert_eq!(count("time_per_output_token_seconds_count", &served), 1.0);
    // Four answers of 5 and 2, one of 5 and 1; a replay and a refusal cost nothing.
    let of_model = format!(r#"model="{MODEL}""#);
    assert_eq!(
        count("tokens_total", &format!(r#"{of_model},type="input""#)),
        25.0
    );
    assert_eq!(
        count("tokens_total", &format!(r#"{of_model},type="output""#)),
        9.0
    );
    assert_eq!(count("queue_wait_seconds_count", &of_model), 6.0);
    assert_eq!(count("requests_in_flight", CHAT), 0.0);
    let refused = r#"tier="free",holder="account",bucket="requests""#;
    assert_eq!(count("limit_refusals_total", refused), 1.0);
    let refused = r#"tier="free",holder="account",bucket="tokens""#;
    assert_eq!(count("limit_refusals_total", refused), 0.0);
    for (outcome, times) in [
        ("first", 1.0),
        ("replayed", 1.0),
        ("mismatch", 1.0),
        ("in_flight", 0.0),
    ] {
        let outcome = format!(r#"outcome="{outcome}""#);
        assert_eq!(
            count("idempotency_keys_total", &outcome),
            times,
            "{outcome}"
        );
    }
}

#[tokio::test]
async fn no_text_of_a_client_becomes_a_series() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Startup).await;
    let hostile = |number: usize| format!("sneaky\"}}\n# {number}");
    let ask = async |number: usize| {
        let model = hostile(number);
        let asked = site.chat(&caller.secret, json!({"model": model}));
        assert_eq!(status(asked).await, 404);
        let path = format!("/v1/sneaky-{number}");
        let missing = site.get(&path).bearer_auth(&caller.secret);
        assert_eq!(status(missing).await, 404);
        let keyed = site
            .chat(&caller.secret, json!({}))
            .header("Idempotency-Key", path);
        assert_eq!(status(keyed.header("X-Request-ID", "sneaky")).await, 200);
        worker.follow(Script::refuses(400, "sneaky"));
        assert_eq!(status(site.chat(&caller.secret, json!({}))).await, 400);
        worker.follow(Script::says(&["a", "b"]));
    };
    // After so many it can be told how long the queue will take, which is a series of its own.
    for number in 0..5 {
        ask(number).await;
    }
    let first = Scrape::of(&site).await;
    for number in 5..20 {
        ask(number).await;
    }
    let last = Scrape::of(&site).await;
    let names = |scrape: &Scrape| scrape.series.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&first), names(&last));
    for word in [
        "sneaky",
        "from_worker",
        caller.account.id.as_str(),
        caller.key.id.as_str(),
        "ask_",
    ] {
        assert!(!last.text.contains(word), "{word} is in\n{}", last.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_never_fall_while_many_ask_and_many_look() {
    let worker = FakeWorker::start().await;
    let site = Arc::new(Site::with(&[&worker]).await);
    let caller = site.caller(Tier::Startup).await;
    let barrier = Arc::new(Barrier::new(60));
    let mut tasks = JoinSet::new();
    for number in 0..60 {
        let (site, barrier, key) = (site.clone(), barrier.clone(), caller.secret.clone());
        tasks.spawn(async move {
            barrier.wait().await;
            if number % 3 > 0 {
                let asked = site.chat(&key, json!({"stream": number % 3 == 1}));
                assert_eq!(status(asked).await, 200);
                return;
            }
            let before = Scrape::of(&site).await;
            let after = Scrape::of(&site).await;
            assert_eq!(after.fallen_since(&before), []);
        });
    }
    within(tasks.join_all()).await;
    let scrape = Scrape::of(&site).await;
    let labels = format!(r#"{},code="200",error="""#, served());
    assert_eq!(scrape.must("assisters_requests_total", &labels), 40.0);
    assert_eq!(scrape.must("assisters_requests_in_flight", CHAT), 0.0);
}

#[tokio::test]
async fn who_runs_waits_and_is_turned_away_is_seen_as_it_stands() {
    let worker = FakeWorker::start().await;
    let site = Site::tuned(&[&worker], |config| {
        config.workers[0].max_in_flight = NonZeroUsize::new(1);
    })
    .await;
    let caller = site.caller(Tier::Startup).await;
    let gate = Arc::new(Semaphore::new(0));
    worker.follow(Script::says(&["a"]).behind(&gate));
    let mut asked = JoinSet::new();
    for _ in 0..3 {
        asked.spawn(status(site.chat(&caller.secret, json!({}))));
    }
    until(async || site.waiting() == 2 && worker.requests().len() == 1).await;
    let scrape = Scrape::of(&site).await;
    let of_worker = format!(r#"worker="{}""#, worker.address);
    let of_model = format!(r#"model="{MODEL}""#);
    for (name, labels, value) in [
        ("requests_in_flight", CHAT, 3.0),
        ("queue_length", &of_model, 2.0),
        ("model_ready_workers", &of_model, 1.0),
        ("worker_requests_in_flight", &of_worker, 1.0),
        ("worker_requests_waiting", &of_worker, 2.0),
        ("worker_error_ratio", &of_worker, 0.0),
        ("ledger_failures_total", r#"to="database""#, 0.0),
        ("database_connections_max", "", 24.0),
    ] {
        let name = format!("assisters_{name}");
        assert_eq!(scrape.must(&name, labels), value, "{name}");
    }
    gate.add_permits(3);
    assert_eq!(within(asked.join_all()).await, [200; 3]);
    for name in [
        "assisters_build_info",
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_cpu_seconds_total",
        "process_start_time_seconds",
    ] {
        let found = scrape.series.iter().find(|((series, _), _)| series == name);
        assert!(found.is_some_and(|(_, value)| *value > 0.0), "{name}");
    }
    let site = &site;
    until(async || {
        let scrape = Scrape::of(site).await;
        let backlog = scrape.must("assisters_ledger_backlog_bytes", "");
        let rows: f64 = scrape
            .series
            .iter()
            .filter(|((name, _), _)| name == "assisters_requests_total")
            .map(|(_, count)| count)
            .sum();
        backlog == 0.0 && scrape.must("assisters_ledger_rows_total", "") == rows
    })
    .await;
}

#[tokio::test]
async fn a_worker_is_in_one_state_and_a_retry_is_counted() {
    let (mut ill, well) = (FakeWorker::start().await, FakeWorker::start().await);
    let site = Site::with(&[&ill, &well]).await;
    let caller = site.caller(Tier::Startup).await;
    ill.die();
    let state = |scrape: &Scrape, worker: &FakeWorker, state: &str| {
        let labels = format!(r#"worker="{}",state="{state}""#, worker.address);
        scrape.must("assisters_worker_state", &labels)
    };
    // Which of the two is asked is chance, until the ill one was.
    until(async || {
        site.answer(&caller.secret, json!({})).await;
        state(&Scrape::of(&site).await, &ill, "ready") == 0.0
    })
    .await;
    let scrape = Scrape::of(&site).await;
    assert_eq!(state(&scrape, &well, "ready"), 1.0);
    for worker in [&ill, &well] {
        let states = [
            "ready",
            "resting",
            "ejected",
            "half_open",
            "draining",
            "unknown",
        ];
        let sum: f64 = states.map(|name| state(&scrape, worker, name)).iter().sum();
        assert_eq!(sum, 1.0);
    }
    let of_model = format!(r#"model="{MODEL}""#);
    assert_eq!(scrape.must("assisters_model_ready_workers", &of_model), 1.0);
    let ended = format!(r#"{},code="200",error="""#, served());
    let answers = scrape.must("assisters_requests_total", &ended);
    let leased = scrape.must("assisters_queue_wait_seconds_count", &of_model);
    let retries = scrape.value("assisters_retries_total", &of_model);
    assert_eq!(retries.unwrap_or(0.0), leased - answers);
}

#[tokio::test]
async fn metrics_are_for_this_machine_and_for_who_has_the_token() {
    let worker = FakeWorker::start().await;
    let with = Site::tuned(&[&worker], |config| {
        config.metrics_token = Secret::parse(TOKEN);
    })
    .await;
    let without = Site::with(&[&worker]).await;
    for site in [&with, &without] {
        assert_eq!(status(site.get("/metrics")).await, 200);
        let key = site.key(Tier::Free).await;
        for secret in ["", "x", &TOKEN[1..], key.as_str()] {
            let asked = site.get("/metrics").header("X-Forwarded-For", "10.0.0.5");
            let answer = within(asked.bearer_auth(secret).send()).await.unwrap();
            assert_eq!(answer.status(), StatusCode::FORBIDDEN);
            let text = answer.text().await.unwrap();
            assert!(text.contains("metrics.token"), "{text}");
            assert!(!text.contains("assisters_requests"), "{text}");
        }
        let rebound = site.get("/metrics").header("Host", "evil.example");
        assert_eq!(status(rebound).await, 403);
    }
    for (site, expected) in [(with, 200), (without, 403)] {
        let asked = site.get("/metrics").header("X-Forwarded-For", "10.0.0.5");
        assert_eq!(status(asked.bearer_auth(TOKEN)).await, expected);
    }
}

#[tokio::test]
async fn a_scraper_that_asks_for_openmetrics_has_it() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2";
    let asked = site.get("/metrics").header("Accept", accept);
    let answer = within(asked.send()).await.unwrap();
    assert_eq!(
        answer.headers()["content-type"],
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    let text = answer.text().await.unwrap();
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert!(
        text.contains("# TYPE assisters_requests counter\n"),
        "{text}"
    );
    assert!(
        text.contains("# UNIT assisters_request_duration_seconds seconds\n"),
        "{text}"
    );
}

#[tokio::test]
async fn sign_ins_are_counted_with_how_they_ended() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    site.browser_of(&caller).await;
    for (email, password) in [
        (caller.account.email.as_str(), "wrong"),
        ("nobody@example.org", PASSWORD),
    ] {
        let form = [("email", email), ("password", password)];
        site.browser().call("/api/sign-in", &form).await;
    }
    let scrape = Scrape::of(&site).await;
    assert_eq!(
        scrape.must("assisters_sign_ins_total", r#"outcome="good""#),
        1.0
    );
    assert_eq!(
        scrape.must("assisters_sign_ins_total", r#"outcome="wrong""#),
        2.0
    );
}
