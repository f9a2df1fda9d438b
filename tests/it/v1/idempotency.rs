//! One key, one run: whoever comes second, whenever and wherever, gets the first one's answer.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use assisters::config::Config;
use assisters::principal::Tier;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::{Barrier, Semaphore};
use tokio::task::{JoinHandle, JoinSet};

use super::{error_in, error_of, header, number};
use crate::fake_worker::{FakeWorker, Script};
use crate::journal::left_behind;
use crate::site::Site;
use crate::{until, within};

fn keyed(request: RequestBuilder, key: &str) -> RequestBuilder {
    request.header("Idempotency-Key", key)
}

fn is_replayed(response: &Response) -> bool {
    response
        .headers()
        .get("idempotent-replayed")
        .is_some_and(|value| value == "true")
}

/// Status, whether it was replayed, and the bytes.
async fn answered(request: RequestBuilder) -> (StatusCode, bool, String) {
    let response = within(request.send()).await.unwrap();
    let (status, replayed) = (response.status(), is_replayed(&response));
    (status, replayed, within(response.text()).await.unwrap())
}

/// Sends a request, and returns when the worker has it.
async fn under_way(
    request: RequestBuilder,
    worker: &FakeWorker,
) -> JoinHandle<(StatusCode, bool, String)> {
    let before = worker.requests().len();
    let task = spawn(answered(request));
    until(async || worker.requests().len() > before).await;
    task
}

/// A test's task ends with its runtime.
#[expect(
    clippy::disallowed_methods,
    reason = "no service runs it, whose shutdown would have to wait for it"
)]
fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(task)
}

#[tokio::test]
async fn a_second_request_gets_the_firsts_bytes_and_costs_no_tokens() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    for stream in [false, true] {
        let body = json!({"stream": stream});
        let send = || {
            keyed(
                site.chat(&caller.secret, body.clone()),
                &format!("k-{stream}"),
            )
        };
        let first = answered(send()).await;
        let second = answered(send()).await;
        assert_eq!((first.0, first.1), (StatusCode::OK, false));
        assert_eq!((second.0, second.1), (StatusCode::OK, true));
        assert_eq!(first.2, second.2);
    }
    let third = keyed(
        site.chat(&caller.secret, json!({"stream": false})),
        "\"k-false\"",
    );
    let third = third.send().await.unwrap();
    assert!(is_replayed(&third), "quotes make no difference");
    assert_eq!(header(&third, "content-type"), "application/json");
    assert_eq!(number(&third, "x-ratelimit-remaining-rpm"), 5);
    assert_eq!(number(&third, "x-ratelimit-remaining-tpm"), 100_000 - 14);
    assert_eq!(worker.requests().len(), 2);

    let rows = site.ledger_of(&caller).await;
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.status, row.basis.as_str(), row.tokens))
        .collect();
    let [run, replay] = [(200, "worker_usage", (5, 2)), (200, "replay", (0, 0))];
    assert_eq!(told, [run, replay, run, replay, replay]);
}

#[tokio::test]
async fn of_fifty_at_once_one_runs_and_all_get_its_answer() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    for stream in [false, true] {
        let key = site.key(Tier::Developer).await;
        let barrier = Arc::new(Barrier::new(50));
        let mut tasks = JoinSet::new();
        for _ in 0..50 {
            let request = keyed(site.chat(&key, json!({"stream": stream})), "one");
            let barrier = barrier.clone();
            tasks.spawn(async move {
                barrier.wait().await;
                answered(request).await
            });
        }
        let answers = within(tasks.join_all()).await;
        let asked = worker.requests().len();
        assert_eq!(asked, 1 + usize::from(stream), "one run for each kind");
        let (_, _, first) = &answers[0];
        assert!(first.contains("Hel"));
        for (status, _, body) in &answers {
            assert_eq!((*status, body), (StatusCode::OK, first));
        }
        let ran = answers.iter().filter(|(_, replayed, _)| !replayed).count();
        assert_eq!(ran, 1);
    }
}

