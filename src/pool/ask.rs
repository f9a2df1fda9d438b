//! What a request asks of the pool, from its first try to its last.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::queue::Owner;
use super::ticket::{Slot, Ticket};
use super::worker_id::WorkerId;
use crate::principal::Principal;

/// A request that looks for a worker, and who was tried for it already.
pub struct Ask {
    pub(super) wish: Wish,
    /// When the worker was asked that has it now.
    asked: Option<Instant>,
    /// How long those had it that were asked before; what it waited for a place is not in this.
    spent: Duration,
    /// How many of them did not begin in their time.
    pub(super) timeouts: u32,
    /// How much longer its client is willing to wait in the queue, where it has said so.
    willing: Option<Duration>,
    /// Where its client's ticket is written.
    pub(super) slot: Slot,
}

/// Which worker would do, and whose request it is.
#[derive(Clone)]
pub(super) struct Wish {
    pub(super) model: Arc<str>,
    /// What it has in common with those that it is to be kept together with.
    pub(super) affinity: Option<u64>,
    pub(super) owner: Owner,
    pub(super) tried: Vec<WorkerId>,
}

impl Wish {
    /// Whether a worker has failed it already.
    pub(super) fn is_again(&self) -> bool {
        !self.tried.is_empty()
    }
}

impl Ask {
    pub fn new(model: &str, affinity: Option<u64>, by: &Principal) -> Self {
        Ask {
            wish: Wish {
                model: model.into(),
                affinity,
                owner: (by.tier.weight(), by.account.clone()),
                tried: vec![],
            },
            asked: None,
            spent: Duration::ZERO,
            timeouts: 0,
            willing: None,
            slot: Slot::default(),
        }
    }

    /// Lets it wait in the queue no longer than its client is `willing`, where that is said; in all, however often it waits.
    pub fn willing_to_wait(self, willing: Option<Duration>) -> Self {
        Ask { willing, ..self }
    }

    /// Lets `ticket` tell how it gets on, if there is one.
    pub fn with_ticket(self, ticket: Option<&Ticket>) -> Self {
        let slot = ticket.map(Ticket::slot).unwrap_or_default();
        Ask { slot, ..self }
    }

    /// How long it may wait now, where none may wait for longer than `most`.
    pub(super) fn wait(&self, most: Duration) -> Duration {
        self.willing.map_or(most, |willing| willing.min(most))
    }

    pub(super) fn has_waited(&mut self, time: Duration) {
        self.willing = self.willing.map(|willing| willing.saturating_sub(time));
    }

    /// The worker that was asked did not begin in its time: another is to have more.
    pub fn timed_out(&mut self) {
        self.timeouts += 1;
    }

    pub(super) fn asks(&mut self, worker: &WorkerId) {
        self.wish.tried.push(worker.clone());
        self.asked = Some(Instant::now());
    }

    /// What is left of the `whole` time to the first byte, now that no worker has the request.
    pub(super) fn left_of(&mut self, whole: Duration) -> Duration {
        if let Some(asked) = self.asked.take() {
            self.spent += asked.elapsed();
        }
        whole.saturating_sub(self.spent)
    }
}
