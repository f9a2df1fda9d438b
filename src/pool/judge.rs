//! What is seen of a worker is judged by how the others are: no more than half of those that do the same work are ejected
//! while they still answer. If most fail, it is more likely what they are asked; and to ask few ends in asking none.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use super::Pool;
use super::health::Outcome;
use super::pace::{self, Work};
use super::worker::Worker;
use crate::clock::UnixMs;

impl Pool {
    /// A request has shown how `worker` is.
    pub(super) fn saw(&self, worker: &Arc<Worker>, outcome: Outcome, is_trial: bool) {
        self.judge(worker, outcome, |may_eject, now| {
            worker.saw(outcome, is_trial, may_eject, now);
        });
        // A trial that has ended lets others in, or another try.
        if is_trial {
            self.hand_out();
        }
    }

    /// A probe has.
    pub(super) fn probed(&self, worker: &Arc<Worker>, outcome: Outcome) {
        self.judge(worker, outcome, |may_eject, now| {
            worker.probed(outcome, may_eject, now);
        });
        self.hand_out();
    }

    fn judge(&self, worker: &Worker, outcome: Outcome, judge: impl FnOnce(bool, UnixMs)) {
        let now = self.0.clock.now();
        match outcome {
            Outcome::Failed => {
                let _one_at_a_time = self.judging();
                judge(self.may_eject(worker), now);
            }
            // The others have no say in these.
            Outcome::Good | Outcome::Busy(_) | Outcome::Unreachable => judge(false, now),
        }
    }

    fn judging(&self) -> MutexGuard<'_, ()> {
        let judging = &self.0.judging;
        judging.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first byte of an answer took `time`. Who takes several times as long as the others do is ejected.
    pub(super) fn took(&self, worker: &Arc<Worker>, work: &Work, time: Duration) {
        if !worker.took(work, time) {
            return;
        }
        let _one_at_a_time = self.judging();
        let workers = self.all();
        let others = workers.iter().filter(|other| other.id != worker.id);
        let others = others.filter_map(|other| other.usual(work));
        let Some(own) = worker.usual(work) else {
            return;
        };
        if pace::is_out_of_line(own, others) && self.may_eject(worker) {
            worker.is_slow(self.0.clock.now());
        }
    }

    fn may_eject(&self, worker: &Worker) -> bool {
        let workers = self.all();
        let peers: Vec<_> = workers
            .iter()
            .filter(|other| other.is_peer_of(worker))
            .collect();
        let ejected = peers.iter().filter(|peer| peer.is_ejected_alive());
        ejected.count() < peers.len() / 2
    }
}
