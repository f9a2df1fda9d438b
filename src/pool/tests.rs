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
        worker.learn(vec![model(MODEL)], UnixMs(0));
        Arc::new(worker)
    });
    let clock = Clock::manual(UnixMs(1_000_000));
    let roster = Roster::new(&[], unopened(), clock);
    let shared = Shared::new(workers.collect(), roster, queue, Duration::from_secs(20));
    Pool(Arc::new(shared), None)
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
    let pool = AnyPoolOptions::new()
        // Either would want a task that looks after it.
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy("sqlite::memory:");
    pool.unwrap().into()
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

pub(super) fn fail(pool: &Pool, at: usize) {
    let worker = pool.all()[at].clone();
    (0..3).for_each(|_| pool.saw(&worker, Outcome::Failed, false));
}

/// What a request asks that the workers `at` have failed.
fn ask_again(pool: &Pool, at: &[usize]) -> Ask {
    let mut ask = ask();
    at.iter().for_each(|at| ask.asks(&pool.all()[*at].id));
    ask
}

/// Spends all that may be tried on workers in doubt.
fn spend_retries(pool: &Pool) {
    let (now, retries) = (pool.0.clock.now(), &pool.0.retries);
    while retries.spend(now, pool.in_flight(), || Some(())).is_some() {}
}

#[tokio::test]
async fn enough_was_tried_when_none_is_left_but_workers_in_doubt() {
    let pool = pool(&[9; 3]);
    let refused = async |at: &[usize]| {
        let leased = pool.lease(&mut ask_again(&pool, at)).await;
        leased.map(drop) == Err(NoLease::TriedEnough)
    };
    assert!(!refused(&[0]).await, "there is some left");
    spend_retries(&pool);
    assert!(refused(&[0]).await, "none has ever answered");
    let worker = pool.all()[2].clone();
    pool.saw(&worker, Outcome::Good, false);
    for _ in 0..100 {
        let lease = pool.lease(&mut ask_again(&pool, &[0])).await.unwrap();
        assert_eq!(*lease.worker(), worker.id);
    }
    assert!(refused(&[0, 2]).await, "it has failed this one");
    pool.saw(&worker, Outcome::Failed, false);
    assert!(refused(&[0]).await, "it has failed since");
    pool.saw(&worker, Outcome::Good, false);
    assert!(!refused(&[0]).await, "it has answered since");
    assert_eq!(
        pool.retries(),
        RetryCounts {
            taken: 102,
            refused: 3
        }
    );
    assert!(
        pool.lease(&mut ask()).await.is_ok(),
        "new ones are no retries"
    );
}

#[tokio::test]
async fn what_was_failed_waits_for_a_place_that_is_well_beyond_doubt() {
    let pool = pool_with(
        &[9, 9, 1],
        QueueSettings {
            wait: Duration::from_secs(20),
            length: 0,
        },
    );
    let worker = pool.all()[2].clone();
    pool.saw(&worker, Outcome::Good, false);
    spend_retries(&pool);
    let held = Lease::take(&worker, &pool, &MODEL.into()).unwrap();
    // In a queue that takes nobody who is new; there, too, it gets no place in doubt.
    let mut again = ask_again(&pool, &[0]);
    let mut waits = Box::pin(pool.lease(&mut again));
    assert!(futures_util::poll!(&mut waits).is_pending());
    pool.hand_out();
    assert!(futures_util::poll!(&mut waits).is_pending());
    drop(held);
    let lease = waits.await.unwrap();
    assert_eq!(*lease.worker(), worker.id);
}

#[test]
fn what_was_failed_goes_to_who_is_well_rather_than_to_who_is_in_doubt() {
    let pool = pool(&[9; 4]);
    let worker = pool.all()[3].clone();
    pool.saw(&worker, Outcome::Good, false);
    let wish = ask_again(&pool, &[0]).wish;
    let held: Vec<_> = (0..20).filter_map(|_| pool.choose(&wish)).collect();
    let well = held.iter().filter(|lease| *lease.worker() == worker.id);
    assert_eq!(
        (well.count(), held.len()),
        (9, 20),
        "to the others when it is full"
    );
}

