//! The pool: the workers, which models they serve, and who is asked next.
//!
//! [`Pool::lease`] picks a healthy worker that serves a model and counts the request on it; the [`Lease`] sends the
//! request and, dropped, takes it off the count. Workers are asked for their models by their own `/v1/models`.

mod local;
mod probe;
mod upstream;
mod worker;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use url::Url;
use wire::{Model, Task};

use crate::clock::Clock;
use crate::config::Config;
use crate::tasks::Tasks;
pub use local::{LISTENING, LocalWorkerError};
pub use upstream::SendError;
use upstream::Upstream;
use worker::Worker;
pub use worker::WorkerId;

/// All workers; cheap to clone.
#[derive(Clone)]
pub struct Pool {
    workers: Arc<RwLock<Vec<Arc<Worker>>>>,
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
        let workers = config
            .workers
            .iter()
            .map(|base| Arc::new(Worker::new(WorkerId::of(base), base.clone())))
            .collect();
        Pool {
            workers: Arc::new(RwLock::new(workers)),
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

    /// Takes a place on the least busy healthy worker that serves `model` and is not among those `tried`.
    pub fn lease(&self, model: &str, tried: &[WorkerId]) -> Result<Lease, NoLease> {
        let now = self.clock.now();
        let workers = self.all();
        let serving: Vec<_> = workers
            .iter()
            .filter(|worker| worker.serves(model))
            .collect();
        if serving.is_empty() && workers.iter().any(|worker| worker.is_known()) {
            return Err(NoLease::UnknownModel);
        }
        serving
            .into_iter()
            .filter(|worker| worker.is_ready(now) && !tried.contains(&worker.id))
            .min_by_key(|worker| worker.in_flight())
            .map(|worker| Lease::new(worker.clone(), self.clone()))
            .ok_or(NoLease::NoneReady {
                retry_after: probe::PERIOD,
            })
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

/// A request's place on a worker.
#[must_use = "a lease that is dropped leaves its place to others"]
pub struct Lease {
    worker: Arc<Worker>,
    pool: Pool,
}

impl Lease {
    fn new(worker: Arc<Worker>, pool: Pool) -> Self {
        worker.enter();
        Lease { worker, pool }
    }

    pub fn worker(&self) -> &WorkerId {
        &self.worker.id
    }

    /// Posts `body` (JSON) to `path` of the worker and waits for the head of its answer. Dropping what is returned,
    /// or this future, hangs up on the worker.
    pub async fn send(
        &self,
        path: &str,
        body: Bytes,
    ) -> Result<hyper::Response<Incoming>, SendError> {
        let answer = self.pool.upstream.post(&self.worker.base, path, body).await;
        match &answer {
            Ok(answer) if answer.status().is_server_error() => self.failed(),
            Ok(_) => self.worker.succeeded(),
            Err(_) => self.failed(),
        }
        answer
    }

    /// Says that the worker broke off an answer that it had begun.
    pub fn failed(&self) {
        self.worker.failed(self.pool.clock.now());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.worker.leave();
    }
}

/// What the worker at `base` serves, asked once, by whoever has no pool.
pub async fn models_at(base: &Url) -> Result<Vec<Model>, SendError> {
    let list = Upstream::new(probe::PERIOD).models(base).await?;
    Ok(list.data)
}

/// `base` with `path` appended, whether or not `base` ends with `/v1`, as people write it both ways.
fn address(base: &Url, path: &str) -> String {
    let base = base.as_str().trim_end_matches('/');
    format!("{}{path}", base.strip_suffix("/v1").unwrap_or(base))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_may_end_with_v1_or_not() {
        for base in [
            "http://a:1",
            "http://a:1/",
            "http://a:1/v1",
            "http://a:1/v1/",
        ] {
            assert_eq!(
                address(&Url::parse(base).unwrap(), "/v1/models"),
                "http://a:1/v1/models"
            );
        }
        assert_eq!(
            address(&Url::parse("http://a/x").unwrap(), "/v1/models"),
            "http://a/x/v1/models"
        );
    }
}