#[tokio::test]
async fn a_key_is_for_one_body_however_it_is_written() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Free).await;
    let post = |body: &'static str| {
        let request = site.post("/v1/embeddings").bearer_auth(&key);
        let request = request.header("content-type", "application/json");
        keyed(request.body(body), "one")
    };
    let first = answered(post(r#"{"model":"fake-model","input":"a"}"#)).await;
    let same = answered(post("{ \"input\": \"a\",\n\"model\": \"fake-model\" }")).await;
    assert_eq!((same.1, &same.2), (true, &first.2));
    let other = post(r#"{"model":"fake-model","input":"b"}"#);
    let error = error_of(other, 422, "idempotency_error", "idempotency_mismatch").await;
    assert!(error["message"].as_str().unwrap().contains("new key"));

    let elsewhere = keyed(site.chat(&key, json!({})), "one");
    assert!(!answered(elsewhere).await.1, "a key is for one path");
    let other_account = keyed(site.chat(&site.key(Tier::Free).await, json!({})), "one");
    assert!(!answered(other_account).await.1, "and for one account");
}

#[tokio::test]
async fn what_is_no_key_is_told_so() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Free).await;
    for malformed in ["", "a b", &"k".repeat(256)] {
        let request = keyed(site.chat(&key, json!({})), malformed);
        let error = error_of(request, 400, "invalid_request_error", "invalid_parameter").await;
        assert_eq!(error["param"], "Idempotency-Key");
    }
    assert!(worker.requests().is_empty());
}

#[tokio::test]
async fn who_has_waited_long_enough_for_the_first_is_told_that_it_runs() {
    let worker = FakeWorker::start().await;
    let short = |config: &mut Config| {
        config.idempotency.wait = Duration::from_millis(50);
    };
    let site = Site::tuned(&[&worker], short).await;
    let key = site.key(Tier::Free).await;
    let gate = Arc::new(Semaphore::new(0));
    worker.follow(Script::says(&["a"]).through(&gate));
    let send = || keyed(site.chat(&key, json!({})), "one");
    let first = under_way(send(), &worker).await;
    let waited = within(send().send()).await.unwrap();
    assert!(number(&waited, "retry-after") > 0);
    error_in(waited, 409, "idempotency_error", "idempotency_in_flight").await;
    gate.add_permits(1);
    assert_eq!(first.await.unwrap().0, StatusCode::OK);
    assert!(answered(send()).await.1);
}

#[tokio::test]
async fn a_client_that_was_cut_off_finds_its_answer_when_it_comes_back() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let gate = Arc::new(Semaphore::new(0));
    worker.follow(Script::says(&["a"]).through(&gate));
    let send = || keyed(site.chat(&caller.secret, json!({})), "one");
    let first = under_way(send(), &worker).await;
    first.abort();
    let second = spawn(answered(send()));
    gate.add_permits(1);
    let (status, replayed, _) = within(second).await.unwrap();
    assert_eq!((status, replayed), (StatusCode::OK, true));
    assert_eq!(worker.requests().len(), 1);
    let rows = site.ledger_of(&caller).await;
    let told: Vec<_> = rows.iter().map(|row| (row.status, row.tokens)).collect();
    assert_eq!(told, [(200, (5, 1)), (200, (0, 0))]);
}

#[tokio::test]
async fn an_answer_that_nobody_comes_back_for_is_cancelled_and_its_key_is_free() {
    let worker = FakeWorker::start().await;
    let brief = |config: &mut Config| config.idempotency.resume = Duration::from_millis(1);
    let site = Site::tuned(&[&worker], brief).await;
    let key = site.key(Tier::Free).await;
    worker.follow(Script::says(&["a"]).through(&Arc::new(Semaphore::new(0))));
    let send = || keyed(site.chat(&key, json!({})), "one");
    under_way(send(), &worker).await.abort();
    worker.abandoned(1).await;
    worker.follow(Script::says(&["b"]));
    let (status, replayed, _) = answered(send()).await;
    assert_eq!((status, replayed), (StatusCode::OK, false));
}

