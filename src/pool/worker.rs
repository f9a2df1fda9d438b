//! One worker: where it is, what it serves, how busy and how well it is.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use wire::Model;

use super::catalog::Served;
use super::choice::{self, Candidate};
use super::health::{Cause, Health, Outcome, State, Way};
use super::pace::{Pace, Work};
use super::probe;
use super::record::{Counts, Fault, LastError, Record};
use super::reported::Reported;
use super::upstream::Target;
use super::worker_id::WorkerId;
use crate::clock::UnixMs;
use crate::config::WorkerSettings;

#[derive(Debug)]
pub(super) struct Worker {
    pub(super) id: WorkerId,
    pub(super) target: Target,
    number: u64,
    pub(super) weight: u32,
    pub(super) max_in_flight: Option<NonZeroUsize>,
    /// `None` until it has said.
    models: RwLock<Option<Vec<Served>>>,
    now: Mutex<Now>,
}

/// What changes with each request.
#[derive(Debug)]
struct Now {
    in_flight: usize,
    is_draining: bool,
    health: Health,
    pace: Pace,
    record: Record,
    /// Counts the answers that have begun in time.
    heard: u64,
    report: Option<Report>,
    known_since: Option<UnixMs>,
    probed: Option<UnixMs>,
}

/// What a worker has said of its load.
#[derive(Clone, Copy, Debug)]
struct Report {
    reported: Reported,
    /// What of it were not our own requests.
    of_others: usize,
    at: UnixMs,
}

/// A worker's books at one moment.
pub(super) struct Books {
    pub(super) record: (Counts, Option<LastError>),
    pub(super) first_bytes: Vec<Duration>,
    pub(super) reported: Option<Reported>,
    pub(super) known_since: Option<UnixMs>,
    pub(super) probed: Option<UnixMs>,
}

/// Whether a request may go to a worker.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Free(Candidate),
    /// Others have all its places.
    Taken,
    /// It is left alone until then.
    Closed(UnixMs),
    /// It finishes what it has, and gets nothing new.
    Draining,
}

impl Worker {
    pub(super) fn of(settings: &WorkerSettings) -> Self {
        Worker::new(WorkerId::of(&settings.url), settings)
    }

    pub(super) fn new(id: WorkerId, settings: &WorkerSettings) -> Self {
        Worker {
            number: choice::number_of(id.as_str()),
            id,
            target: Target::of(settings),
            weight: settings.weight.get(),
            max_in_flight: settings.max_in_flight,
            models: RwLock::new(None),
            now: Mutex::new(Now {
                in_flight: 0,
                is_draining: false,
                health: Health::new(),
                pace: Pace::default(),
                record: Record::default(),
                heard: 0,
                report: None,
                known_since: None,
                probed: None,
            }),
        }
    }

    /// Knows what `other` knows of its models.
    pub(super) fn learn_from(&self, other: &Worker) {
        let models = other.models.read().unwrap_or_else(PoisonError::into_inner);
        self.models
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(&models);
    }

    /// What there is to say of each that it serves.
    pub(super) fn cards(&self) -> Vec<Arc<Model>> {
        let models = self.models.read().unwrap_or_else(PoisonError::into_inner);
        let served = models.iter().flatten();
        served.map(|served| served.card.clone()).collect()
    }

    pub(super) fn card(&self, model: &str) -> Option<Arc<Model>> {
        self.served(model).map(|served| served.card)
    }

    /// What it calls the model with this id.
    pub(super) fn name_of(&self, model: &str) -> Option<Arc<str>> {
        self.served(model).map(|served| served.name)
    }

    pub(super) fn learn(&self, models: impl IntoIterator<Item = impl Into<Served>>, at: UnixMs) {
        self.now().known_since.get_or_insert(at);
        let models = models.into_iter().map(Into::into).collect();
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
        self.served(model).is_some()
    }

    fn served(&self, model: &str) -> Option<Served> {
        let models = self.models.read().unwrap_or_else(PoisonError::into_inner);
        let mut all = models.iter().flatten();
        all.find(|served| served.card.id == model).cloned()
    }

    /// Whether the two serve a model in common.
    pub(super) fn is_peer_of(&self, other: &Worker) -> bool {
        let cards = other.cards();
        cards.iter().any(|card| self.serves(&card.id))
    }

    pub(super) fn in_flight(&self) -> usize {
        self.now().in_flight
    }

    pub(super) fn place(&self, at: UnixMs) -> Place {
        let now = self.now();
        match now.health.way(at) {
            _ if now.is_draining => Place::Draining,
            Way::Closed(until) => Place::Closed(until),
            Way::Tried => Place::Taken,
            Way::Open | Way::Trial if self.has_room(&now) => Place::Free(Candidate {
                in_flight: now.in_flight + now.report(at).map_or(0, |report| report.of_others),
                weight: self.weight,
                number: self.number,
                is_strained: now.report(at).is_some_and(|one| one.reported.is_strained()),
            }),
            Way::Open | Way::Trial => Place::Taken,
        }
    }

    /// How many requests it can have at once; one, as far as is known, where nothing is said.
    pub(super) fn places(&self) -> usize {
        self.max_in_flight.map_or(1, NonZeroUsize::get)
    }

    fn has_room(&self, now: &Now) -> bool {
        let in_flight = now.in_flight;
        self.max_in_flight.is_none_or(|max| in_flight < max.get())
    }

