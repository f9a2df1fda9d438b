//! What is configured of a worker, and what is changed while the service runs, as it shows in who is asked and how.

use std::num::NonZeroUsize;
use std::sync::Arc;

use assisters::config::{WorkerKey, WorkerSettings};
use assisters::pool::{ChangeError, Origin, WorkerState};
use assisters::principal::Tier;
use reqwest::StatusCode;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::{Barrier, Semaphore};
use tokio::task::JoinSet;

use super::{error_of, read_until};
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

/// Two gateways on one database, each with `own` worker of its own.
async fn two_gateways(own: [&FakeWorker; 2], shared: &TempDir) -> [Site; 2] {
    let database = format!("sqlite://{}/shared.db?mode=rwc", shared.path().display());
    let site = async |worker| {
        Site::tuned(&[worker], |config| {
            config.database_url = Some(database.clone())
        })
        .await
    };
    [site(own[0]).await, site(own[1]).await]
}

/// Whether `site` knows what `worker` serves.
async fn knows(site: &Site, worker: &FakeWorker) -> bool {
    let models = site.pool().models();
    models.iter().any(|model| model.id == worker.own_model())
}

fn settings(worker: &FakeWorker) -> WorkerSettings {
    format!("http://{}", worker.address).parse().unwrap()
}

fn id(worker: &FakeWorker) -> String {
    worker.address.to_string()
}

#[tokio::test]
async fn a_worker_that_one_gateway_adds_is_used_by_the_other_until_it_is_removed() {
    let own = [FakeWorker::start().await, FakeWorker::start().await];
    let (added, dir) = (FakeWorker::start().await, TempDir::new().unwrap());
    added.lock("worker-key");
    let [one, other] = two_gateways([&own[0], &own[1]], &dir).await;
    let key = one.key(Tier::Startup).await;
    let mut worker = settings(&added);
    worker.key = WorkerKey::parse("worker-key");
    one.pool().add(worker).await.unwrap();
    for site in [&one, &other] {
        until(async || knows(site, &added).await).await;
        site.answer(&key, json!({"model": added.own_model()})).await;
    }
    assert_eq!(added.requests().len(), 2);

    let gate = Arc::new(Semaphore::new(0));
    added.follow(Script::says(&["a", "b"]).and_waits_for(&gate));
    let stream = json!({"model": added.own_model(), "stream": true});
    let mut running = within(other.chat(&key, stream).send()).await.unwrap();
    read_until(&mut running, r#""content":"b""#).await;
    one.pool().remove(&id(&added)).await.unwrap();
    let standing = |site: &Site| {
        let mut standings = site.pool().snapshot().into_iter();
        standings.find(|standing| standing.id.as_str() == id(&added))
    };
    // What runs is seen, until it has ended; nothing new comes.
    until(async || standing(&other).is_some_and(|it| it.state == WorkerState::Draining)).await;
    assert!(standing(&one).is_none());
    for site in [&one, &other] {
        let again = site.chat(&key, json!({"model": added.own_model()}));
        error_of(again, 404, "invalid_request_error", "model_not_found").await;
    }
    gate.add_permits(1);
    read_until(&mut running, "[DONE]").await;
    drop(running);
    until(async || standing(&other).is_none()).await;
    assert_eq!(added.requests().len(), 3);
}

#[tokio::test]
async fn a_drained_worker_is_so_on_every_gateway_and_after_a_restart() {
    let workers = [FakeWorker::start().await, FakeWorker::start().await];
    let [first, second] = &workers;
    let both = [first, second];
    let dir = TempDir::new().unwrap();
    let database = format!("sqlite://{}/shared.db?mode=rwc", dir.path().display());
    let site = async |dir| {
        Site::again(dir, &both, |config| {
            config.database_url = Some(database.clone())
        })
        .await
    };
    let one = site(TempDir::new().unwrap()).await;
    let other = site(TempDir::new().unwrap()).await;
    let key = one.key(Tier::Startup).await;
    one.pool().set_draining(&id(first), true).await.unwrap();
    let state = |site: &Site| {
        let mut standings = site.pool().snapshot().into_iter();
        let found = standings.find(|standing| standing.id.as_str() == id(first));
        found.unwrap().state
    };
    assert_eq!(state(&one), WorkerState::Draining);
    until(async || state(&other) == WorkerState::Draining).await;
    let one = site(one.stop().await).await;
    assert_eq!(state(&one), WorkerState::Draining);
    for site in [&one, &other] {
        for _ in 0..8 {
            site.answer(&key, json!({})).await;
        }
    }
    assert_eq!((first.requests().len(), second.requests().len()), (0, 16));
    other.pool().set_draining(&id(first), false).await.unwrap();
    until(async || state(&one) == WorkerState::Ready).await;
    other.pool().set_draining(&id(second), true).await.unwrap();
    other.answer(&key, json!({})).await;
    assert_eq!((first.requests().len(), second.requests().len()), (1, 16));
}

#[tokio::test]
async fn of_many_who_add_a_worker_at_once_one_alone_does() {
    const MANY: usize = 16;
    let own = [FakeWorker::start().await, FakeWorker::start().await];
    let (added, dir) = (FakeWorker::start().await, TempDir::new().unwrap());
    let sites = two_gateways([&own[0], &own[1]], &dir).await;
    let barrier = Arc::new(Barrier::new(MANY));
    let mut adding = JoinSet::new();
    for number in 0..MANY {
        let (pool, barrier) = (sites[number % 2].pool().clone(), barrier.clone());
        let mut settings = settings(&added);
        // Both are one worker.
        if number % 4 < 2 {
            settings = format!("{}v1", settings.url).parse().unwrap();
        }
        adding.spawn(async move {
            barrier.wait().await;
            pool.add(settings).await
        });
    }
    let done = within(adding.join_all()).await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
    let refused = done.iter().filter_map(|done| done.as_ref().err());
    for error in refused {
        assert!(matches!(error, ChangeError::Exists), "{error:?}");
    }
    let fleet = sites[0].pool().fleet().await.unwrap();
    assert_eq!(fleet.workers.len(), 3);
}

#[tokio::test]
async fn a_worker_of_the_settings_wins_over_an_added_one_and_is_not_removed() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let pool = site.pool();
    for address in ["", "/v1"] {
        let twin = format!("http://{}{address}", worker.address)
            .parse()
            .unwrap();
        let error = pool.add(twin).await.unwrap_err();
        assert!(matches!(error, ChangeError::Exists), "{error:?}");
    }
    let error = pool.remove(&id(&worker)).await.unwrap_err();
    assert!(matches!(error, ChangeError::Configured), "{error:?}");
    for error in [
        pool.remove("nobody").await.unwrap_err(),
        pool.set_draining("nobody", true).await.unwrap_err(),
    ] {
        assert!(matches!(error, ChangeError::Unknown), "{error:?}");
    }

    // One that was added, and is written into the settings later with more to be said of it.
    let added = FakeWorker::start().await;
    pool.add(settings(&added)).await.unwrap();
    let site = Site::again(site.stop().await, &[&worker, &added], |config| {
        config.workers[1].max_in_flight = NonZeroUsize::new(7);
    })
    .await;
    let fleet = site.pool().fleet().await.unwrap();
    let of = |worker: &FakeWorker| {
        let mut workers = fleet.workers.iter();
        workers.find(|one| one.id.as_str() == id(worker)).unwrap()
    };
    assert_eq!(fleet.workers.len(), 2);
    assert_eq!(of(&added).origin, Origin::Configured);
    assert_eq!(of(&added).max_in_flight, NonZeroUsize::new(7));
    assert_eq!(site.pool().snapshot().len(), 2);
}