#[test]
fn while_a_request_waits_for_a_place_its_time_to_the_first_byte_stands_still() {
    let mut ask = ask();
    let whole = Duration::from_secs(20);
    assert_eq!(ask.left_of(whole), whole);
    ask.asks(&pool(&[1]).all()[0].id);
    let left = ask.left_of(whole);
    assert!(left < whole);
    assert_eq!(ask.left_of(whole), left);
}

#[test]
fn of_what_a_worker_reports_the_load_of_others_counts_and_only_while_it_is_fresh() {
    let pool = pool(&[99, 99]);
    let workers = pool.all();
    let (here, elsewhere) = (&workers[0], &workers[1]);
    let held: Vec<_> = (0..3)
        .map(|_| Lease::take(here, &pool, &MODEL.into()).unwrap())
        .collect();
    let reports = |running, waiting| {
        let reported = Reported {
            running,
            waiting,
            cache_usage: None,
        };
        here.reports(reported, pool.0.clock.now());
        reported
    };
    let seen = |worker: &Worker| match worker.place(pool.0.clock.now()) {
        Place::Free(seen) => (seen.in_flight, seen.is_strained),
        other => panic!("{other:?}"),
    };
    assert_eq!((seen(here), seen(elsewhere)), ((3, false), (0, false)));
    let reported = reports(3, 0);
    assert_eq!(seen(here), (3, false), "all of it is ours");
    assert_eq!(pool.snapshot()[0].reported, Some(reported));
    reports(10, 5);
    assert_eq!(seen(here), (15, true));
    drop(held);
    assert_eq!(seen(here), (12, true), "what others have is still there");
    // Less than we have sent it: some of that is not there yet.
    reports(0, 0);
    assert_eq!(seen(here), (0, false));
    reports(8, 0);
    let alone: Vec<_> = (0..8).filter_map(|_| pool.choose(&ask().wish)).collect();
    assert!(alone.iter().all(|lease| *lease.worker() == elsewhere.id));
    drop(alone);
    pool.0.clock.advance(probe::FRESH);
    assert_eq!(seen(here), (8, false));
    pool.0.clock.advance(Duration::from_millis(1));
    assert_eq!(seen(here), (0, false));
    assert_eq!(pool.snapshot()[0].reported, None);
}

#[test]
fn queues_are_told_by_model() {
    let pool = pool(&[2, 2]);
    let name: Arc<str> = MODEL.into();
    (0..40).for_each(|_| pool.served(&name, Duration::from_secs(20)));
    let expected = QueueStanding {
        model: MODEL.to_owned(),
        waiting: 0,
        estimate: Some(Duration::ZERO),
    };
    assert_eq!(pool.queues(), [expected]);
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
    worker.note(record::Fault::Status(500), pool.0.clock.now());
    let [busy, resting] = pool.snapshot().try_into().unwrap();
    assert_eq!(busy.id.as_str(), "127.0.0.1:1/0");
    assert_eq!(busy.url, "http://127.0.0.1:1/0");
    assert_eq!(busy.models, [MODEL]);
    assert_eq!((busy.in_flight, busy.waiting), (1, 0));
    assert_eq!(busy.latency, Some(Duration::from_millis(20)));
    assert_eq!((busy.error_rate, busy.state), (0.25, WorkerState::Ready));
    assert_eq!((busy.weight, busy.max_in_flight), (1, Some(2)));
    let counts = Counts {
        answered: 3,
        failed: 1,
        ..Counts::default()
    };
    assert_eq!(busy.counts, counts);
    assert_eq!((resting.counts.busy, resting.first_byte), (1, None));
    let first_byte = busy.first_byte.unwrap();
    let ms = [first_byte.p50, first_byte.p95, first_byte.p99].map(|time| time.as_millis());
    assert_eq!(ms, [20, 30, 30]);
    let now = pool.0.clock.now();
    let error = LastError {
        what: "It answered with status 500.".to_owned(),
        at: now,
    };
    assert_eq!((busy.last_error, resting.last_error), (Some(error), None));
    assert_eq!((busy.known_since, busy.last_probe), (Some(UnixMs(0)), None));
    let until = now.plus(rest);
    assert_eq!(resting.state, WorkerState::Resting { until });
}
