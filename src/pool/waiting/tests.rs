use std::sync::atomic::{AtomicUsize, Ordering};

use rand::Rng;
use tokio::sync::Barrier;
use tokio::task::{JoinSet, yield_now};

use super::super::health::Outcome;
use super::super::tests::{MODEL, ask, caller, model, pool, pool_with};
use super::super::{Ask, WorkerId};
use super::forecast::A_MOMENT;
use super::*;
use crate::clock::UnixMs;
use crate::config::QueueSettings;
use crate::principal::{Principal, Tier};

/// Long enough for any machine; only a test that fails waits so long.
const DEADLINE: Duration = Duration::from_secs(30);

impl Pool {
    fn waiting_in_all(&self) -> usize {
        self.lines().waiting
    }

    async fn until_waiting(&self, count: usize) {
        let waits = async {
            while self.waiting_in_all() != count {
                yield_now().await;
            }
        };
        timeout(DEADLINE, waits).await.unwrap();
    }
}

/// Leases for `by` in a task of its own, which gives the place back as soon as it has said its name.
fn spawn(tasks: &mut JoinSet<()>, pool: &Pool, ask: Ask, name: usize, said: &Said) {
    let (pool, said, mut ask) = (pool.clone(), said.clone(), ask);
    tasks.spawn(async move {
        let lease = pool.lease(&mut ask).await.unwrap();
        said.lock().unwrap().push(name);
        drop(lease);
    });
}

type Said = Arc<std::sync::Mutex<Vec<usize>>>;

