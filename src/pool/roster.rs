//! Which workers there are, in the database that all gateways share: those of the settings, those that were added since,
//! which of them are drained, and how each gateway sees them. A shell, which has no pool, works on this alone.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use super::fleet::{Fleet, Gateway, Origin, Report};
use super::store::{self, Added, GatewayRow};
use super::worker_id::WorkerId;
use crate::clock::{Clock, UnixMs};
use crate::config::{WorkerKey, WorkerSettings};
use crate::db::{Db, violates_unique};

/// A gateway that has said nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(60);

/// The workers as the database has them; cheap to clone.
#[derive(Clone, Debug)]
pub struct Roster {
    pub(super) db: Db,
    pub(super) clock: Clock,
    /// Those of the settings, which win over added ones at the same address.
    pub(super) configured: Vec<WorkerSettings>,
}

/// What is to be different of a worker; what is `None` stays.
#[derive(Clone, Default)]
pub struct Change {
    pub weight: Option<NonZeroU32>,
    /// `Some(None)` bounds it no more.
    pub max_in_flight: Option<Option<NonZeroUsize>>,
    /// `Some(None)` sends it none.
    pub key: Option<Option<WorkerKey>>,
}

/// Why the workers are as they were.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    #[error("there is a worker at this address already")]
    Exists,
    #[error("there is no such worker")]
    Unknown,
    #[error("the worker stands in the settings")]
    Configured,
    #[error("the local worker is there for as long as the settings name none")]
    Local,
    #[error("the workers could not be read or written")]
    Store(#[from] sqlx::Error),
}

