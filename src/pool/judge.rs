//! What is seen of a worker is judged by how the others are: no more than half of those that do the same work are ejected
//! while they still answer. If most fail, it is more likely what they are asked; and to ask few ends in asking none. But where one
//! that was asked the same has failed at nothing, it is the others.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use super::Pool;
use super::health::Outcome;
use super::pace::{self, Work};
use super::worker::{Place, Worker};
use super::worker_id::WorkerId;
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
            Outcome::Failed | Outcome::TimedOut | Outcome::BrokeOff => {
                let _one_at_a_time = self.judging();
                judge(self.may_eject(worker), now);
            }
            // The others have no say in these.
            Outcome::Good | Outcome::Slow | Outcome::Busy(_) | Outcome::Unreachable => {
                judge(false, now)
            }
        }
    }

    fn judging(&self) -> MutexGuard<'_, ()> {
        let judging = &self.0.judging;
        judging.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first byte of an answer took `time`. Who takes several times as long as the others do is ejected.
    pub(super) fn took(&self, worker: &Arc<Worker>, work: &Work, time: Duration) {
        let late = self.late_after(worker, work, pace::FEWEST_OTHERS);
        let is_slow = late.is_some_and(|late| time > late);
        let slow = is_slow.then(|| self.heard_but_of(worker));
        let (is_due, is_slow_again) = worker.took(work, time, slow);
        if !is_due && !is_slow_again {
            return;
        }
        let _one_at_a_time = self.judging();
        if (is_slow_again || self.is_out_of_line(worker, work)) && self.may_eject(worker) {
            worker.is_slow(self.0.clock.now());
        }
    }

    /// How many answers the others have begun in time.
    fn heard_but_of(&self, worker: &Worker) -> u64 {
        let workers = self.all();
        let others = workers.iter().filter(|other| other.id != worker.id);
        others.map(|other| other.heard()).sum()
    }

    fn is_out_of_line(&self, worker: &Worker, work: &Work) -> bool {
        let workers = self.all();
        let others = workers.iter().filter(|other| other.id != worker.id);
        let others = others.filter_map(|other| other.usual(work));
        let own = worker.usual(work);
        own.is_some_and(|own| pace::is_out_of_line(own, others))
    }

    /// From when on a first byte comes later than the others' ever do; `None` while no more than so few of them tell.
    pub(super) fn late_after(
        &self,
        worker: &Worker,
        work: &Work,
        fewest: usize,
    ) -> Option<Duration> {
        let workers = self.all();
        let others = workers.iter().filter(|other| other.id != worker.id);
        let longest: Vec<_> = others.filter_map(|other| other.longest(work)).collect();
        (longest.len() >= fewest).then(|| pace::late_after(&longest))?
    }

    /// Whether a request for `model` that has waited too long on `worker` would be served by another which is well beyond doubt:
    /// at once; or, if `worker` is ejected, in its turn.
    pub(super) fn has_better_than(&self, worker: &Worker, model: &str, tried: &[WorkerId]) -> bool {
        let now = self.0.clock.now();
        let is_ejected = worker.is_ejected();
        let mut serving = self.serving(model).into_iter();
        serving.any(|other| {
            let takes_it = match other.place(now) {
                Place::Free(_) => true,
                Place::Taken => is_ejected,
                Place::Closed(_) | Place::Draining => false,
            };
            takes_it && other.is_sure() && !tried.contains(&other.id)
        })
    }

    fn may_eject(&self, worker: &Worker) -> bool {
        let workers = self.all();
        let peers: Vec<_> = workers
            .iter()
            .filter(|other| other.is_peer_of(worker))
            .collect();
        let ejected = peers.iter().filter(|peer| peer.is_ejected_alive());
        let now = self.0.clock.now();
        let one_is_spotless = || {
            let mut others = peers.iter().filter(|peer| peer.id != worker.id);
            others.any(|peer| peer.is_spotless(now))
        };
        ejected.count() < peers.len() / 2 || one_is_spotless()
    }
}

#[cfg(test)]
mod tests;
