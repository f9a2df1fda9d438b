//! What happens to requests while all places on the workers of their model are taken.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use assisters::config::Config;
use assisters::principal::Tier;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

use super::{error_in, error_of, number};
use crate::fake_worker::{FakeWorker, Script};
use crate::site::Site;
use crate::{until, within};

/// A service with one worker that takes one request at a time, and the gate that its answers wait at.
async fn narrow(tune: impl FnOnce(&mut Config)) -> (Site, FakeWorker, Arc<Semaphore>) {
    let worker = FakeWorker::start().await;
    let gate = Arc::new(Semaphore::new(0));
    worker.follow(Script::says(&["x"]).through(&gate));
    let site = Site::tuned(&[&worker], |config| {
        config.workers[0].max_in_flight = NonZeroUsize::new(1);
        tune(config);
    })
    .await;
    (site, worker, gate)
}

fn begin(request: RequestBuilder) -> JoinHandle<StatusCode> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the test that began it waits for it, or ends it"
    )]
    tokio::spawn(async move { request.send().await.unwrap().status() })
}

/// Returns once as many requests wait.
async fn waiting(site: &Site, count: usize) {
    until(async || site.waiting() == count).await;
}

#[tokio::test]
async fn who_finds_all_places_taken_waits_and_is_served() {
    let (site, worker, gate) = narrow(|_| {}).await;
    let key = site.key(Tier::Startup).await;
    let mut running = JoinSet::new();
    for _ in 0..20 {
        let request = site.chat(&key, json!({}));
        running.spawn(async move { request.send().await.unwrap().status() });
    }
    until(async || site.waiting() == 19 && worker.requests().len() == 1).await;
    gate.add_permits(20);
    assert_eq!(within(running.join_all()).await, [StatusCode::OK; 20]);
    assert_eq!(site.waiting(), 0);
}

#[tokio::test]
async fn a_single_request_is_next_though_another_account_has_many_waiting() {
    let (site, worker, gate) = narrow(|_| {}).await;
    let (crowd, late) = (site.key(Tier::Startup).await, site.key(Tier::Free).await);
    let from = |name: &str| json!({"messages": [{"role": "user", "content": name}]});
    let mut running = vec![];
    for count in 0..30 {
        running.push(begin(site.chat(&crowd, from("crowd"))));
        until(async || site.waiting() + worker.requests().len() == count + 1).await;
    }
    running.push(begin(site.chat(&late, from("late"))));
    waiting(&site, 30).await;
    gate.add_permits(31);
    for one in running {
        assert_eq!(within(one).await.unwrap(), StatusCode::OK);
    }
    let names = worker.requests();
    let is_late = |request: &Value| request["messages"][0]["content"] == "late";
    let at = names.iter().position(is_late).unwrap();
    assert!(
        at <= 2,
        "served as number {at}, the first of which ran when it came"
    );
}

#[tokio::test]
async fn a_client_that_leaves_gives_up_its_place_in_the_queue() {
    let (site, worker, gate) = narrow(|_| {}).await;
    let key = site.key(Tier::Startup).await;
    let first = begin(site.chat(&key, json!({})));
    until(async || worker.requests().len() == 1).await;
    let leaves = begin(site.chat(&key, json!({})));
    waiting(&site, 1).await;
    let stays = begin(site.chat(&key, json!({})));
    waiting(&site, 2).await;
    leaves.abort();
    waiting(&site, 1).await;
    gate.add_permits(2);
    for one in [first, stays] {
        assert_eq!(within(one).await.unwrap(), StatusCode::OK);
    }
    assert_eq!(worker.requests().len(), 2);
}

#[tokio::test]
async fn who_has_tried_the_free_worker_holds_up_nobody_behind_it() {
    let (free, busy) = (FakeWorker::start().await, FakeWorker::start().await);
    let site = Site::tuned(&[&free, &busy], |config| {
        for worker in &mut config.workers {
            worker.max_in_flight = NonZeroUsize::new(1);
        }
    })
    .await;
    let key = site.key(Tier::Startup).await;
    let gate = Arc::new(Semaphore::new(0));
    busy.follow(Script::says(&["x"]).through(&gate));
    let long = begin(site.chat(&key, json!({"model": busy.own_model()})));
    until(async || busy.requests().len() == 1).await;
    free.follow(Script::refuses(500, "out of memory"));
    let tried = begin(site.chat(&key, json!({})));
    waiting(&site, 2).await;
    free.follow(Script::says(&["y"]));
    site.answer(&key, json!({})).await;
    gate.add_permits(2);
    for one in [long, tried] {
        assert_eq!(within(one).await.unwrap(), StatusCode::OK);
    }
    assert_eq!(busy.requests().len(), 2);
}

#[tokio::test]
async fn a_full_queue_says_so_and_when_to_come_back() {
    let (site, worker, gate) = narrow(|config| config.queue.length = 1).await;
    let key = site.key(Tier::Startup).await;
    let first = begin(site.chat(&key, json!({})));
    until(async || worker.requests().len() == 1).await;
    let second = begin(site.chat(&key, json!({"stream": true})));
    waiting(&site, 1).await;
    for stream in [false, true] {
        let request = site.chat(&key, json!({"stream": stream}));
        let response = within(request.send()).await.unwrap();
        assert!(number(&response, "retry-after") >= 1);
        error_in(response, 503, "server_error", "queue_full").await;
    }
    gate.add_permits(2);
    for one in [first, second] {
        assert_eq!(within(one).await.unwrap(), StatusCode::OK);
    }
}

#[tokio::test]
async fn who_has_waited_in_vain_is_told_so_and_pays_nothing() {
    let (site, worker, gate) = narrow(|config| config.queue.wait = Duration::from_millis(5)).await;
    let caller = site.caller(Tier::Developer).await;
    let first = begin(site.chat(&caller.secret, json!({})));
    until(async || worker.requests().len() == 1).await;
    let request = site.chat(&caller.secret, json!({}));
    error_of(request, 503, "server_error", "queue_full").await;
    gate.add_permits(1);
    assert_eq!(within(first).await.unwrap(), StatusCode::OK);
    let mut rows = site.ledger_of(&caller).await;
    rows.sort_by_key(|row| row.status);
    let told: Vec<_> = rows.iter().map(|row| (row.status, row.tokens)).collect();
    assert_eq!(told, [(200, (5, 1)), (503, (0, 0))]);
    assert_eq!(rows[1].error_code.as_deref(), Some("queue_full"));
}
