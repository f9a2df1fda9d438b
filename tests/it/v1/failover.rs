use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

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
    let key = site.key(Tier::Startup).await;
    ill.follow(Script::refuses(500, "out of memory at 0x7f"));
    // Which of two that are idle is asked is chance.
    until(async || {
        site.answer(&key, json!({})).await;
        !ill.requests().is_empty()
    })
    .await;
    assert!(!well.requests().is_empty(), "it made up for it");
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

#[tokio::test]
async fn one_dead_worker_of_many_costs_no_client_an_error() {
    let mut workers = vec![];
    for _ in 0..4 {
        workers.push(FakeWorker::start().await);
    }
    let site = Site::with(&workers.iter().collect::<Vec<_>>()).await;
    let key = site.key(Tier::Startup).await;
    let gate = Arc::new(Semaphore::new(0));
    for worker in &workers {
        worker.follow(Script::says(&["x"]).through(&gate));
    }
    let mut running = JoinSet::new();
    for _ in 0..60 {
        let request = site.chat(&key, json!({}));
        running.spawn(async move { request.send().await.unwrap().status() });
    }
    let asked = |workers: &[FakeWorker]| -> usize {
        workers.iter().map(|worker| worker.requests().len()).sum()
    };
    until(async || asked(&workers) == 60).await;
    let lost = workers[0].requests().len();
    assert!(lost > 0);
    workers[0].die();
    until(async || asked(&workers) == 60 + lost).await;
    gate.add_permits(60);
    assert_eq!(within(running.join_all()).await, [StatusCode::OK; 60]);
    // And none of those that come after it.
    gate.add_permits(60);
    for _ in 0..20 {
        site.answer(&key, json!({})).await;
    }
}

#[tokio::test]
async fn a_worker_that_asks_to_be_left_alone_is_for_exactly_so_long() {
    let (busy, other) = (FakeWorker::start().await, FakeWorker::start().await);
    let site = Site::with(&[&busy, &other]).await;
    let key = site.key(Tier::Startup).await;
    busy.follow(Script::refuses(429, "too many").and_says_retry_after(7));
    let mut asked = 0;
    for round in 1..=2 {
        until(async || {
            site.answer(&key, json!({})).await;
            asked += 1;
            busy.requests().len() == round
        })
        .await;
        for _ in 0..10 {
            site.clock.advance(Duration::from_millis(699));
            site.answer(&key, json!({})).await;
            asked += 1;
        }
        assert_eq!(busy.requests().len(), round, "it rests");
        site.clock.advance(Duration::from_millis(10));
    }
    assert_eq!(other.requests().len(), asked, "nobody has noticed");
}

#[tokio::test]
async fn while_the_only_worker_rests_its_clients_hear_for_how_long() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Developer).await;
    worker.follow(Script::refuses(503, "full").and_says_retry_after(7));
    for _ in 0..3 {
        let response = within(site.chat(&key, json!({})).send()).await.unwrap();
        assert_eq!(number(&response, "retry-after"), 7);
        error_in(response, 503, "server_error", "no_worker_available").await;
    }
    assert_eq!(worker.requests().len(), 1);
    worker.follow(Script::says(&["x"]));
    site.clock.advance(Duration::from_secs(7));
    site.answer(&key, json!({})).await;
}

#[tokio::test]
async fn a_worker_that_does_not_begin_in_its_time_is_made_up_for_by_another() {
    let (stuck, well) = (FakeWorker::start().await, FakeWorker::start().await);
    let site = Site::tuned(&[&stuck, &well], |config| {
        config.limits.first_byte = Duration::from_secs(4);
    })
    .await;
    let key = site.key(Tier::Developer).await;
    let door = Arc::new(Semaphore::new(0));
    stuck.follow(Script::says(&["late"]).behind(&door));
    until(async || {
        site.answer(&key, json!({})).await;
        !stuck.requests().is_empty()
    })
    .await;
}

#[tokio::test]
async fn where_no_worker_begins_in_time_the_answer_says_so() {
    let workers = [FakeWorker::start().await, FakeWorker::start().await];
    let [first, second] = &workers;
    let site = Site::tuned(&[first, second], |config| {
        config.limits.first_byte = Duration::from_millis(500);
    })
    .await;
    let door = Arc::new(Semaphore::new(0));
    for worker in &workers {
        worker.follow(Script::says(&["late"]).behind(&door));
    }
    let request = site.chat(&site.key(Tier::Free).await, json!({}));
    error_of(request, 504, "server_error", "upstream_timeout").await;
    assert_eq!((first.requests().len(), second.requests().len()), (1, 1));
}

#[tokio::test]
async fn what_is_wrong_with_a_request_ejects_nobody() {
    let workers = [FakeWorker::start().await, FakeWorker::start().await];
    let [first, second] = &workers;
    let site = Site::with(&[first, second]).await;
    let key = site.key(Tier::Startup).await;
    for worker in &workers {
        worker.follow(Script::refuses(400, "the context is too long"));
    }
    for _ in 0..20 {
        let request = site.chat(&key, json!({}));
        error_of(request, 400, "invalid_request_error", "from_worker").await;
    }
    for worker in &workers {
        worker.follow(Script::says(&["x"]));
        site.answer(&key, json!({"model": worker.own_model()}))
            .await;
    }
}

