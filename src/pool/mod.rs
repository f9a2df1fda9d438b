//! The pool: the workers, which models they serve, and who is asked next.
//!
//! [`Pool::lease`] picks a healthy worker that serves a model and has room, or waits for one, and counts the request on
//! it; the [`Lease`] sends the request and, dropped, takes it off the count and gives its place to whose turn it is.
//! A [`Ticket`] tells meanwhile whose turn it is.
//! Workers are asked for their models by their own `/v1/models`.

mod ask;
mod catalog;
mod choice;
mod crew;
mod fleet;
mod health;
mod judge;
mod lease;
mod local;
mod pace;
mod probe;
mod queue;
mod record;
mod report;
mod reported;
mod retries;
mod roster;
mod standing;
mod store;
mod ticket;
mod turns;
mod upstream;
mod waiting;
mod window;
mod worker;
mod worker_id;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use wire::Model;

use crate::clock::{Clock, UnixMs};
use crate::config::{Config, QueueSettings, WorkerSettings};
use crate::db::Db;
use crate::tasks::Tasks;
pub use ask::Ask;
use ask::Wish;
use catalog::Catalog;
use choice::Candidate;
use crew::Crew;
pub use crew::StartError;
pub use fleet::{Fleet, FleetWorker, Gateway, Origin, View};
pub use health::Cause;
pub use lease::Lease;
pub use local::{LISTENING, LocalWorkerError};
pub use record::{Counts, FirstByte, LastError};
pub use reported::Reported;
use retries::Retries;
pub use retries::RetryCounts;
pub use roster::{Change, ChangeError, Roster, StoreError};
pub use standing::{QueueStanding, WorkerStanding, WorkerState};
pub use ticket::{Position, Ticket};
pub use upstream::{SendError, address};
use upstream::{Target, Upstream};
use waiting::Lines;
use worker::{Place, Worker};
pub use worker_id::WorkerId;

/// All workers, and all who wait for one, and the act, if any, that changes of them are a part of; cheap to clone.
#[derive(Clone)]
pub struct Pool(Arc<Shared>, Option<Db>);

struct Shared {
    workers: RwLock<Vec<Arc<Worker>>>,
    roster: Roster,
    crew: Crew,
    tasks: Tasks,
    catalog: Catalog,
    /// Models whose requests stay where their beginning is remembered.
    affine: BTreeSet<String>,
    retries: Retries,
    lines: Mutex<Lines>,
    queue: QueueSettings,
    /// Held while a worker is judged by how the others are.
    judging: Mutex<()>,
    upstream: Upstream,
    /// How long a request waits for a worker's first byte, however many are tried.
    first_byte: Duration,
    clock: Clock,
}

/// Why no worker could be leased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoLease {
    #[error("no worker serves this model")]
    UnknownModel,
    /// Every worker that serves it is ill, rests or was tried already, or none has said yet what it serves.
    #[error("no worker can take this now")]
    NoneReady { retry_after: Duration },
    #[error(
        "there is no time left, or too much was tried again of late and no other is well beyond doubt"
    )]
    TriedEnough,
    /// So many wait that this request would not be served in time, or was not.
    #[error("too many wait for this model")]
    Full { retry_after: Duration },
}

impl Pool {
    /// A pool of the workers that `config` names, and of those that were added, once it is started.
    pub fn new(config: &Config, db: Db, clock: Clock, tasks: &Tasks) -> Pool {
        let workers = config.workers.iter();
        let workers = workers.map(|settings| Arc::new(Worker::of(settings)));
        let catalog = Catalog::new(&config.models);
        let affine = config.affinity.models.iter();
        let affine = affine.map(|name| catalog.id_of(name).to_owned());
        let shared = Shared {
            tasks: tasks.clone(),
            affine: affine.collect(),
            catalog,
            ..Shared::new(
                workers.collect(),
                Roster::new(&config.workers, db, clock),
                config.queue,
                config.limits.first_byte,
            )
        };
        Pool(Arc::new(shared), None)
    }

    /// The same, whose changes are a part of an act.
    pub fn within(&self, act: &Db) -> Self {
        Pool(self.0.clone(), Some(act.clone()))
    }

    /// Takes a place on a worker that serves the model, may be asked and was not tried: the less busy of two, or the one that the
    /// request's affinity belongs to. Where all their places are taken, waits its turn. Dropped, it gives up its turn.
    ///
    /// What a worker has failed goes to one that is well beyond doubt, if there is one; to others, only while not too much of
    /// late has gone to such.
    pub async fn lease(&self, ask: &mut Ask) -> Result<Lease, NoLease> {
        let now = self.0.clock.now();
        let serving = self.serving(&ask.wish.model);
        if serving.is_empty() && self.all().iter().any(|worker| worker.is_known()) {
            return Err(NoLease::UnknownModel);
        }
        let could = serving.iter().filter(|one| could_take(one, &ask.wish, now));
        let could: Vec<_> = could.collect();
        if could.is_empty() {
            return Err(NoLease::NoneReady {
                retry_after: ready_in(&serving, now),
            });
        }
        let retries = &self.0.retries;
        if !ask.wish.is_again() {
            retries.began(now);
        } else if !could.iter().any(|one| one.is_sure()) && !retries.has_left(now, self.in_flight())
        {
            retries.refused();
            return Err(NoLease::TriedEnough);
        }
        let left = ask.left_of(self.0.first_byte);
        if left.is_zero() {
            return Err(NoLease::TriedEnough);
        }
        let mut lease = self.place_for(ask).await?;
        if ask.wish.is_again() {
            retries.took();
        }
        ask.asks(lease.worker());
        lease.patience = self.patience(left, &ask.wish);
        lease.tried = ask.wish.tried.clone();
        lease.timeouts = ask.timeouts;
        Ok(lease)
    }

