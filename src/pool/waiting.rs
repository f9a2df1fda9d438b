//! Waiting for a place: while all workers of a model are taken, requests wait in its queue, and each place that comes free goes
//! straight to whose turn it is.

mod forecast;

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, timeout};

use super::ask::{Ask, Wish};
use super::lease::Lease;
use super::queue::Queue;
use super::ticket::Position;
use super::worker::{Place, Worker};
use super::{NoLease, Pool};
use forecast::ServiceTime;

/// The queues, by model.
#[derive(Default)]
pub(super) struct Lines {
    lines: BTreeMap<Arc<str>, Line>,
    waiting: usize,
    /// Counts places given, so that of models that share a worker none waits for another's queue to end.
    given: u64,
    /// Changes with every queue.
    moved: watch::Sender<()>,
}

struct Line {
    queue: Queue<Waiter>,
    pace: ServiceTime,
    last_given: u64,
}

struct Waiter {
    wish: Wish,
    hand: oneshot::Sender<Lease>,
}

/// What came of asking for a place.
enum Joined<'a> {
    At(Lease),
    Waits(oneshot::Receiver<Lease>, Waits<'a>),
}

/// A place in the queue, given up when this is dropped.
struct Waits<'a> {
    pool: &'a Pool,
    wish: &'a Wish,
    number: u64,
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        let mut lines = self.pool.lines();
        let line = lines.lines.get_mut(&self.wish.model);
        if line.is_some_and(|line| line.queue.leave(&self.wish.owner, self.number).is_some()) {
            lines.waiting -= 1;
            lines.moved.send_replace(());
        }
    }
}

impl Pool {
    /// A place on a worker: at once where there is one and nobody waits for it, or else when it is this request's turn.
    pub(super) async fn place_for(&self, ask: &mut Ask) -> Result<Lease, NoLease> {
        let came = Instant::now();
        let place = self.wait_for(ask).await;
        ask.has_waited(came.elapsed());
        place
    }

