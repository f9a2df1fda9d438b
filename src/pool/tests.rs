use std::num::NonZeroUsize;
use std::sync::Barrier;
use std::thread;

use sqlx::any::{AnyPoolOptions, install_default_drivers};

use super::health::Outcome;
use super::*;
use crate::ids::AccountId;
use crate::principal::{Principal, Tier, Via};

pub(super) const MODEL: &str = "m";

pub(super) fn model(id: &str) -> Model {
    serde_json::from_value(serde_json::json!({
        "id": id, "object": "model", "created": 1, "owned_by": "test",
    }))
    .unwrap()
}

/// Somebody with an account to themselves.
pub(super) fn caller(tier: Tier) -> Principal {
    Principal {
        account: AccountId::new(),
        via: Via::Playground,
        tier,
        quota: tier.quota(),
        grant: Arc::default(),
    }
}

pub(super) fn ask() -> Ask {
    Ask::new(MODEL, None, &caller(Tier::Free))
}

/// A pool of workers that serve [`MODEL`] and have each as much room; none of them is there.
pub(super) fn pool(room: &[usize]) -> Pool {
    let queue = QueueSettings {
        wait: Duration::from_secs(20),
        length: 1_000,
    };
    pool_with(room, queue)
}

pub(super) fn pool_with(room: &[usize], queue: QueueSettings) -> Pool {
    let workers = room.iter().enumerate().map(|(at, max)| {
        let url = format!("http://127.0.0.1:1/{at}");
        let mut settings: WorkerSettings = url.parse().unwrap();
        settings.max_in_flight = NonZeroUsize::new(*max);
        let worker = Worker::of(&settings);
        worker.learn(vec![model(MODEL)]);
        Arc::new(worker)
    });
    let clock = Clock::manual(UnixMs(1_000_000));
    let roster = Roster::new(&[], unopened(), clock);
    Pool(Arc::new(Shared::new(
        workers.collect(),
        roster,
        queue,
        Duration::from_secs(20),
    )))
}

impl Pool {
    /// Lets a worker finish what it has and gives it nothing new, or no longer so. Says whether there is such a worker.
    pub(super) fn drain(&self, id: &str, is_draining: bool) -> bool {
        let workers = self.all();
        let worker = workers.iter().find(|worker| worker.id.as_str() == id);
        worker.is_some_and(|worker| {
            worker.drain(is_draining);
            self.hand_out();
            true
        })
    }
}

/// A database for those who never ask it anything.
fn unopened() -> Db {
    install_default_drivers();
    AnyPoolOptions::new()
        // Either would want a task that looks after it.
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy("sqlite::memory:")
        .unwrap()
}