#[tokio::test]
async fn what_a_retry_could_mend_is_not_kept() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Free).await;
    let send = |fields| keyed(site.chat(&key, fields), "one");
    error_of(
        send(json!({"n": 0})),
        400,
        "invalid_request_error",
        "invalid_parameter",
    )
    .await;
    error_of(
        send(json!({"max_tokens": 100_001})),
        429,
        "rate_limit_error",
        "request_too_large",
    )
    .await;
    worker.follow(Script::refuses(500, "no"));
    for stream in [false, true] {
        let failed = send(json!({"stream": stream}));
        error_of(failed, 502, "server_error", "upstream_error").await;
        // The worker rests for a moment after a failure.
        site.clock.advance(Duration::from_secs(1));
    }
    worker.follow(Script::says(&["a"]));
    assert_eq!(answered(send(json!({}))).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_workers_word_that_a_request_is_bad_is_kept() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Free).await;
    worker.follow(Script::refuses(400, "the context is too long"));
    for stream in [false, true] {
        let body = json!({"stream": stream});
        let send = || keyed(site.chat(&key, body.clone()), &format!("k-{stream}"));
        let first = answered(send()).await;
        assert_eq!((first.0, first.1), (StatusCode::BAD_REQUEST, false));
        let second = answered(send()).await;
        assert_eq!((second.0, second.1), (StatusCode::BAD_REQUEST, true));
        assert_eq!(first.2, second.2);
    }
    assert_eq!(worker.requests().len(), 2);
}

#[tokio::test]
async fn an_answer_outlives_the_process_for_a_day() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Free).await;
    let body = json!({"stream": true});
    let first = answered(keyed(site.chat(&key, body.clone()), "one")).await;
    let dir = site.stop().await;

    let site = Site::again(dir, &[&worker], |_| {}).await;
    site.clock.advance(Duration::from_secs(23 * 3_600));
    let second = answered(keyed(site.chat(&key, body.clone()), "one")).await;
    assert_eq!((second.1, &second.2), (true, &first.2));
    site.clock.advance(Duration::from_secs(3_600));
    assert!(!answered(keyed(site.chat(&key, body), "one")).await.1);
    assert_eq!(worker.requests().len(), 2);
}

#[tokio::test]
async fn a_key_whose_process_was_killed_is_free_at_the_next_start() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Free).await;
    worker.follow(Script::says(&["a"]).through(&Arc::new(Semaphore::new(0))));
    let first = under_way(keyed(site.chat(&key, json!({})), "one"), &worker).await;
    let killed: TempDir = left_behind(site.dir.path());

    worker.follow(Script::says(&["a"]));
    let next = Site::again(killed, &[&worker], |_| {}).await;
    let (status, replayed, _) = answered(keyed(next.chat(&key, json!({})), "one")).await;
    assert_eq!((status, replayed), (StatusCode::OK, false));
    first.abort();
}

#[tokio::test]
async fn two_services_on_one_database_run_a_request_once() {
    let worker = FakeWorker::start().await;
    let one = Site::with(&[&worker]).await;
    let database = one.dir.path().join("assisters.db");
    let shared = |config: &mut Config| {
        config.database_url = Some(format!("sqlite://{}", database.display()));
    };
    let two = Site::tuned(&[&worker], shared).await;
    let key = one.key(Tier::Developer).await;
    let gate = Arc::new(Semaphore::new(0));
    worker.follow(Script::says(&["a"]).through(&gate));
    let first = under_way(keyed(one.chat(&key, json!({})), "one"), &worker).await;
    let second = spawn(answered(keyed(two.chat(&key, json!({})), "one")));
    gate.add_permits(1);
    let (first, second) = (first.await.unwrap(), within(second).await.unwrap());
    assert_eq!((first.1, second.1), (false, true));
    assert_eq!(first.2, second.2);
    assert_eq!(worker.requests().len(), 1);
}
