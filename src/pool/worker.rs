//! One worker: where it is, what it serves, how busy and how well it is.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use url::Url;
use wire::Model;

use super::choice::{self, Candidate};
use super::upstream::Target;
use crate::clock::UnixMs;
use crate::config::WorkerSettings;

/// A worker's name in the ledger and on pages: its host and port, or `local`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerId(Arc<str>);

impl WorkerId {
    fn of(base: &Url) -> Self {
        WorkerId(
            base.as_str()
                .trim_start_matches("http://")
                .trim_start_matches("https://")
                .trim_end_matches('/')
                .into(),
        )
    }

    pub(super) fn local() -> Self {
        WorkerId("local".into())
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// After the first failure a worker rests this long, twice as long after each further one.
const REST: Duration = Duration::from_millis(250);
const LONGEST_REST: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Worker {
    pub(super) id: WorkerId,
    pub(super) target: Target,
    number: u64,
    weight: u32,
    max_in_flight: Option<NonZeroUsize>,
    /// `None` until it has said.
    models: RwLock<Option<Vec<Model>>>,
    in_flight: AtomicUsize,
    failures_in_a_row: AtomicU32,
    /// Not to be asked before this moment, unix milliseconds.
    rests_until: AtomicI64,
}

impl Worker {
    pub(super) fn of(settings: &WorkerSettings) -> Self {
        Worker::new(WorkerId::of(&settings.url), settings)
    }

    pub(super) fn new(id: WorkerId, settings: &WorkerSettings) -> Self {
        Worker {
            number: choice::number_of(&id.0),
            id,
            target: Target::of(settings),
            weight: settings.weight.get(),
            max_in_flight: settings.max_in_flight,
            models: RwLock::new(None),
            in_flight: AtomicUsize::new(0),
            failures_in_a_row: AtomicU32::new(0),
            rests_until: AtomicI64::new(0),
        }
    }

    pub(super) fn models(&self) -> Vec<Model> {
        self.models
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .unwrap_or_default()
    }

    pub(super) fn learn(&self, models: Vec<Model>) {
        *self.models.write().unwrap_or_else(PoisonError::into_inner) = Some(models);
    }

    /// Whether it has ever said what it serves.
    pub(super) fn is_known(&self) -> bool {
        self.models
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }

    pub(super) fn serves(&self, model: &str) -> bool {
        let models = self.models.read().unwrap_or_else(PoisonError::into_inner);
        models.iter().flatten().any(|served| served.id == model)
    }

    #[cfg(test)]
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// How it looks to a choice, while it has room.
    pub(super) fn candidate(&self) -> Option<Candidate> {
        let in_flight = self.in_flight.load(Ordering::Relaxed);
        self.has_room(in_flight).then_some(Candidate {
            in_flight,
            weight: self.weight,
            number: self.number,
        })
    }

    fn has_room(&self, in_flight: usize) -> bool {
        self.max_in_flight.is_none_or(|max| in_flight < max.get())
    }

    /// Counts one more request, unless others have taken the last place meanwhile.
    pub(super) fn enter(&self) -> bool {
        let one_more = |in_flight| self.has_room(in_flight).then(|| in_flight + 1);
        self.in_flight
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .is_ok()
    }

    pub(super) fn leave(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn is_ready(&self, now: UnixMs) -> bool {
        now.0 >= self.rests_until.load(Ordering::Relaxed)
    }

    pub(super) fn succeeded(&self) {
        self.failures_in_a_row.store(0, Ordering::Relaxed);
        self.rests_until.store(0, Ordering::Relaxed);
    }

    pub(super) fn failed(&self, now: UnixMs) {
        let before = self.failures_in_a_row.fetch_add(1, Ordering::Relaxed);
        let rest = REST
            .saturating_mul(2u32.saturating_pow(before))
            .min(LONGEST_REST);
        self.rests_until.store(now.plus(rest).0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_rests_longer_after_each_failure_and_is_well_after_a_success() {
        let worker = Worker::of(&"http://127.0.0.1:1".parse().unwrap());
        let now = UnixMs(1_000_000);
        worker.failed(now);
        assert!(!worker.is_ready(now) && worker.is_ready(now.plus(REST)));
        worker.failed(now);
        assert!(!worker.is_ready(now.plus(REST)) && worker.is_ready(now.plus(REST * 2)));
        (0..40).for_each(|_| worker.failed(now));
        assert!(worker.is_ready(now.plus(LONGEST_REST)));
        worker.succeeded();
        assert!(worker.is_ready(now));
    }
}
