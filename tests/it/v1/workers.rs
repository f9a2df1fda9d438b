//! What is configured of a worker, as it shows in who is asked and how.

use std::num::NonZeroUsize;
use std::sync::Arc;

use assisters::config::WorkerKey;
use assisters::principal::Tier;
use reqwest::StatusCode;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::fake_worker::{FakeWorker, MODEL, Script};
use crate::site::Site;
use crate::{until, within};

#[tokio::test]
async fn a_worker_is_sent_its_own_key_and_the_others_none() {
    let (locked, open) = (FakeWorker::start().await, FakeWorker::start().await);
    locked.lock("worker-key");
    let site = Site::tuned(&[&locked, &open], |config| {
        config.workers[0].key = WorkerKey::parse("worker-key");
    })
    .await;
    let key = site.key(Tier::Free).await;
    let own = [locked.own_model(), open.own_model()];
    for model in own {
        site.answer(&key, json!({"model": model})).await;
    }
    assert_eq!((locked.requests().len(), open.requests().len()), (1, 1));
}

#[tokio::test]
async fn a_worker_gets_no_more_at_once_than_it_may_have() {
    let (small, large) = (FakeWorker::start().await, FakeWorker::start().await);
    let site = Site::tuned(&[&small, &large], |config| {
        config.workers[0].max_in_flight = NonZeroUsize::new(1);
    })
    .await;
    let key = site.key(Tier::Startup).await;
    let gate = Arc::new(Semaphore::new(0));
    for worker in [&small, &large] {
        worker.follow(Script::says(&["x"]).through(&gate));
    }
    let mut running = JoinSet::new();
    for _ in 0..9 {
        let request = site.chat(&key, json!({}));
        running.spawn(async move { request.send().await.unwrap().status() });
    }
    until(async || small.requests().len() + large.requests().len() == 9).await;
    assert_eq!((small.requests().len(), large.requests().len()), (1, 8));
    gate.add_permits(9);
    assert_eq!(within(running.join_all()).await, [StatusCode::OK; 9]);
}

#[tokio::test]
async fn with_affinity_a_conversation_stays_where_it_began() {
    let workers = [FakeWorker::start().await, FakeWorker::start().await];
    let [first, second] = &workers;
    let site = Site::tuned(&[first, second], |config| {
        config.affinity.models = vec![MODEL.to_owned()];
    })
    .await;
    let key = site.key(Tier::Developer).await;
    for conversation in 0..8 {
        let before = [first.requests().len(), second.requests().len()];
        let mut messages =
            vec![json!({"role": "user", "content": format!("About {conversation}")})];
        for _ in 0..4 {
            site.answer(&key, json!({"messages": messages})).await;
            messages.push(json!({"role": "assistant", "content": "Hello"}));
            messages.push(json!({"role": "user", "content": "And?"}));
        }
        let after = [first.requests().len(), second.requests().len()];
        let went = [after[0] - before[0], after[1] - before[1]];
        assert!([[4, 0], [0, 4]].contains(&went), "{went:?}");
    }
}
