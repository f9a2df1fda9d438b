use std::num::NonZeroUsize;
use std::sync::Barrier;
use std::thread;

use super::*;
use crate::clock::UnixMs;

const MODEL: &str = "m";

fn model() -> Model {
    serde_json::from_value(serde_json::json!({
        "id": MODEL, "object": "model", "created": 1, "owned_by": "test",
    }))
    .unwrap()
}

/// A pool of workers that serve [`MODEL`] and have each as much room; none of them is there.
fn pool(max_in_flight: &[usize]) -> Pool {
    let workers = max_in_flight.iter().enumerate().map(|(at, max)| {
        let url = format!("http://127.0.0.1:1/{at}");
        let mut settings: WorkerSettings = url.parse().unwrap();
        settings.max_in_flight = NonZeroUsize::new(*max);
        let worker = Worker::of(&settings);
        worker.learn(vec![model()]);
        Arc::new(worker)
    });
    Pool {
        workers: Arc::new(RwLock::new(workers.collect())),
        affine: Arc::default(),
        upstream: Upstream::new(probe::PERIOD),
        clock: Clock::manual(UnixMs(1_000_000)),
    }
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
            .filter_map(|_| pool.lease(MODEL, affinity, &[]).ok())
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

#[test]
fn what_was_tried_or_serves_nothing_of_the_kind_is_not_leased() {
    let pool = pool(&[1, 1]);
    let first = pool.lease(MODEL, None, &[]).unwrap();
    let second = pool.lease(MODEL, None, &[]).unwrap();
    assert_ne!(first.worker(), second.worker());
    drop(first);
    let refused = pool.lease(MODEL, None, &[second.worker().clone()]);
    let other = refused.map(|lease| lease.worker().clone()).unwrap();
    assert_ne!(other, *second.worker());
    let all = [other, second.worker().clone()];
    assert!(matches!(
        pool.lease(MODEL, None, &all),
        Err(NoLease::NoneReady { .. })
    ));
    assert!(matches!(
        pool.lease("n", None, &[]),
        Err(NoLease::UnknownModel)
    ));
}