#[derive(Debug, thiserror::Error)]
#[error("the workers could not be read")]
pub struct StoreError(#[from] sqlx::Error);

impl From<StoreError> for ChangeError {
    fn from(StoreError(error): StoreError) -> Self {
        ChangeError::Store(error)
    }
}

impl Roster {
    pub fn new(configured: &[WorkerSettings], db: Db, clock: Clock) -> Self {
        Roster {
            db,
            clock,
            configured: configured.to_vec(),
        }
    }

    /// The same, as a part of an act.
    pub fn within(&self, act: &Db) -> Self {
        Roster {
            db: act.clone(),
            ..self.clone()
        }
    }

    /// Adds a worker for all gateways, and gives its id.
    pub async fn add(&self, settings: WorkerSettings) -> Result<WorkerId, ChangeError> {
        let settings = settings.bare();
        let id = WorkerId::of(&settings.url);
        let is_reported = async |id| Ok::<_, sqlx::Error>(self.reported().await?.get(id).copied());
        if self.is_configured(&id) || is_reported(&id).await? == Some(Origin::Configured) {
            return Err(ChangeError::Exists);
        }
        let worker = Added {
            id: id.clone(),
            settings,
            created: self.clock.now(),
        };
        match store::insert(&self.db, &worker).await {
            Ok(()) => Ok(id),
            Err(error) if violates_unique(&error, "workers", "id") => Err(ChangeError::Exists),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a worker that was added. One at whose address another stands in the settings is refused, and so no longer
    /// comes back when that one is taken out there.
    pub async fn remove(&self, id: &str) -> Result<(), ChangeError> {
        let id = WorkerId::named(id).bare();
        let was_added = store::delete(&self.db, &id).await?;
        if self.is_configured(&id) {
            return Err(ChangeError::Configured);
        }
        match was_added {
            true => Ok(()),
            false => Err(self.not_added(&id).await?),
        }
    }

    /// Has a worker finish what it has and gives it nothing new, or no longer so, whatever its origin.
    pub async fn set_draining(&self, id: &str, is_draining: bool) -> Result<(), ChangeError> {
        let fleet = self.fleet().await?;
        self.set_draining_in(&fleet, id, is_draining).await
    }

    pub(super) async fn set_draining_in(
        &self,
        fleet: &Fleet,
        id: &str,
        is_draining: bool,
    ) -> Result<(), ChangeError> {
        let id = WorkerId::named(id);
        let known = || {
            fleet
                .workers
                .iter()
                .filter(|one| one.origin != Origin::Removed)
        };
        let named = |id: &WorkerId| known().find(|worker| worker.id == *id);
        let worker = named(&id).or_else(|| named(&id.bare()));
        match (worker, is_draining) {
            (Some(worker), true) => store::drain(&self.db, &worker.id, self.clock.now()).await?,
            (Some(worker), false) => _ = store::resume(&self.db, &worker.id).await?,
            // One of the settings, or a local one, that nobody tells of while no gateway runs.
            (None, false) if store::resume(&self.db, &id).await? => {}
            (None, _) => return Err(ChangeError::Unknown),
        }
        Ok(())
    }

    /// Changes what is said of a worker that was added.
    pub async fn change(&self, id: &str, change: Change) -> Result<(), ChangeError> {
        let id = WorkerId::named(id).bare();
        if self.is_configured(&id) {
            return Err(ChangeError::Configured);
        }
        match store::update(&self.db, &id, &change).await? {
            true => Ok(()),
            false => Err(self.not_added(&id).await?),
        }
    }

    /// Every worker, as the database and the settings tell.
    pub async fn fleet(&self) -> Result<Fleet, StoreError> {
        self.fleet_with(None).await
    }

    /// With what a gateway says of its workers now, instead of what it has last written.
    pub(super) async fn fleet_with(
        &self,
        own: Option<(Gateway, Vec<Report>)>,
    ) -> Result<Fleet, StoreError> {
        let added = store::added(&self.db).await?;
        let drained = store::drained(&self.db).await?;
        let mut reports = self.reports().await?;
        if let Some(own) = own {
            reports.retain(|(gateway, _)| gateway.id != own.0.id);
            reports.push(own);
            reports.sort_by(|(one, _), (other, _)| {
                (&one.name, &one.id).cmp(&(&other.name, &other.id))
            });
        }
        let configured = self.configured.iter();
        let configured = configured.map(|settings| (WorkerId::of(&settings.url), settings.clone()));
        let fleet = Fleet::of(configured.collect(), self.in_use(added), &drained, reports);
        Ok(fleet)
    }

    /// The added workers that are in use, which those are not at whose address another stands in the settings.
    pub async fn added(&self) -> Result<Vec<WorkerSettings>, StoreError> {
        let added = self.in_use(store::added(&self.db).await?);
        Ok(added.into_values().collect())
    }

    pub(super) fn in_use(&self, added: Vec<Added>) -> BTreeMap<WorkerId, WorkerSettings> {
        let added = added.into_iter().filter(|one| !self.is_configured(&one.id));
        added.map(|one| (one.id, one.settings)).collect()
    }

    /// Who was not seen since then is gone.
    pub(super) fn silent_since(&self) -> UnixMs {
        let silence = i64::try_from(SILENCE.as_millis()).unwrap_or(i64::MAX);
        UnixMs(self.clock.now().0.saturating_sub(silence))
    }

    fn is_configured(&self, id: &WorkerId) -> bool {
        let mut configured = self.configured.iter();
        configured.any(|one| WorkerId::of(&one.url) == *id || WorkerId::of(&one.bare().url) == *id)
    }

    /// Why there is nothing to be changed of a worker.
    async fn not_added(&self, id: &WorkerId) -> Result<ChangeError, sqlx::Error> {
        Ok(match self.reported().await?.get(id) {
            Some(Origin::Configured) => ChangeError::Configured,
            Some(Origin::Local) => ChangeError::Local,
            Some(Origin::Added | Origin::Removed) | None => ChangeError::Unknown,
        })
    }

    /// What the gateways say of where their workers come from.
    async fn reported(&self) -> Result<BTreeMap<WorkerId, Origin>, sqlx::Error> {
        let mut origins = BTreeMap::new();
        for report in self.reports().await?.into_iter().flat_map(|(_, all)| all) {
            let origin = origins.entry(report.standing.id).or_insert(report.origin);
            *origin = report.origin.min(*origin);
        }
        Ok(origins)
    }

    /// What each gateway says that runs.
    async fn reports(&self) -> Result<Vec<(Gateway, Vec<Report>)>, sqlx::Error> {
        let rows = store::gateways(&self.db, self.silent_since()).await?;
        let said = |row: GatewayRow| {
            let GatewayRow {
                id,
                name,
                seen,
                workers,
            } = row;
            // One of another version may say what this one cannot read: then it runs, and no more is known of it.
            let workers = serde_json::from_str(&workers).unwrap_or_default();
            (Gateway { id, name, seen }, workers)
        };
        Ok(rows.into_iter().map(said).collect())
    }
}

#[cfg(test)]
mod tests;