#[tokio::test]
async fn a_fleet_that_fails_is_not_asked_much_more_for_it() {
    let mut workers = vec![];
    for _ in 0..6 {
        workers.push(FakeWorker::start().await);
    }
    let site = Site::with(&workers.iter().collect::<Vec<_>>()).await;
    let key = site.key(Tier::Startup).await;
    for worker in &workers {
        worker.follow(Script::refuses(500, "out of memory"));
    }
    for _ in 0..100 {
        let request = site.chat(&key, json!({}));
        error_of(request, 502, "server_error", "upstream_error").await;
    }
    // Half of the workers are not ejected, and each request could be tried on them all.
    let asked: usize = workers.iter().map(|worker| worker.requests().len()).sum();
    assert!((130..=140).contains(&asked), "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn however_much_a_worker_leaves_the_well_one_takes_it_all() {
    const REQUESTS: usize = 400;
    let (mut lost, well) = (FakeWorker::start().await, FakeWorker::start().await);
    let site = Site::with(&[&lost, &well]).await;
    let keys = [site.key(Tier::Startup).await, site.key(Tier::Startup).await];
    site.answer(&keys[0], json!({"model": well.own_model()}))
        .await;
    let gate = Arc::new(Semaphore::new(0));
    for worker in [&lost, &well] {
        worker.follow(Script::says(&["x"]).through(&gate));
    }
    let mut running = JoinSet::new();
    for number in 0..REQUESTS {
        let request = site.chat(&keys[number % keys.len()], json!({}));
        running.spawn(async move { request.send().await.unwrap().status() });
    }
    let asked = || lost.requests().len() + well.requests().len() - 1;
    until(async || asked() == REQUESTS).await;
    let left = lost.requests().len();
    // More than a fleet that dies is tried again with: a fifth of what came of late and of what runs, and a few.
    assert!(left > 20 + 2 * REQUESTS / 5, "{left}");
    lost.die();
    until(async || well.requests().len() == 1 + REQUESTS).await;
    gate.add_permits(REQUESTS);
    assert_eq!(within(running.join_all()).await, [StatusCode::OK; REQUESTS]);
}

#[tokio::test]
async fn a_retry_that_waits_for_a_place_has_its_whole_time_when_it_gets_one() {
    const FIRST_BYTE: Duration = Duration::from_secs(2);
    let (ill, well) = (FakeWorker::start().await, FakeWorker::start().await);
    let site = Site::tuned(&[&ill, &well], |config| {
        config.workers[1].max_in_flight = NonZeroUsize::new(1);
        config.limits.first_byte = FIRST_BYTE;
    })
    .await;
    let key = site.key(Tier::Developer).await;
    let gate = Arc::new(Semaphore::new(0));
    ill.follow(Script::refuses(500, "out of memory"));
    well.follow(Script::says(&["x"]).through(&gate));
    // A stream that has begun, and keeps the only place.
    let holds = site.chat(&key, json!({"model": well.own_model(), "stream": true}));
    let holds = within(holds.send()).await.unwrap();
    let mut retried = JoinSet::new();
    let request = site.chat(&key, json!({}));
    retried.spawn(async move { request.send().await.unwrap().status() });
    until(async || site.waiting() > 0).await;
    assert_eq!(ill.requests().len(), 1);
    let waits_since = Instant::now();
    until(async || waits_since.elapsed() > FIRST_BYTE).await;
    gate.add_permits(2);
    within(holds.text()).await.unwrap();
    assert_eq!(within(retried.join_all()).await, [StatusCode::OK]);
}

#[tokio::test]
async fn a_worker_that_falls_silent_loses_what_it_was_asked_to_the_others() {
    let workers = [
        FakeWorker::start().await,
        FakeWorker::start().await,
        FakeWorker::start().await,
    ];
    let [stuck, first, second] = &workers;
    let site = Site::tuned(&[stuck, first, second], |config| {
        // Far more than this test takes.
        config.limits.first_byte = Duration::from_secs(600);
    })
    .await;
    let key = site.key(Tier::Startup).await;
    // So many answers say how long each takes.
    while workers.iter().any(|worker| worker.requests().len() < 16) {
        site.answer(&key, json!({})).await;
    }
    let before = stuck.requests().len();
    let door = Arc::new(Semaphore::new(0));
    stuck.follow(Script::says(&["late"]).behind(&door));
    until(async || {
        site.answer(&key, json!({})).await;
        stuck.requests().len() > before
    })
    .await;
    stuck.abandoned(1).await;
    let standing = site.workers().swap_remove(0);
    assert_eq!(standing.counts.timed_out, 1);
    let error = standing.last_error.unwrap().what;
    assert_eq!(error, "It did not begin to answer in its time.");
}