#[tokio::test]
async fn a_place_that_comes_free_goes_to_whose_turn_it_is() {
    let pool = pool(&[1]);
    let said = Said::default();
    let held = pool.lease(&mut ask()).await.unwrap();
    let (crowd, late) = (caller(Tier::Free), caller(Tier::Free));
    let mut tasks = JoinSet::new();
    for name in 0..50 {
        spawn(
            &mut tasks,
            &pool,
            Ask::new(MODEL, None, &crowd),
            name,
            &said,
        );
        pool.until_waiting(name + 1).await;
    }
    spawn(
        &mut tasks,
        &pool,
        Ask::new(MODEL, None, &late),
        1_000,
        &said,
    );
    pool.until_waiting(51).await;
    drop(held);
    timeout(DEADLINE, tasks.join_all()).await.unwrap();
    let said = said.lock().unwrap().clone();
    let at = said.iter().position(|name| *name == 1_000).unwrap();
    assert!(at <= 1, "after {at} of the crowd");
    let crowd: Vec<_> = said.into_iter().filter(|name| *name < 1_000).collect();
    assert!(crowd.is_sorted(), "{crowd:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_comes_and_leaves_no_place_is_lost_and_none_given_twice() {
    const TASKS: usize = 200;
    let room = [2, 3];
    let pool = pool(&room);
    let barrier = Arc::new(Barrier::new(TASKS));
    let running = Arc::new(AtomicUsize::new(0));
    let served = Arc::new(AtomicUsize::new(0));
    let callers = [Tier::Free, Tier::Free, Tier::Developer, Tier::Startup].map(caller);
    let mut tasks = JoinSet::new();
    for number in 0..TASKS {
        let (pool, barrier) = (pool.clone(), barrier.clone());
        let (running, served) = (running.clone(), served.clone());
        let by = callers[number % callers.len()].clone();
        tasks.spawn(async move {
            barrier.wait().await;
            for _ in 0..30 {
                let (patience, stay) = {
                    let mut chance = rand::rng();
                    (chance.random_range(0..60), chance.random_range(0..4))
                };
                let gives_up = async {
                    for _ in 0..patience {
                        yield_now().await;
                    }
                };
                let mut ask = Ask::new(MODEL, None, &by);
                let lease = tokio::select! {
                    biased;
                    lease = pool.lease(&mut ask) => lease.unwrap(),
                    () = gives_up => continue,
                };
                assert!(running.fetch_add(1, Ordering::SeqCst) < room.iter().sum());
                for _ in 0..stay {
                    yield_now().await;
                }
                served.fetch_add(1, Ordering::SeqCst);
                running.fetch_sub(1, Ordering::SeqCst);
                drop(lease);
            }
        });
    }
    timeout(DEADLINE, tasks.join_all()).await.unwrap();
    let served = served.load(Ordering::SeqCst);
    println!("{served} of {} were served, the others left", TASKS * 30);
    assert!(served > 0 && served < TASKS * 30, "{served}");
    assert_eq!((pool.waiting_in_all(), pool.in_flight()), (0, 0));
    // All places are there again.
    let free: Vec<_> = (0..9).filter_map(|_| pool.choose(&ask().wish)).collect();
    assert_eq!(free.len(), room.iter().sum::<usize>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_waits_long_enough_is_served_whatever_the_crowd_does() {
    const TASKS: usize = 300;
    let pool = pool(&[1, 1]);
    let barrier = Arc::new(Barrier::new(TASKS));
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let (pool, barrier) = (pool.clone(), barrier.clone());
        tasks.spawn(async move {
            let mut ask = ask();
            barrier.wait().await;
            drop(pool.lease(&mut ask).await.unwrap());
        });
    }
    timeout(DEADLINE, tasks.join_all()).await.unwrap();
    assert_eq!((pool.waiting_in_all(), pool.in_flight()), (0, 0));
}

fn queue(wait_ms: u64, length: usize) -> QueueSettings {
    QueueSettings {
        wait: Duration::from_millis(wait_ms),
        length,
    }
}

fn retry_after(refused: Result<Lease, NoLease>) -> Duration {
    match refused.map(drop) {
        Err(NoLease::Full { retry_after }) => retry_after,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_full_queue_takes_nobody_but_those_who_have_less_in_it() {
    let pool = pool_with(&[1], queue(20_000, 4));
    let said = Said::default();
    let held = pool.lease(&mut ask()).await.unwrap();
    let greedy = caller(Tier::Free);
    let mut asks: Vec<_> = (0..4).map(|_| Ask::new(MODEL, None, &greedy)).collect();
    let mut waiting: Vec<_> = asks
        .iter_mut()
        .map(|ask| Box::pin(pool.lease(ask)))
        .collect();
    for one in &mut waiting {
        assert!(futures_util::poll!(one).is_pending());
    }
    let refused = pool.lease(&mut Ask::new(MODEL, None, &greedy)).await;
    assert_eq!(retry_after(refused), A_MOMENT);
    let mut tasks = JoinSet::new();
    spawn(&mut tasks, &pool, ask(), 7, &said);
    // The latest of the greedy makes room.
    let latest = timeout(DEADLINE, waiting.pop().unwrap()).await.unwrap();
    assert!(retry_after(latest) >= A_MOMENT);
    assert_eq!(pool.waiting_in_all(), 4);
    drop(held);
    drop(waiting);
    timeout(DEADLINE, tasks.join_all()).await.unwrap();
    assert_eq!(*said.lock().unwrap(), [7]);
}

#[tokio::test]
async fn who_would_wait_too_long_is_told_at_once_for_how_long() {
    let pool = pool_with(&[2], queue(30_000, 1_000));
    let busy = [pool.lease(&mut ask()).await, pool.lease(&mut ask()).await];
    // Each takes 20 s, two at a time: the third who comes is served after 30 s, the fourth after 40.
    let name: Arc<str> = MODEL.into();
    (0..40).for_each(|_| pool.served(&name, Duration::from_secs(20)));
    let by = caller(Tier::Free);
    let mut asks: Vec<_> = (0..3).map(|_| Ask::new(MODEL, None, &by)).collect();
    let mut waiting: Vec<_> = asks
        .iter_mut()
        .map(|ask| Box::pin(pool.lease(ask)))
        .collect();
    for one in &mut waiting {
        assert!(futures_util::poll!(one).is_pending());
    }
    let refused = pool.lease(&mut Ask::new(MODEL, None, &by)).await;
    assert_eq!(retry_after(refused), Duration::from_secs(40));
    // Another account is not behind all of these.
    assert!(futures_util::poll!(Box::pin(pool.lease(&mut ask()))).is_pending());
    drop((waiting, busy));
    assert_eq!(pool.waiting_in_all(), 0);
}

#[tokio::test]
async fn who_has_waited_in_vain_is_told_when_to_come_back() {
    let pool = pool_with(&[1], queue(1, 1_000));
    let held = pool.lease(&mut ask()).await.unwrap();
    let refused = timeout(DEADLINE, pool.lease(&mut ask())).await.unwrap();
    assert_eq!(retry_after(refused), A_MOMENT);
    assert_eq!(pool.waiting_in_all(), 0);
    drop(held);
    assert_eq!(pool.in_flight(), 0);
}

#[tokio::test]
async fn who_will_not_wait_so_long_is_told_at_once_and_turns_nobody_out() {
    let pool = pool_with(&[1, 1], queue(30_000, 2));
    let by = caller(Tier::Free);
    let willing = |by: &Principal, seconds: u64| {
        let wait = Duration::from_secs(seconds);
        Ask::new(MODEL, None, by).willing_to_wait(Some(wait))
    };
    let held = pool.lease(&mut willing(&by, 0)).await.unwrap();
    let other = pool.lease(&mut willing(&by, 0)).await.unwrap();
    let refused = pool.lease(&mut willing(&by, 0)).await;
    assert_eq!(retry_after(refused), A_MOMENT, "nothing is known yet");
    (0..9).for_each(|_| pool.served(&MODEL.into(), Duration::from_secs(10)));
    let refused = pool.lease(&mut willing(&by, 4)).await;
    assert_eq!(retry_after(refused), Duration::from_secs(10));
    let mut asks = [(); 2].map(|()| willing(&by, 99));
    let mut waiting: Vec<_> = asks
        .iter_mut()
        .map(|ask| Box::pin(pool.lease(ask)))
        .collect();
    for one in &mut waiting {
        assert!(futures_util::poll!(one).is_pending());
    }
    // The queue is full; another account would be let in at the cost of this one, if it would wait.
    let refused = pool.lease(&mut willing(&caller(Tier::Free), 0)).await;
    assert_eq!(retry_after(refused), Duration::from_secs(20));
    assert_eq!(pool.waiting_in_all(), 2);
    drop((waiting, held, other));
}

#[tokio::test]
async fn a_place_that_none_before_can_use_is_there_for_who_will_not_wait() {
    let pool = pool(&[1, 1]);
    let mut again = ask();
    drop(pool.lease(&mut again).await.unwrap());
    let held = [
        pool.lease(&mut ask()).await.unwrap(),
        pool.lease(&mut ask()).await.unwrap(),
    ];
    let mut again_waits = Box::pin(pool.lease(&mut again));
    assert!(futures_util::poll!(&mut again_waits).is_pending());
    let tried = again_tried(&pool);
    let (there, elsewhere): (Vec<_>, Vec<_>) =
        held.into_iter().partition(|lease| *lease.worker() == tried);
    drop(there);
    let now = ask().willing_to_wait(Some(Duration::ZERO));
    let lease = pool.lease(&mut { now }).await.unwrap();
    assert_eq!(*lease.worker(), tried);
    drop(elsewhere);
    drop(timeout(DEADLINE, again_waits).await.unwrap().unwrap());
}

#[tokio::test]
async fn models_that_share_a_worker_take_turns() {
    let pool = pool(&[1]);
    pool.all()[0].learn(vec![model("m"), model("n")], UnixMs(0));
    let held = pool.lease(&mut ask()).await.unwrap();
    let said = Said::default();
    let mut tasks = JoinSet::new();
    for (at, name) in ["m", "n"].into_iter().enumerate() {
        for _ in 0..10 {
            let by = caller(Tier::Free);
            let waiting = pool.waiting_in_all();
            spawn(&mut tasks, &pool, Ask::new(name, None, &by), at, &said);
            pool.until_waiting(waiting + 1).await;
        }
    }
    drop(held);
    timeout(DEADLINE, tasks.join_all()).await.unwrap();
    let said = said.lock().unwrap().clone();
    assert!(
        said.windows(3)
            .all(|three| three != [0; 3] && three != [1; 3]),
        "{said:?}"
    );
}

#[tokio::test]
async fn who_is_refused_is_told_of_those_too_who_wait_there_for_other_models() {
    let pool = pool(&[1]);
    pool.all()[0].learn(vec![model("m"), model("n")], UnixMs(0));
    for (name, seconds) in [("m", 1), ("n", 5)] {
        (0..9).for_each(|_| pool.served(&name.into(), Duration::from_secs(seconds)));
    }
    let held = pool.lease(&mut ask()).await.unwrap();
    let by = caller(Tier::Free);
    let mut asks = [(); 3].map(|()| Ask::new("n", None, &by));
    let mut waiting: Vec<_> = asks
        .iter_mut()
        .map(|ask| Box::pin(pool.lease(ask)))
        .collect();
    for one in &mut waiting {
        assert!(futures_util::poll!(one).is_pending());
    }
    // The one that runs may be of the slow model, and three more are.
    let refused = pool
        .lease(&mut ask().willing_to_wait(Some(Duration::ZERO)))
        .await;
    assert_eq!(retry_after(refused), Duration::from_secs(4 * 5));
    drop((waiting, held));
}

#[tokio::test]
async fn who_waits_has_the_place_of_a_worker_that_comes_back() {
    let pool = pool(&[1, 1]);
    let workers = pool.all();
    pool.drain(workers[1].id.as_str(), true);
    let held = pool.lease(&mut ask()).await.unwrap();
    let mut ask = ask();
    let mut waiting = Box::pin(pool.lease(&mut ask));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    pool.drain(workers[1].id.as_str(), false);
    let lease = timeout(DEADLINE, waiting).await.unwrap().unwrap();
    assert_eq!(*lease.worker(), workers[1].id);
    drop(held);
}

#[tokio::test]
async fn who_waits_has_the_place_of_a_worker_whose_rest_is_over() {
    let pool = pool(&[1, 1]);
    let workers = pool.all();
    let rest = Duration::from_millis(5);
    pool.saw(&workers[1], Outcome::Busy(rest), false);
    let held = pool.lease(&mut ask()).await.unwrap();
    assert_eq!(*held.worker(), workers[0].id);
    let mut ask = ask();
    let mut waiting = Box::pin(pool.lease(&mut ask));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    pool.0.clock.advance(rest);
    let lease = timeout(DEADLINE, waiting).await.unwrap().unwrap();
    assert_eq!(*lease.worker(), workers[1].id);
}

#[tokio::test]
async fn a_place_where_a_request_has_failed_goes_to_the_next_in_line() {
    let pool = pool(&[1, 1]);
    let mut again = ask();
    drop(pool.lease(&mut again).await.unwrap());
    let all = [
        pool.lease(&mut ask()).await.unwrap(),
        pool.lease(&mut ask()).await.unwrap(),
    ];
    let mut again_waits = Box::pin(pool.lease(&mut again));
    assert!(futures_util::poll!(&mut again_waits).is_pending());
    let mut fresh = ask();
    let mut fresh_waits = Box::pin(pool.lease(&mut fresh));
    assert!(futures_util::poll!(&mut fresh_waits).is_pending());
    let tried = again_tried(&pool);
    let (there, elsewhere): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|lease| *lease.worker() == tried);
    drop(there);
    let fresh = timeout(DEADLINE, fresh_waits).await.unwrap().unwrap();
    assert_eq!(*fresh.worker(), tried);
    assert!(futures_util::poll!(&mut again_waits).is_pending());
    drop(elsewhere);
    let again = timeout(DEADLINE, again_waits).await.unwrap().unwrap();
    assert_ne!(*again.worker(), tried);
}

/// Where the first that waits was tried before.
fn again_tried(pool: &Pool) -> WorkerId {
    let mut lines = pool.lines();
    let line = lines.line(&MODEL.into());
    let mut tried = None;
    line.queue.next(|waiter| {
        tried = tried.take().or(waiter.wish.tried.first().cloned());
        false
    });
    tried.unwrap()
}
