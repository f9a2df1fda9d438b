//! What is seen of a worker is judged by how the others are: no more than half of those that do the same work are ejected
//! while they still answer. If most fail, it is more likely what they are asked; and to ask few ends in asking none.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::Pool;
use super::health::Outcome;
use super::pace::{self, Work};
use super::worker::Worker;

impl Pool {
    /// A request has shown how `worker` is.
    pub(super) fn saw(&self, worker: &Arc<Worker>, outcome: Outcome, is_trial: bool) {
        let now = self.clock.now();
        if outcome == Outcome::Failed {
            let _one_at_a_time = self.judging.lock().unwrap_or_else(PoisonError::into_inner);
            worker.saw(outcome, is_trial, self.may_eject(worker), now);
        } else {
            worker.saw(outcome, is_trial, false, now);
        }
        if is_trial {
            self.hand_out();
        }
    }

    /// A probe has.
    pub(super) fn probed(&self, worker: &Arc<Worker>, outcome: Outcome) {
        let now = self.clock.now();
        let one_at_a_time = self.judging.lock().unwrap_or_else(PoisonError::into_inner);
        worker.probed(outcome, self.may_eject(worker), now);
        drop(one_at_a_time);
        self.hand_out();
    }

    /// The first byte of an answer took `time`. Who takes several times as long as the others do is ejected.
    pub(super) fn took(&self, worker: &Arc<Worker>, work: &Work, time: Duration) {
        if !worker.took(work, time) {
            return;
        }
        let _one_at_a_time = self.judging.lock().unwrap_or_else(PoisonError::into_inner);
        let workers = self.all();
        let others = workers.iter().filter(|other| other.id != worker.id);
        let others = others.filter_map(|other| other.usual(work));
        let Some(own) = worker.usual(work) else {
            return;
        };
        if pace::is_out_of_line(own, others) && self.may_eject(worker) {
            worker.is_slow(self.clock.now());
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