    async fn wait_for(&self, ask: &Ask) -> Result<Lease, NoLease> {
        let (wish, allowed) = (&ask.wish, ask.wait(self.0.queue.wait));
        // The hand is declared first, so that it is dropped last: nothing is given to a hand that is gone.
        let (mut hand, place) = match self.join(ask, allowed)? {
            Joined::At(lease) => return Ok(lease),
            Joined::Waits(hand, place) => (hand, place),
        };
        // Who waits though there is room, because those before it were tried there, need not wait.
        self.hand_out();
        let until = Instant::now() + allowed;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let wait = left.min(self.opens_in(wish));
            match timeout(wait, &mut hand).await {
                Ok(Ok(lease)) => return Ok(lease),
                // Displaced.
                Ok(Err(_)) => break,
                Err(_) if wait < left => self.hand_out(),
                Err(_) => break,
            }
        }
        // From here on nothing is handed over any more; what was in the last moment is not lost.
        drop(place);
        hand.try_recv().map_err(|_| NoLease::Full {
            retry_after: self.outlook(&mut self.lines(), wish, allowed, allowed),
        })
    }

    fn join<'a>(&'a self, ask: &'a Ask, allowed: Duration) -> Result<Joined<'a>, NoLease> {
        let wish = &ask.wish;
        let mut lines = self.lines();
        let line = lines.line(&wish.model);
        if line.queue.len() == 0
            && let Some(lease) = self.choose(wish)
        {
            return Ok(Joined::At(lease));
        }
        let full = |lines: &mut Lines| NoLease::Full {
            retry_after: self.outlook(lines, wish, allowed, Duration::ZERO),
        };
        let turn = line.queue.position(&wish.owner);
        let estimate = self.estimate(line, &wish.model, turn);
        let is_hopeless = allowed.is_zero() || estimate.is_some_and(|wait| wait > allowed);
        // What had a place and lost it has waited, and is no more than had places: it goes before what comes now.
        let is_new = !wish.is_again();
        // Where there is room though others wait, those were tried there; then it need not wait for them.
        if is_new && is_hopeless && !self.has_room(&wish.model) {
            return Err(full(&mut lines));
        }
        let mut displaced = None;
        if is_new && line.queue.len() >= self.0.queue.length {
            displaced = line.queue.displace(&wish.owner);
            if displaced.is_none() {
                return Err(full(&mut lines));
            }
        }
        let (hand, receiver) = oneshot::channel();
        let waiter = Waiter {
            wish: wish.clone(),
            hand,
        };
        let number = match is_new {
            true => line.queue.join(&wish.owner, waiter),
            false => line.queue.join_first(&wish.owner, waiter),
        };
        ask.slot.draw(wish, number);
        if displaced.is_none() {
            lines.waiting += 1;
        }
        lines.moved.send_replace(());
        let waits = Waits {
            pool: self,
            wish,
            number,
        };
        Ok(Joined::Waits(receiver, waits))
    }

    /// Gives the places that are free to those that wait. To be called, without any lock, whenever one may have come free.
    pub(super) fn hand_out(&self) {
        // To be dropped when the lock is: a lease gives its place back by the same lock.
        let mut unclaimed = vec![];
        let mut lines = self.lines();
        while lines.waiting > 0 {
            let Some((waiter, lease)) = self.next(&mut lines) else {
                break;
            };
            if let Err(lease) = waiter.hand.send(lease) {
                unclaimed.push(lease);
            }
        }
        drop(lines);
    }

    /// Whose turn it is, and the place for it. Models that have waited longest for one come first.
    fn next(&self, lines: &mut Lines) -> Option<(Waiter, Lease)> {
        let waiting = lines.lines.iter_mut();
        let mut waiting: Vec<_> = waiting.filter(|(_, line)| line.queue.len() > 0).collect();
        waiting.sort_by_key(|(_, line)| line.last_given);
        for (model, line) in waiting {
            // Mostly all are full, and that is the same for each who waits.
            if !self.has_room(model) {
                continue;
            }
            let mut lease = None;
            let waiter = line.queue.next(|waiter| {
                lease = self.choose(&waiter.wish);
                lease.is_some()
            });
            if let (Some(waiter), Some(lease)) = (waiter, lease) {
                lines.given += 1;
                lines.waiting -= 1;
                line.last_given = lines.given;
                lines.moved.send_replace(());
                return Some((waiter, lease));
            }
        }
        None
    }

    /// A request for `model` was answered, and had its place for `time`.
    pub(super) fn served(&self, model: &Arc<str>, time: Duration) {
        self.lines().line(model).pace.took(time);
    }

    /// The longest that a request may wait for a place.
    pub fn longest_wait(&self) -> Duration {
        self.0.queue.wait
    }

    /// How many wait, by model.
    pub fn waiting(&self) -> BTreeMap<Arc<str>, usize> {
        let lines = self.lines();
        let all = lines.lines.iter();
        all.map(|(model, line)| (model.clone(), line.queue.len()))
            .collect()
    }

    /// Learns when any queue changes.
    pub(super) fn moves(&self) -> watch::Receiver<()> {
        self.lines().moved.subscribe()
    }

    /// Where the one that waits under `number` stands.
    pub(super) fn position_of(&self, wish: &Wish, number: u64) -> Option<Position> {
        let mut lines = self.lines();
        let line = lines.line(&wish.model);
        let turn = line.queue.position_of(&wish.owner, number)?;
        let estimate = self.estimate(line, &wish.model, turn);
        Some(Position { turn, estimate })
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_room(&self, model: &str) -> bool {
        let now = self.0.clock.now();
        self.serving(model)
            .iter()
            .any(|worker| matches!(worker.place(now), Place::Free(_)))
    }

    /// How many requests for `model` can run at once.
    fn places(&self, model: &str) -> usize {
        let now = self.0.clock.now();
        let serving = self.serving(model).into_iter();
        let open = serving.filter(|one| matches!(one.place(now), Place::Free(_) | Place::Taken));
        open.map(|worker| worker.places()).sum()
    }

    /// How long it is until a worker that is left alone may be asked again; forever, where none is.
    fn opens_in(&self, wish: &Wish) -> Duration {
        let now = self.0.clock.now();
        let closed = |worker: &Arc<Worker>| match worker.place(now) {
            Place::Closed(until) => Some(until.since(now).max(Duration::from_millis(1))),
            _ => None,
        };
        let serving = self.serving(&wish.model);
        serving
            .iter()
            .filter_map(closed)
            .min()
            .unwrap_or(Duration::MAX)
    }
}

impl Lines {
    fn line(&mut self, model: &Arc<str>) -> &mut Line {
        self.lines.entry(model.clone()).or_insert_with(|| Line {
            queue: Queue::new(),
            pace: ServiceTime::default(),
            last_given: 0,
        })
    }
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