#[test]
fn however_many_ask_at_once_no_worker_gets_more_than_it_may_have() {
    const THREADS: usize = 64;
    let room = [3, 5, 8];
    let pool = pool(&room);
    let barrier = Barrier::new(THREADS);
    let ask = |number: usize| {
        barrier.wait();
        let affinity = number.is_multiple_of(2).then_some(7);
        let held: Vec<_> = (0..8)
            .filter_map(|_| pool.choose(&Ask::new(MODEL, affinity, &caller(Tier::Free)).wish))
            .collect();
        let busy = pool.all();
        for (worker, room) in busy.iter().zip(room) {
            assert!(worker.in_flight() <= room);
        }
        // All have asked before any gives back: the pool is full by then, and not fuller.
        barrier.wait();
        held.len()
    };
    let ask = &ask;
    let held: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|number| scope.spawn(move || ask(number)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(held, room.iter().sum::<usize>());
    assert!(pool.all().iter().all(|worker| worker.in_flight() == 0));
}

#[tokio::test]
async fn what_was_tried_or_serves_nothing_of_the_kind_is_not_leased() {
    let pool = pool(&[1, 1]);
    let mut ask = ask();
    let first = pool.lease(&mut ask).await.unwrap();
    let first_worker = first.worker().clone();
    drop(first);
    let second = pool.lease(&mut ask).await.unwrap();
    assert_ne!(*second.worker(), first_worker);
    drop(second);
    let none = pool.lease(&mut ask).await;
    assert!(matches!(none, Err(NoLease::NoneReady { .. })));
    let unknown = pool
        .lease(&mut Ask::new("n", None, &caller(Tier::Free)))
        .await;
    assert!(matches!(unknown, Err(NoLease::UnknownModel)));
}

fn fail(pool: &Pool, at: usize) {
    let worker = pool.all()[at].clone();
    (0..3).for_each(|_| pool.saw(&worker, Outcome::Failed, false));
}

#[test]
fn no_more_than_half_are_ejected_while_they_answer() {
    for (workers, ejected) in [(1, 0), (2, 1), (3, 1), (4, 2), (9, 4)] {
        let pool = pool(&vec![9; workers]);
        (0..workers).for_each(|at| fail(&pool, at));
        let states = pool.snapshot().into_iter().map(|standing| standing.state);
        let out = states.filter(|state| matches!(state, WorkerState::Ejected { .. }));
        assert_eq!(out.count(), ejected, "of {workers}");
    }
}

#[test]
fn threads_that_see_many_fail_at_once_eject_no_more_than_half() {
    let pool = pool(&[9; 8]);
    let barrier = Barrier::new(8);
    thread::scope(|scope| {
        for at in 0..8 {
            let (pool, barrier) = (&pool, &barrier);
            scope.spawn(move || {
                barrier.wait();
                fail(pool, at);
            });
        }
    });
    let out = pool
        .all()
        .iter()
        .filter(|one| one.is_ejected_alive())
        .count();
    assert_eq!(out, 4);
}

#[test]
fn the_slow_one_is_ejected_and_measured_anew_when_it_is_back() {
    let pool = pool(&[9; 4]);
    let work = (MODEL.to_owned(), true);
    let took = |at: usize, ms: u64, times: usize| {
        let worker = pool.all()[at].clone();
        (0..times).for_each(|_| pool.took(&worker, &work, Duration::from_millis(ms)));
        pool.snapshot()[at].state
    };
    for at in 0..3 {
        assert_eq!(took(at, 200 + at as u64, 40), WorkerState::Ready);
    }
    let until = pool.0.clock.now().plus(Duration::from_secs(5));
    let ejected = WorkerState::Ejected {
        cause: Cause::Slow,
        until,
    };
    assert_eq!(took(3, 2_000, 40), ejected);
    pool.0.clock.advance(Duration::from_secs(5));
    assert_eq!(pool.snapshot()[3].state, WorkerState::HalfOpen);
    // Its trial goes well.
    let worker = pool.all()[3].clone();
    let trial = Lease::take(&worker, &pool, &MODEL.into()).unwrap();
    assert!(Lease::take(&worker, &pool, &MODEL.into()).is_none());
    pool.saw(&worker, Outcome::Good, true);
    drop(trial);
    assert_eq!(
        took(3, 2_000, 12),
        WorkerState::Ready,
        "few answers tell nothing"
    );
    assert!(matches!(took(3, 2_000, 12), WorkerState::Ejected { .. }));
}

#[test]
fn a_worker_that_is_drained_gets_nothing_new() {
    let pool = pool(&[2, 2]);
    let id = pool.all()[0].id.clone();
    let held = Lease::take(&pool.all()[0], &pool, &MODEL.into()).unwrap();
    assert!(pool.drain(id.as_str(), true) && !pool.drain("nobody", true));
    let leases: Vec<_> = (0..4).filter_map(|_| pool.choose(&ask().wish)).collect();
    assert_eq!(leases.len(), 2);
    assert_eq!(pool.snapshot()[0].state, WorkerState::Draining);
    assert_eq!(pool.snapshot()[0].in_flight, 1, "it finishes what it has");
    drop(held);
    pool.drain(id.as_str(), false);
    assert!(pool.choose(&ask().wish).is_some());
}

#[test]
fn of_many_at_once_one_alone_tries_a_worker_that_was_ejected() {
    let pool = pool(&[9, 9]);
    fail(&pool, 0);
    pool.0.clock.advance(Duration::from_secs(5));
    let worker = pool.all()[0].clone();
    let barrier = Barrier::new(32);
    let try_it = || {
        barrier.wait();
        let lease = Lease::take(&worker, &pool, &MODEL.into());
        barrier.wait();
        lease.is_some()
    };
    let tried: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..32).map(|_| scope.spawn(try_it)).collect();
        let ended = threads.into_iter().map(|thread| thread.join().unwrap());
        ended.collect()
    });
    assert_eq!(tried.into_iter().filter(|has_tried| *has_tried).count(), 1);
    let trial = Lease::take(&worker, &pool, &MODEL.into());
    assert!(trial.is_some(), "that one has left without a word");
}

#[test]
fn a_snapshot_tells_what_each_worker_does_and_how_well() {
    let pool = pool(&[2, 2]);
    let worker = pool.all()[0].clone();
    let _held = Lease::take(&worker, &pool, &MODEL.into()).unwrap();
    let work = (MODEL.to_owned(), true);
    for ms in [10, 30, 20] {
        pool.took(&worker, &work, Duration::from_millis(ms));
        pool.saw(&worker, Outcome::Good, false);
    }
    pool.saw(&worker, Outcome::Failed, false);
    let rest = Duration::from_secs(3);
    pool.saw(&pool.all()[1].clone(), Outcome::Busy(rest), false);
    let [busy, resting] = pool.snapshot().try_into().unwrap();
    assert_eq!(busy.id.as_str(), "127.0.0.1:1/0");
    assert_eq!(busy.url, "http://127.0.0.1:1/0");
    assert_eq!(busy.models, [MODEL]);
    assert_eq!((busy.in_flight, busy.waiting), (1, 0));
    assert_eq!(busy.latency, Some(Duration::from_millis(20)));
    assert_eq!((busy.error_rate, busy.state), (0.25, WorkerState::Ready));
    let until = pool.0.clock.now().plus(rest);
    assert_eq!(resting.state, WorkerState::Resting { until });
}
