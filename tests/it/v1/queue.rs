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

use super::{error_in, error_of, header, number, read_until};
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

/// Lets as many requests take 3 s each, so that the service knows how long they take.
async fn measure(site: &Site, worker: &FakeWorker, gate: &Semaphore, count: usize) {
    let key = site.key(Tier::Startup).await;
    for _ in 0..count {
        let before = worker.requests().len();
        let one = begin(site.chat(&key, json!({})));
        until(async || worker.requests().len() > before).await;
        site.clock.advance(Duration::from_secs(3));
        gate.add_permits(1);
        assert_eq!(within(one).await.unwrap(), StatusCode::OK);
        until(async || site.in_flight() == 0).await;
    }
}

#[tokio::test]
async fn a_stream_that_waits_is_told_its_turn_and_that_is_not_kept() {
    let tune = |config: &mut Config| config.streams.keepalive = Duration::from_millis(1);
    let (site, worker, gate) = narrow(tune).await;
    let key = site.key(Tier::Startup).await;
    for keyed in [false, true] {
        let before = worker.requests().len();
        let running = begin(site.chat(&key, json!({})));
        until(async || worker.requests().len() > before).await;
        let next = begin(site.chat(&key, json!({})));
        waiting(&site, 1).await;
        let stream = || {
            let request = site.chat(&key, json!({"stream": true}));
            match keyed {
                true => request.header("Idempotency-Key", "one"),
                false => request,
            }
        };
        let mut response = within(stream().send()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let mut told = read_until(&mut response, ": queued position=2").await;
        gate.add_permits(1);
        told += &read_until(&mut response, ": queued position=1").await;
        assert!(!told.contains("data:"), "{told}");
        gate.add_permits(1);
        read_until(&mut response, r#""role":"assistant""#).await;
        let told = read_until(&mut response, ": keepalive\n\n").await;
        assert!(!told.contains("queued"), "{told}");
        gate.add_permits(1);
        read_until(&mut response, "data: [DONE]\n\n").await;
        for one in [running, next] {
            assert_eq!(within(one).await.unwrap(), StatusCode::OK);
        }
        if keyed {
            let kept = within(stream().send()).await.unwrap();
            assert_eq!(header(&kept, "idempotent-replayed"), "true");
            let kept = within(kept.text()).await.unwrap();
            assert!(
                kept.starts_with("id: ") && !kept.contains(": queued"),
                "{kept}"
            );
        }
    }
}

#[tokio::test]
async fn how_long_it_will_take_is_told_once_that_is_known() {
    let tune = |config: &mut Config| config.streams.keepalive = Duration::from_millis(1);
    let (site, worker, gate) = narrow(tune).await;
    let key = site.key(Tier::Startup).await;
    for (measured, told) in [
        (0, ": queued position=1\n\n"),
        (4, ": queued position=1 estimate=3s\n\n"),
    ] {
        measure(&site, &worker, &gate, measured).await;
        let before = worker.requests().len();
        let running = begin(site.chat(&key, json!({})));
        until(async || worker.requests().len() > before).await;
        let request = site.chat(&key, json!({"stream": true}));
        let mut response = within(request.send()).await.unwrap();
        read_until(&mut response, told).await;
        site.clock.advance(Duration::from_secs(3));
        gate.add_permits(2);
        read_until(&mut response, "[DONE]").await;
        assert_eq!(within(running).await.unwrap(), StatusCode::OK);
        until(async || site.in_flight() == 0).await;
    }
}

#[tokio::test]
async fn a_client_may_wait_for_less_than_it_could_and_not_for_more() {
    let (site, worker, gate) = narrow(|_| {}).await;
    let key = site.key(Tier::Startup).await;
    measure(&site, &worker, &gate, 4).await;
    let chat = |prefer: &str, stream: bool| {
        let request = site.chat(&key, json!({"stream": stream}));
        request.header("Prefer", prefer)
    };
    gate.add_permits(1);
    let there_is_room = within(chat("wait=0", false).send()).await.unwrap();
    assert_eq!(there_is_room.status(), StatusCode::OK);
    assert_eq!(header(&there_is_room, "preference-applied"), "wait=0");
    until(async || site.in_flight() == 0).await;

    let before = worker.requests().len();
    let running = begin(site.chat(&key, json!({})));
    until(async || worker.requests().len() > before).await;
    // Of those measured last, one has taken no time.
    for (prefer, stream) in [("wait=0", false), ("wait=1", true), ("wait=2", false)] {
        let refused = within(chat(prefer, stream).send()).await.unwrap();
        assert_eq!(header(&refused, "preference-applied"), prefer);
        assert_eq!(number(&refused, "retry-after"), 3);
        error_in(refused, 503, "server_error", "queue_full").await;
    }
    let mut waits = JoinSet::new();
    for (prefer, applied) in [
        ("wait=3", Some("wait=3")),
        ("wait=9999", Some("wait=20")),
        ("respond-async, wait=8; x=y", Some("wait=8")),
        ("wait=soon", None),
    ] {
        let request = chat(prefer, applied == Some("wait=20"));
        waits.spawn(async move {
            let response = request.send().await.unwrap();
            let said = response.headers().get("preference-applied");
            assert_eq!(said.map(|said| said.to_str().unwrap()), applied);
            response.status()
        });
        waiting(&site, waits.len()).await;
    }
    gate.add_permits(5);
    assert_eq!(within(waits.join_all()).await, [StatusCode::OK; 4]);
    assert_eq!(within(running).await.unwrap(), StatusCode::OK);
}

#[tokio::test]
async fn the_preference_is_described_where_something_waits() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let document = within(site.get("/openapi.json").send()).await.unwrap();
    let document: Value = within(document.json()).await.unwrap();
    for (path, method, is_there) in [
        ("/v1/chat/completions", "post", true),
        ("/v1/rerank", "post", true),
        ("/v1/models", "get", false),
    ] {
        let operation = &document["paths"][path][method];
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let said = parameters.filter(|one| one["name"] == "Prefer").count() == 1;
        let applied = &operation["responses"]["200"]["headers"]["Preference-Applied"];
        assert_eq!((said, applied.is_object()), (is_there, is_there), "{path}");
    }
}