    /// Takes a place on one that has any for this request.
    fn choose(&self, wish: &Wish) -> Option<Lease> {
        let serving = self.serving(&wish.model).into_iter();
        let untried = serving.filter(|one| !wish.tried.contains(&one.id));
        if !wish.is_again() {
            return self.choose_of(&untried.collect::<Vec<_>>(), wish);
        }
        let (sure, others): (Vec<_>, Vec<_>) = untried.partition(|one| one.is_sure());
        self.choose_of(&sure, wish).or_else(|| {
            let (now, in_flight) = (self.0.clock.now(), self.in_flight());
            let retries = &self.0.retries;
            retries.spend(now, in_flight, || self.choose_of(&others, wish))
        })
    }

    fn choose_of(&self, workers: &[Arc<Worker>], wish: &Wish) -> Option<Lease> {
        loop {
            let now = self.0.clock.now();
            let free = workers.iter().filter_map(|one| match one.place(now) {
                Place::Free(candidate) => Some((candidate, one)),
                Place::Taken | Place::Closed(_) | Place::Draining => None,
            });
            let (candidates, free): (Vec<Candidate>, Vec<_>) = free.unzip();
            let chosen = match wish.affinity {
                Some(key) => choice::of_affinity(&candidates, key),
                None => choice::of_two(&candidates, &mut rand::rng()),
            };
            // Another may have taken the last place meanwhile; then there is one worker less to choose from.
            if let Some(lease) = Lease::take(free.get(chosen?)?, self, &wish.model) {
                return Some(lease);
            }
        }
    }

    /// How long the worker that was chosen last may take: half of what is `left` while there is another to turn to.
    fn patience(&self, left: Duration, wish: &Wish) -> Duration {
        let now = self.0.clock.now();
        let mut serving = self.serving(&wish.model).into_iter();
        match serving.any(|worker| could_take(&worker, wish, now)) {
            true => left / 2,
            false => left,
        }
    }

    /// Whether requests for `model` are to be kept together by their beginning.
    pub fn has_affinity(&self, model: &str) -> bool {
        self.0.affine.contains(model)
    }

    /// Whether any worker could take a request now.
    pub fn is_ready(&self) -> bool {
        let now = self.0.clock.now();
        self.all()
            .iter()
            .filter(|worker| worker.is_known())
            .any(|worker| matches!(worker.place(now), Place::Free(_) | Place::Taken))
    }

    fn in_flight(&self) -> usize {
        self.all().iter().map(|worker| worker.in_flight()).sum()
    }

    fn serving(&self, model: &str) -> Vec<Arc<Worker>> {
        let workers = self
            .0
            .workers
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let serving = workers.iter().filter(|worker| worker.serves(model));
        serving.cloned().collect()
    }

    fn all(&self) -> Vec<Arc<Worker>> {
        self.0
            .workers
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Shared {
    fn new(
        workers: Vec<Arc<Worker>>,
        roster: Roster,
        queue: QueueSettings,
        first_byte: Duration,
    ) -> Self {
        Shared {
            workers: RwLock::new(workers),
            clock: roster.clock.clone(),
            roster,
            crew: Crew::default(),
            tasks: Tasks::default(),
            catalog: Catalog::default(),
            affine: BTreeSet::new(),
            retries: Retries::new(),
            lines: Mutex::default(),
            queue,
            judging: Mutex::default(),
            upstream: Upstream::new(),
            first_byte,
        }
    }
}

/// Whether `worker` would do, now or when one of its places comes free.
fn could_take(worker: &Worker, wish: &Wish, now: UnixMs) -> bool {
    !wish.tried.contains(&worker.id) && matches!(worker.place(now), Place::Free(_) | Place::Taken)
}

/// How long it is until one of `workers` may be asked again.
fn ready_in(workers: &[Arc<Worker>], now: UnixMs) -> Duration {
    let waits = workers.iter().filter_map(|worker| match worker.place(now) {
        Place::Closed(until) => Some(until.since(now)),
        Place::Free(_) | Place::Taken | Place::Draining => None,
    });
    waits.min().unwrap_or(probe::PERIOD)
}

/// What the worker that `settings` name serves, asked once, by whoever has no pool.
pub async fn models_at(settings: &WorkerSettings) -> Result<Vec<Model>, SendError> {
    let target = Target::of(settings);
    let list = Upstream::new().models(&target).await?;
    Ok(list.data)
}

#[cfg(test)]
mod tests;
