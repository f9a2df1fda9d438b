//! A stream with a key that is cut can be picked up again where it was cut.

use std::sync::Arc;
use std::time::Duration;

use assisters::principal::Tier;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::json;
use tokio::sync::Semaphore;

use super::read_until;
use crate::fake_worker::{FakeWorker, Script};
use crate::site::Site;
use crate::{until, within};

fn stream(site: &Site, key: &str) -> RequestBuilder {
    site.chat(key, json!({"stream": true}))
        .header("Idempotency-Key", "one")
}

fn last_id(events: &str) -> &str {
    let mut ids = events.lines().filter_map(|line| line.strip_prefix("id: "));
    ids.next_back().unwrap()
}

#[tokio::test]
async fn a_cut_stream_goes_on_behind_the_last_event_that_arrived() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let gate = Arc::new(Semaphore::new(2));
    worker.follow(Script::says(&["a", "b", "c", "d"]).through(&gate));
    let mut first = stream(&site, &caller.secret).send().await.unwrap();
    let before = read_until(&mut first, r#""content":"b""#).await;
    drop(first);

    let resumed = stream(&site, &caller.secret).header("Last-Event-ID", last_id(&before));
    let resumed = within(resumed.send()).await.unwrap();
    assert_eq!(resumed.headers()["idempotent-replayed"], "true");
    gate.add_permits(2);
    let rest = within(resumed.text()).await.unwrap();
    assert!(rest.contains(r#""content":"c""#) && !rest.contains(r#""content":"b""#));
    assert!(rest.ends_with("data: [DONE]\n\n"));

    let again = stream(&site, &caller.secret).send().await.unwrap();
    assert_eq!(again.text().await.unwrap(), before.clone() + &rest);
    let behind = stream(&site, &caller.secret).header("Last-Event-ID", last_id(&before));
    assert_eq!(behind.send().await.unwrap().text().await.unwrap(), rest);
    assert_eq!(worker.requests().len(), 1);

    let rows = site.ledger_of(&caller).await;
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.status, row.basis.as_str(), row.tokens))
        .collect();
    let replay = (200, "replay", (0, 0));
    assert_eq!(
        told,
        [(200, "worker_usage", (5, 4)), replay, replay, replay]
    );
}

#[tokio::test]
async fn a_stream_that_nobody_comes_back_for_is_cancelled_and_its_key_is_free() {
    let worker = FakeWorker::start().await;
    let site = Site::tuned(&[&worker], |config| {
        config.idempotency.resume = Duration::from_millis(1);
    })
    .await;
    let caller = site.caller(Tier::Free).await;
    let gate = Arc::new(Semaphore::new(1));
    worker.follow(Script::says(&["a", "b"]).through(&gate));
    let mut first = stream(&site, &caller.secret).send().await.unwrap();
    let before = read_until(&mut first, r#""content":"a""#).await;
    drop(first);
    worker.abandoned(1).await;

    worker.follow(Script::says(&["x", "y"]));
    let again = stream(&site, &caller.secret).header("Last-Event-ID", last_id(&before));
    let again = within(again.send()).await.unwrap().text().await.unwrap();
    assert!(
        again.contains(r#""content":"x""#),
        "another run begins anew"
    );
    assert_eq!(worker.requests().len(), 2);
    let [cut, whole] = site.ledger_of(&caller).await.try_into().unwrap();
    assert_eq!(
        (cut.status, cut.tokens.1, cut.basis.as_str()),
        (499, 1, "counted")
    );
    assert_eq!((whole.status, whole.tokens), (200, (5, 2)));
}

#[tokio::test]
async fn a_stream_ends_whole_though_its_client_has_left_and_is_kept() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let gate = Arc::new(Semaphore::new(1));
    worker.follow(Script::says(&["a", "b"]).through(&gate));
    let mut first = stream(&site, &caller.secret).send().await.unwrap();
    read_until(&mut first, r#""content":"a""#).await;
    drop(first);
    gate.add_permits(1);
    let whole = stream(&site, &caller.secret).send().await.unwrap();
    let whole = within(whole.text()).await.unwrap();
    assert!(whole.ends_with("data: [DONE]\n\n"));
    let settled = async || {
        let answer = stream(&site, &caller.secret).send().await.unwrap();
        answer.status() == StatusCode::OK && answer.text().await.unwrap() == whole
    };
    until(settled).await;
    assert_eq!(worker.requests().len(), 1);
}

#[tokio::test]
async fn who_follows_a_stream_that_breaks_is_told_so_and_a_retry_runs_anew() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let key = &caller.secret;
    let gate = Arc::new(Semaphore::new(1));
    worker.follow(Script::says(&["a"]).through(&gate).and_breaks_off());
    let mut first = stream(&site, key).send().await.unwrap();
    read_until(&mut first, r#""content":"a""#).await;
    let follower = within(stream(&site, key).send()).await.unwrap();
    gate.add_permits(1);
    for response in [first, follower] {
        let rest = within(response.text()).await.unwrap();
        assert!(rest.contains("upstream_error"), "{rest}");
        assert!(rest.ends_with("data: [DONE]\n\n"));
    }
    worker.follow(Script::says(&["b"]));
    site.clock.advance(Duration::from_secs(1));
    let retried = within(stream(&site, key).send()).await.unwrap();
    assert!(retried.headers().get("idempotent-replayed").is_none());
    assert!(retried.text().await.unwrap().contains(r#""content":"b""#));
    let rows = site.ledger_of(&caller).await;
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.status, row.error_code.as_deref(), row.basis.as_str()))
        .collect();
    let broken = |basis| (502, Some("upstream_error"), basis);
    let well = (200, None, "worker_usage");
    assert_eq!(told, [broken("counted"), broken("replay"), well]);
}
