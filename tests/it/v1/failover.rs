use std::sync::Arc;

use assisters::principal::Tier;
use reqwest::StatusCode;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{error_in, error_of, number};
use crate::fake_worker::{FakeWorker, Script};
use crate::site::Site;
use crate::{until, within};

#[tokio::test]
async fn a_worker_lost_before_its_first_byte_is_made_up_for_by_another() {
    let (mut lost, other) = (FakeWorker::start().await, FakeWorker::start().await);
    let site = Site::with(&[&lost, &other]).await;
    let key = site.key(Tier::Free).await;
    let gate = Arc::new(Semaphore::new(0));
    for worker in [&lost, &other] {
        worker.follow(Script::says(&["from anyone"]).through(&gate));
    }
    // Two requests, one for each worker; then one of the workers goes.
    let mut running = JoinSet::new();
    for _ in 0..2 {
        let request = site.chat(&key, json!({}));
        running.spawn(async move { request.send().await.unwrap().status() });
        until(async || lost.requests().len() + other.requests().len() > running.len() - 1).await;
    }
    assert_eq!(
        (lost.requests().len(), other.requests().len()),
        (1, 1),
        "the less busy one is asked"
    );
    lost.die();
    until(async || other.requests().len() == 2).await;
    gate.add_permits(2);
    assert_eq!(within(running.join_all()).await, [StatusCode::OK; 2]);
}

#[tokio::test]
async fn a_worker_that_fails_is_made_up_for_by_another() {
    let (ill, well) = (FakeWorker::start().await, FakeWorker::start().await);
    let site = Site::with(&[&ill, &well]).await;
    let key = site.key(Tier::Free).await;
    ill.follow(Script::refuses(500, "out of memory at 0x7f"));
    for _ in 0..4 {
        site.answer(&key, json!({})).await;
    }
    assert_eq!(well.requests().len(), 4);
    assert!(!ill.requests().is_empty(), "it was tried");
}

#[tokio::test]
async fn when_every_worker_fails_the_answer_says_so_and_nothing_of_theirs() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    worker.follow(Script::refuses(500, "out of memory at 0x7f"));
    let request = site.chat(&site.key(Tier::Free).await, json!({}));
    let error = error_of(request, 502, "server_error", "upstream_error").await;
    assert!(
        !error["message"].as_str().unwrap().contains("0x7f"),
        "{error}"
    );
}

#[tokio::test]
async fn while_its_only_worker_is_gone_the_service_says_when_to_come_back() {
    let mut worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Developer).await;
    worker.die();
    // The request that finds it gone is told that it failed; those after it, that there is none.
    until(async || {
        site.chat(&key, json!({})).send().await.unwrap().status() == StatusCode::SERVICE_UNAVAILABLE
    })
    .await;
    let response = site.chat(&key, json!({})).send().await.unwrap();
    assert!(number(&response, "retry-after") >= 1);
    assert!(number(&response, "retry-after-ms") >= 1);
    error_in(response, 503, "server_error", "no_worker_available").await;
}

#[tokio::test]
async fn before_any_worker_was_seen_no_model_is_said_to_be_unknown() {
    let worker = FakeWorker::dead().await;
    let site = Site::unready(TempDir::new().unwrap(), vec![worker.address]).await;
    let request = site.chat(&site.key(Tier::Free).await, json!({}));
    error_of(request, 503, "server_error", "no_worker_available").await;
}
