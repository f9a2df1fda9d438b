//! The workers as they change while the service runs: added, drained and removed, here or by another gateway or a shell on
//! the same database.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLockWriteGuard};

use tokio::sync;
use tokio_util::sync::CancellationToken;

use super::fleet::{Fleet, Gateway, Origin, Report};
use super::roster::{Change, ChangeError, Roster, StoreError};
use super::standing::WorkerStanding;
use super::worker::Worker;
use super::worker_id::WorkerId;
use super::{LocalWorkerError, Pool, local, probe, report, store};
use crate::config::{Config, WorkerSettings};

/// What is known of the workers beside themselves.
#[derive(Debug, Default)]
pub(super) struct Crew {
    known: Mutex<Known>,
    /// Held while changes are followed; the last that was.
    followed: sync::Mutex<Option<i64>>,
}

#[derive(Debug, Default)]
struct Known {
    /// Those that were added, as they were.
    added: BTreeMap<WorkerId, WorkerSettings>,
    drained: BTreeSet<WorkerId>,
    /// Cancelled when the worker need not be probed any more.
    probes: BTreeMap<WorkerId, CancellationToken>,
    /// Those that were removed, and may have something to finish.
    leaving: Vec<Arc<Worker>>,
    /// This gateway's id and name, once the pool is started.
    gateway: Option<(String, String)>,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    LocalWorker(#[from] LocalWorkerError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Pool {
    /// Starts asking the workers what they serve, following what changes of them, and telling in the database how they
    /// stand, under the name `instance`; and a local worker where none is configured.
    pub async fn start(
        &self,
        config: &Config,
        instance: String,
        listening: SocketAddr,
    ) -> Result<(), StartError> {
        let machine = fs::read_to_string("/proc/sys/kernel/hostname");
        let machine = machine.map_or("localhost".to_owned(), |name| name.trim().to_owned());
        let name = format!("{machine}:{}", listening.port());
        self.known().gateway = Some((instance, name));
        for worker in self.all() {
            self.known().watch(self, worker);
        }
        // At once: a worker that is drained must not be given the first request.
        self.follow().await.map_err(StoreError::from)?;
        if config.workers.is_empty() {
            local::start(self.clone(), config, &self.0.tasks)?;
        }
        self.0.tasks.spawn(report::run(self.clone()));
        Ok(())
    }

    /// Adds a worker, here at once and on every gateway within seconds.
    pub async fn add(&self, settings: WorkerSettings) -> Result<WorkerId, ChangeError> {
        let id = self.roster().add(settings).await?;
        self.follow_now().await;
        Ok(id)
    }

    /// Removes a worker that was added. It gets nothing new, here from now on; what it has, it finishes.
    pub async fn remove(&self, id: &str) -> Result<(), ChangeError> {
        self.roster().remove(id).await?;
        self.follow_now().await;
        Ok(())
    }

    /// Has a worker finish what it has and gives it nothing new, or no longer so, also after a restart.
    pub async fn set_draining(&self, id: &str, is_draining: bool) -> Result<(), ChangeError> {
        let fleet = self.fleet().await?;
        self.roster()
            .set_draining_in(&fleet, id, is_draining)
            .await?;
        self.follow_now().await;
        Ok(())
    }

    /// Changes what is said of a worker that was added. What it has, it finishes under what was said before.
    pub async fn change(&self, id: &str, change: Change) -> Result<(), ChangeError> {
        self.roster().change(id, change).await?;
        self.follow_now().await;
        Ok(())
    }

    /// Every worker of all gateways, and how each of them sees it: this one now, the others some seconds ago.
    pub async fn fleet(&self) -> Result<Fleet, StoreError> {
        let own = self.gateway().map(|gateway| (gateway, self.reports()));
        self.roster().fleet_with(own).await
    }

    /// As the act has it, where there is one.
    fn roster(&self) -> Roster {
        match &self.1 {
            Some(act) => self.0.roster.within(act),
            None => self.0.roster.clone(),
        }
    }

    /// This one, where the pool was started.
    pub(super) fn gateway(&self) -> Option<Gateway> {
        let (id, name) = self.known().gateway.clone()?;
        let seen = self.0.clock.now();
        Some(Gateway { id, name, seen })
    }

    /// What is to be told of the workers.
    pub(super) fn reports(&self) -> Vec<Report> {
        let standings = self.snapshot();
        let known = self.known();
        let configured = &self.0.roster.configured;
        let report = |standing: WorkerStanding| {
            let id = &standing.id;
            let configured = configured.iter().find(|one| WorkerId::of(&one.url) == *id);
            let (origin, settings) = match (configured, known.added.get(id)) {
                (Some(settings), _) => (Origin::Configured, Some(settings)),
                (None, Some(settings)) => (Origin::Added, Some(settings)),
                (None, None) if *id == WorkerId::local() => (Origin::Local, None),
                (None, None) => (Origin::Removed, None),
            };
            Report::new(origin, settings, standing)
        };
        standings.into_iter().map(report).collect()
    }

    /// After a change that was made here. It is made, whether or not it can be read again at once; and if not, soon.
    async fn follow_now(&self) {
        let pool = Pool(self.0.clone(), None);
        let follows = async move {
            if let Err(error) = pool.follow().await {
                let error = &error as &dyn Error;
                tracing::warn!(error, "a change of the workers is followed later");
            }
        };
        self.roster().db.then(follows).await;
    }

    /// Does here what was changed in the database since this was called last.
    pub(super) async fn follow(&self) -> Result<(), sqlx::Error> {
        let roster = &self.0.roster;
        let mut followed = self.0.crew.followed.lock().await;
        let version = store::version(&roster.db).await?;
        if *followed == Some(version) {
            return Ok(());
        }
        let added = roster.in_use(store::added(&roster.db).await?);
        self.apply(added, store::drained(&roster.db).await?);
        *followed = Some(version);
        Ok(())
    }

    /// Makes the workers what `added` and `drained` say.
    fn apply(&self, added: BTreeMap<WorkerId, WorkerSettings>, drained: BTreeSet<WorkerId>) {
        let mut known = self.known();
        known.drained = drained;
        let before = std::mem::take(&mut known.added);
        for id in before.keys().filter(|id| !added.contains_key(id)) {
            known.take_out(&mut self.workers(), id);
            tracing::info!(worker = %id, "worker removed");
        }
        for (id, settings) in &added {
            match before.get(id) {
                Some(before) if before == settings => continue,
                Some(_) => tracing::info!(worker = %id, "worker changed"),
                None => tracing::info!(worker = %id, "worker added"),
            }
            self.put_in(&mut known, id, settings);
        }
        known.added = added;
        for worker in self.all() {
            let is_drained = known.drained.contains(&worker.id);
            if worker.is_draining() != is_drained {
                worker.drain(is_drained);
                tracing::info!(worker = %worker.id, is_drained, "worker drained or resumed");
            }
        }
        drop(known);
        // There may be places for those that wait.
        self.hand_out();
    }

    /// Takes a worker in, in the place of one of the same id, and asks it what it serves.
    pub(super) fn enlist(&self, id: &WorkerId, settings: &WorkerSettings) {
        self.put_in(&mut self.known(), id, settings);
    }

    /// Gives a worker nothing new. It is seen until it has finished what it has.
    pub(super) fn dismiss(&self, id: &WorkerId) {
        self.known().take_out(&mut self.workers(), id);
    }

    fn put_in(&self, known: &mut Known, id: &WorkerId, settings: &WorkerSettings) {
        let worker = Arc::new(Worker::new(id.clone(), settings));
        worker.drain(known.drained.contains(id));
        let mut workers = self.workers();
        if let Some(before) = known.take_out(&mut workers, id) {
            worker.learn_from(&before);
        }
        workers.push(worker.clone());
        known.watch(self, worker);
    }

    /// Those that were removed and have something to finish, unless others have come in their place.
    pub(super) fn leaving(&self) -> Vec<Arc<Worker>> {
        let workers = self.all();
        let mut known = self.known();
        known.leaving.retain(|worker| worker.in_flight() > 0);
        let leaving = known.leaving.iter();
        let leaving = leaving.filter(|one| !workers.iter().any(|other| other.id == one.id));
        leaving.cloned().collect()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        let known = &self.0.crew.known;
        known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn workers(&self) -> RwLockWriteGuard<'_, Vec<Arc<Worker>>> {
        let workers = &self.0.workers;
        workers.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Has the worker asked what it serves, until it leaves or the service stops.
    fn watch(&mut self, pool: &Pool, worker: Arc<Worker>) {
        let tasks = &pool.0.tasks;
        let until = tasks.stopping().child_token();
        self.probes.insert(worker.id.clone(), until.clone());
        tasks.spawn(probe::run(pool.clone(), worker, until));
    }

    fn take_out(&mut self, workers: &mut Vec<Arc<Worker>>, id: &WorkerId) -> Option<Arc<Worker>> {
        if let Some(probes) = self.probes.remove(id) {
            probes.cancel();
        }
        let at = workers.iter().position(|worker| worker.id == *id)?;
        let worker = workers.remove(at);
        worker.drain(true);
        self.leaving.retain(|worker| worker.in_flight() > 0);
        self.leaving.push(worker.clone());
        Some(worker)
    }
}

#[cfg(test)]
mod tests;
