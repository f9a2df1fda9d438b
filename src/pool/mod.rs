//! The pool: the workers, which models they serve, and who is asked next.
//!
//! [`Pool::lease`] picks a healthy worker that serves a model and has room, and counts the request on it; the [`Lease`]
//! sends the request and, dropped, takes it off the count. Workers are asked for their models by their own `/v1/models`.

mod choice;
mod lease;
mod local;
mod probe;
mod upstream;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use wire::{Model, Task};

use crate::clock::Clock;
use crate::config::{Config, WorkerSettings};
use crate::tasks::Tasks;
pub use lease::Lease;
pub use local::{LISTENING, LocalWorkerError};
pub use upstream::SendError;
use upstream::{Target, Upstream};
use worker::Worker;
pub use worker::WorkerId;

/// All workers; cheap to clone.
#[derive(Clone)]
pub struct Pool {
    workers: Arc<RwLock<Vec<Arc<Worker>>>>,
    /// Models whose requests stay where their beginning is remembered.
    affine: Arc<BTreeSet<String>>,
    upstream: Upstream,
    clock: Clock,
}

/// Why no worker could be leased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoLease {
    #[error("no worker serves this model")]
    UnknownModel,
    /// Every worker that serves it is ill or was tried already, or none has said yet what it serves.
    #[error("no worker can take this now")]
    NoneReady { retry_after: Duration },
}

impl Pool {
    /// A pool of the workers that `config` names.
    pub fn new(config: &Config, clock: Clock) -> Pool {
        let workers = config.workers.iter();
        let workers = workers.map(|settings| Arc::new(Worker::of(settings)));
        Pool {
            workers: Arc::new(RwLock::new(workers.collect())),
            affine: Arc::new(config.affinity.models.iter().cloned().collect()),
            upstream: Upstream::new(config.limits.first_byte),
            clock,
        }
    }

    /// Starts asking the workers what they serve, and a local worker where none is configured.
    pub fn start(&self, config: &Config, tasks: &Tasks) -> Result<(), LocalWorkerError> {
        if config.workers.is_empty() {
            local::start(self.clone(), config, tasks)?;
        }
        for worker in self.all() {
            tasks.spawn(probe::run(self.clone(), worker, tasks.stopping().clone()));
        }
        Ok(())
    }

    /// Takes a place on a healthy worker that serves `model`, has room and is not among those `tried`: the less busy of two,
    /// or the one that `affinity` belongs to, where the request has such a key.
    pub fn lease(
        &self,
        model: &str,
        affinity: Option<u64>,
        tried: &[WorkerId],
    ) -> Result<Lease, NoLease> {
        let now = self.clock.now();
        let workers = self.all();
        let serving: Vec<_> = workers
            .iter()
            .filter(|worker| worker.serves(model))
            .collect();
        if serving.is_empty() && workers.iter().any(|worker| worker.is_known()) {
            return Err(NoLease::UnknownModel);
        }
        let open: Vec<_> = serving
            .into_iter()
            .filter(|worker| worker.is_ready(now) && !tried.contains(&worker.id))
            .collect();
        self.choose(&open, affinity).ok_or(NoLease::NoneReady {
            retry_after: probe::PERIOD,
        })
    }

    /// Takes a place on one of `open`, unless all are full.
    fn choose(&self, open: &[&Arc<Worker>], affinity: Option<u64>) -> Option<Lease> {
        loop {
            let with_room = open.iter();
            let with_room = with_room.filter_map(|worker| Some((worker.candidate()?, *worker)));
            let (candidates, workers): (Vec<_>, Vec<_>) = with_room.unzip();
            let chosen = match affinity {
                Some(key) => choice::of_affinity(&candidates, key),
                None => choice::of_two(&candidates, &mut rand::rng()),
            };
            // Another may have taken the last place meanwhile; then there is one worker less to choose from.
            if let Some(lease) = Lease::take(workers.get(chosen?)?, self) {
                return Some(lease);
            }
        }
    }

    /// Whether requests for `model` are to be kept together by their beginning.
    pub fn has_affinity(&self, model: &str) -> bool {
        self.affine.contains(model)
    }

    /// Every model that some worker serves, by id; healthy or not, since workers come back.
    pub fn models(&self) -> Vec<Model> {
        let by_id: BTreeMap<String, Model> = self
            .all()
            .iter()
            .flat_map(|worker| worker.models())
            .map(|model| (model.id.clone(), model))
            .collect();
        by_id.into_values().collect()
    }

    /// The ids of those that say they can do `task`.
    pub fn models_for(&self, task: Task) -> Vec<String> {
        let models = self.models().into_iter();
        models
            .filter(|model| model.tasks.is_some() && model.can(task))
            .map(|model| model.id)
            .collect()
    }

    pub fn model(&self, id: &str) -> Option<Model> {
        self.all()
            .iter()
            .find_map(|worker| worker.models().into_iter().find(|model| model.id == id))
    }

    /// Whether any worker could take a request now.
    pub fn is_ready(&self) -> bool {
        let now = self.clock.now();
        self.all()
            .iter()
            .any(|worker| worker.is_known() && worker.is_ready(now))
    }

    fn all(&self) -> Vec<Arc<Worker>> {
        self.workers
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Adds `worker` in the place of one with the same id.
    fn put(&self, worker: Arc<Worker>) {
        let mut workers = self.workers.write().unwrap_or_else(PoisonError::into_inner);
        workers.retain(|other| other.id != worker.id);
        workers.push(worker);
    }

    fn remove(&self, id: &WorkerId) {
        self.workers
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|worker| worker.id != *id);
    }
}

/// What the worker that `settings` name serves, asked once, by whoever has no pool.
pub async fn models_at(settings: &WorkerSettings) -> Result<Vec<Model>, SendError> {
    let target = Target::of(settings);
    let list = Upstream::new(probe::PERIOD).models(&target).await?;
    Ok(list.data)
}

#[cfg(test)]
mod tests;