#[tokio::test]
async fn each_gateway_tells_how_it_sees_the_workers_until_it_stops() {
    let own = [FakeWorker::start().await, FakeWorker::start().await];
    let (added, dir) = (FakeWorker::start().await, TempDir::new().unwrap());
    let [one, other] = two_gateways([&own[0], &own[1]], &dir).await;
    one.pool().add(settings(&added)).await.unwrap();
    let views = async || {
        let fleet = one.pool().fleet().await.unwrap();
        let mut workers = fleet.workers.into_iter();
        workers
            .find(|one| one.id.as_str() == id(&added))
            .unwrap()
            .views
    };
    let ready = async || {
        let views = views().await;
        let ready = views.iter().filter(|view| {
            view.standing.state == WorkerState::Ready
                && view.standing.models.contains(&added.own_model().to_owned())
        });
        ready.count()
    };
    until(async || ready().await == 2).await;
    assert_eq!(one.pool().fleet().await.unwrap().gateways.len(), 2);
    other.stop().await;
    assert_eq!(views().await.len(), 1, "it took back what it had told");
    let fleet = one.pool().fleet().await.unwrap();
    assert_eq!((fleet.gateways.len(), fleet.workers.len()), (1, 2));
}

#[tokio::test]
async fn a_worker_that_is_added_anew_with_more_places_has_them() {
    let (own, added) = (FakeWorker::start().await, FakeWorker::start().await);
    let site = Site::with(&[&own]).await;
    let key = site.key(Tier::Startup).await;
    let gate = Arc::new(Semaphore::new(0));
    added.follow(Script::says(&["x"]).through(&gate));
    let mut running = JoinSet::new();
    for (places, all) in [(1, 1), (3, 4)] {
        let mut settings = settings(&added);
        settings.max_in_flight = NonZeroUsize::new(places);
        site.pool().add(settings).await.unwrap();
        until(async || knows(&site, &added).await).await;
        for _ in 0..places {
            let request = site.chat(&key, json!({"model": added.own_model()}));
            running.spawn(async move { request.send().await.unwrap().status() });
        }
        until(async || added.requests().len() == all).await;
        site.pool().remove(&id(&added)).await.unwrap();
    }
    gate.add_permits(4);
    assert_eq!(within(running.join_all()).await, [StatusCode::OK; 4]);
}
