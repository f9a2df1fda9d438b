//! What a request draws when it begins to wait, so that its client can be told how it gets on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::Pool;
use super::ask::Wish;

/// Tells where a request is in the queue, if it is in it; cheap to clone.
#[derive(Clone)]
pub struct Ticket {
    pool: Pool,
    place: Slot,
    /// Changes with every queue.
    moved: watch::Receiver<()>,
}

/// Where a request stands in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// 1 is served next. Others may still come whose turn is before.
    pub turn: usize,
    /// How long that will take, where enough were served to tell.
    pub estimate: Option<Duration>,
}

/// Where the queue writes what a ticket stands for.
#[derive(Clone, Default)]
pub(super) struct Slot(Arc<Mutex<Option<(Wish, u64)>>>);

impl Slot {
    pub(super) fn draw(&self, wish: &Wish, number: u64) {
        *self.lock() = Some((wish.clone(), number));
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Wish, u64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    /// A ticket for a request that will be asked for.
    pub fn ticket(&self) -> Ticket {
        Ticket {
            pool: self.clone(),
            place: Slot::default(),
            moved: self.moves(),
        }
    }
}

impl Ticket {
    /// `None` while it does not wait.
    pub fn position(&mut self) -> Option<Position> {
        self.moved.mark_unchanged();
        let drawn = self.place.lock().clone();
        let (wish, number) = drawn?;
        self.pool.position_of(&wish, number)
    }

    /// Returns once the position may be another than when it was last told. It never does where the pool is gone.
    pub async fn moved(&mut self) {
        if self.moved.changed().await.is_err() {
            std::future::pending().await
        }
    }

    pub(super) fn slot(&self) -> Slot {
        self.place.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::Pin;

    use futures_util::{FutureExt, poll};
    use tokio::sync::Barrier;
    use tokio::task::{JoinSet, yield_now};

    use super::super::tests::{MODEL, ask, caller, pool};
    use super::super::{Ask, Lease, NoLease};
    use super::*;
    use crate::principal::{Principal, Tier};

    /// Waits as one of `by`, and has a ticket.
    fn waits(
        pool: &Pool,
        by: &Principal,
    ) -> (impl Future<Output = Result<Lease, NoLease>> + use<>, Ticket) {
        let ticket = pool.ticket();
        let mut ask = Ask::new(MODEL, None, by).with_ticket(Some(&ticket));
        let pool = pool.clone();
        (async move { pool.lease(&mut ask).await }, ticket)
    }

    async fn is_in_line(waiting: &mut Pin<Box<impl Future>>) {
        assert!(poll!(waiting).is_pending());
    }

    #[tokio::test]
    async fn a_ticket_tells_whose_turn_it_is_as_others_come_and_go() {
        let pool = pool(&[1]);
        let held = pool.lease(&mut ask()).await.unwrap();
        let (one, other) = (caller(Tier::Free), caller(Tier::Free));
        let (first, _) = waits(&pool, &one);
        let (second, mut ticket) = waits(&pool, &one);
        let (mut first, mut second) = (Box::pin(first), Box::pin(second));
        assert_eq!(ticket.position(), None, "it does not wait yet");
        is_in_line(&mut first).await;
        is_in_line(&mut second).await;
        let at = |turn: usize, seconds: Option<u64>| {
            let estimate = seconds.map(Duration::from_secs);
            Some(Position { turn, estimate })
        };
        assert_eq!(ticket.position(), at(2, None));
        assert!(ticket.moved().now_or_never().is_none());
        (0..9).for_each(|_| pool.served(&MODEL.into(), Duration::from_secs(3)));
        assert_eq!(ticket.position(), at(2, Some(6)));
        // Another account is before its second.
        let (between, _) = waits(&pool, &other);
        let mut between = Box::pin(between);
        is_in_line(&mut between).await;
        assert!(ticket.moved().now_or_never().is_some());
        assert_eq!(ticket.position(), at(3, Some(9)));
        drop(between);
        assert_eq!(ticket.position(), at(2, Some(6)));
        drop(held);
        let held = first.await.unwrap();
        assert_eq!(ticket.position(), at(1, Some(3)));
        drop(held);
        assert!(ticket.moved().now_or_never().is_some());
        assert_eq!(ticket.position(), None, "its turn has come");
        drop(second.await.unwrap());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn all_who_leave_at_the_same_moment_give_their_turns_on() {
        const STAY: usize = 40;
        const LEAVE: usize = 160;
        let pool = pool(&[1]);
        let held = pool.lease(&mut ask()).await.unwrap();
        let callers = [Tier::Free, Tier::Developer, Tier::Startup].map(caller);
        let barrier = Arc::new(Barrier::new(LEAVE + 1));
        let (mut leaving, mut staying, mut tickets) = (JoinSet::new(), JoinSet::new(), vec![]);
        for number in 0..STAY + LEAVE {
            let (leasing, ticket) = waits(&pool, &callers[number % callers.len()]);
            if number % 5 == 0 {
                tickets.push(ticket);
                staying.spawn(async { drop(leasing.await.unwrap()) });
                continue;
            }
            let barrier = barrier.clone();
            leaving.spawn(async move {
                tokio::select! {
                    lease = leasing => panic!("{:?} though the place is held", lease.map(drop)),
                    _ = barrier.wait() => {}
                }
            });
        }
        let waiting = |pool: &Pool| pool.waiting().values().sum::<usize>();
        while waiting(&pool) < STAY + LEAVE {
            yield_now().await;
        }
        barrier.wait().await;
        leaving.join_all().await;
        assert_eq!(waiting(&pool), STAY);
        let turns = tickets
            .iter_mut()
            .map(|ticket| ticket.position().unwrap().turn);
        let mut turns: Vec<_> = turns.collect();
        turns.sort_unstable();
        assert!(turns.into_iter().eq(1..=STAY));
        drop(held);
        staying.join_all().await;
        assert_eq!((waiting(&pool), pool.in_flight()), (0, 0));
    }
}