    /// Counts one more request, and says whether it is a trial; `None` where the place was taken meanwhile.
    pub(super) fn enter(&self, at: UnixMs) -> Option<bool> {
        let mut now = self.now();
        if now.is_draining || !self.has_room(&now) {
            return None;
        }
        let is_trial = now.health.enter(at)?;
        now.in_flight += 1;
        Some(is_trial)
    }

    /// A request has left, `untried` if it was a trial that has shown nothing.
    pub(super) fn leave(&self, untried: bool, ended_well: bool) {
        let mut now = self.now();
        now.in_flight -= 1;
        if untried {
            now.health.untried();
        }
        if ended_well {
            now.health.ended_well();
        }
    }

    pub(super) fn drain(&self, is_draining: bool) {
        self.now().is_draining = is_draining;
    }

    pub(super) fn is_draining(&self) -> bool {
        self.now().is_draining
    }

    pub(super) fn saw(&self, outcome: Outcome, is_trial: bool, may_eject: bool, at: UnixMs) {
        self.change(|now| {
            now.record.saw(outcome);
            now.health.saw(outcome, is_trial, may_eject, at);
        });
    }

    pub(super) fn probed(&self, outcome: Outcome, may_eject: bool, at: UnixMs) {
        self.change(|now| now.health.probed(outcome, may_eject, at));
    }

    pub(super) fn is_slow(&self, at: UnixMs) {
        self.change(|now| {
            now.record.note(Fault::Slow, at);
            now.health.is_slow(at);
        });
    }

    /// Logs what `judge` has changed. An ejected worker's pace is forgotten: when it comes back, it is measured anew.
    fn change(&self, judge: impl FnOnce(&mut Now)) {
        let mut now = self.now();
        let before = now.health.state();
        judge(&mut now);
        let after = now.health.state();
        match (before, after) {
            (State::Ejected { cause, .. }, State::Ejected { cause: same, .. }) if cause == same => {
            }
            (_, State::Ejected { cause, .. }) => {
                now.pace.forget();
                now.record.counts.ejections += 1;
                tracing::warn!(worker = %self.id, ?cause, "worker ejected");
            }
            (State::Ejected { .. }, State::Well) => {
                tracing::info!(worker = %self.id, "worker is back");
            }
            _ => {}
        }
    }

    /// Notes how long its first byte took; where that is far longer than the others take, `slow` is how many answers they had begun
    /// in time. Says whether it is time to compare it with them, and whether it was slow too many times in a row.
    pub(super) fn took(&self, work: &Work, time: Duration, slow: Option<u64>) -> (bool, bool) {
        let mut now = self.now();
        now.record.took(time);
        if slow.is_none() {
            now.heard += 1;
        }
        // What it answers yet of what it was asked before its ejection is no measure of what it will be.
        if matches!(now.health.state(), State::Ejected { .. }) {
            return (false, false);
        }
        let is_due = now.pace.took(work, time);
        (is_due, now.health.is_slow_again(slow))
    }

    /// How many answers it has begun in time.
    pub(super) fn heard(&self) -> u64 {
        self.now().heard
    }

    pub(super) fn note(&self, fault: Fault, at: UnixMs) {
        self.now().record.note(fault, at);
    }

    /// A request was given up here, of which it may not be to blame.
    pub(super) fn timed_out(&self, at: UnixMs) {
        let record = &mut self.now().record;
        record.saw(Outcome::TimedOut);
        record.note(Fault::TimedOut, at);
    }

    pub(super) fn probed_at(&self, at: UnixMs) {
        self.now().probed = Some(at);
    }

    pub(super) fn reports(&self, reported: Reported, at: UnixMs) {
        let mut now = self.now();
        now.report = Some(Report {
            reported,
            of_others: reported.load().saturating_sub(now.in_flight),
            at,
        });
    }

    pub(super) fn has_reported(&self) -> bool {
        self.now().report.is_some()
    }

    pub(super) fn books(&self, at: UnixMs) -> Books {
        let now = self.now();
        Books {
            record: (now.record.counts, now.record.last_error()),
            first_bytes: now.record.first_bytes(),
            reported: now.report(at).map(|report| report.reported),
            known_since: now.known_since,
            probed: now.probed,
        }
    }

    pub(super) fn longest(&self, work: &Work) -> Option<Duration> {
        self.now().pace.longest(work)
    }

    /// Whether it is well beyond doubt.
    pub(super) fn is_sure(&self) -> bool {
        self.now().health.is_sure()
    }

    pub(super) fn is_spotless(&self, at: UnixMs) -> bool {
        self.now().health.is_spotless(at)
    }

    pub(super) fn is_ejected(&self) -> bool {
        matches!(self.state(), State::Ejected { .. })
    }

    pub(super) fn usual(&self, work: &Work) -> Option<Duration> {
        self.now().pace.usual(work)
    }

    pub(super) fn median(&self) -> Option<Duration> {
        self.now().pace.median()
    }

    pub(super) fn state(&self) -> State {
        self.now().health.state()
    }

    pub(super) fn error_rate(&self, at: UnixMs) -> f64 {
        self.now().health.error_rate(at)
    }

    /// Whether it is ejected though it answers.
    pub(super) fn is_ejected_alive(&self) -> bool {
        matches!(
            self.state(),
            State::Ejected {
                cause: Cause::Failing | Cause::Slow,
                ..
            }
        )
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Now {
    /// What it has said of its load, if that can still be so.
    fn report(&self, at: UnixMs) -> Option<Report> {
        self.report
            .filter(|report| at.since(report.at) <= probe::FRESH)
    }
}
