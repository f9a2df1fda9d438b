//! All workers of all gateways, put together of what is configured, what was added, and what each gateway says.

use std::collections::{BTreeMap, BTreeSet};
use std::num::{NonZeroU32, NonZeroUsize};

use serde::{Deserialize, Serialize};

use super::standing::WorkerStanding;
use super::worker_id::WorkerId;
use crate::clock::UnixMs;
use crate::config::WorkerSettings;

/// Where a worker comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// From the settings.
    Configured,
    /// It was added while the service ran.
    Added,
    /// The gateway started it, since its settings name none.
    Local,
    /// It was removed, and finishes what it has.
    Removed,
}

/// All workers, and the gateways that give them work.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// Those that run, by name.
    pub gateways: Vec<Gateway>,
    /// By origin, then by id.
    pub workers: Vec<FleetWorker>,
}

/// A service that runs on the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    pub id: String,
    /// Its machine, and the port that it listens on.
    pub name: String,
    /// When it has last said how its workers stand.
    pub seen: UnixMs,
}

#[derive(Clone, Debug)]
pub struct FleetWorker {
    pub id: WorkerId,
    /// Its address, which holds no secret.
    pub url: String,
    pub origin: Origin,
    pub weight: NonZeroU32,
    pub max_in_flight: Option<NonZeroUsize>,
    /// Whether it is sent a key of its own.
    pub has_key: bool,
    /// Whether it is to get nothing new; gateways follow within seconds.
    pub is_draining: bool,
    /// As each gateway sees it that has it; none where no gateway runs, or none has noticed it yet.
    pub views: Vec<View>,
}

/// How a gateway sees a worker.
#[derive(Clone, Debug)]
pub struct View {
    pub gateway: Gateway,
    pub standing: WorkerStanding,
}

/// What a gateway says of a worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) origin: Origin,
    pub(super) weight: NonZeroU32,
    pub(super) max_in_flight: Option<NonZeroUsize>,
    pub(super) has_key: bool,
    pub(super) standing: WorkerStanding,
}

impl Fleet {
    pub(super) fn of(
        configured: BTreeMap<WorkerId, WorkerSettings>,
        added: BTreeMap<WorkerId, WorkerSettings>,
        drained: &BTreeSet<WorkerId>,
        reports: Vec<(Gateway, Vec<Report>)>,
    ) -> Self {
        let mut workers = BTreeMap::new();
        for (origin, all) in [(Origin::Configured, configured), (Origin::Added, added)] {
            for (id, settings) in all {
                let worker = FleetWorker::new(id.clone(), &settings, origin);
                workers.insert(id, worker);
            }
        }
        for (gateway, reports) in &reports {
            for report in reports {
                let id = report.standing.id.clone();
                let worker = workers.entry(id).or_insert_with(|| report.worker());
                worker.origin = worker.origin.min(report.origin_now());
                worker.views.push(View {
                    gateway: gateway.clone(),
                    standing: report.standing.clone(),
                });
            }
        }
        let mut workers: Vec<_> = workers.into_values().collect();
        for worker in &mut workers {
            worker.is_draining = drained.contains(&worker.id);
        }
        workers.sort_by(|one, other| (one.origin, &one.id).cmp(&(other.origin, &other.id)));
        let gateways = reports.into_iter().map(|(gateway, _)| gateway).collect();
        Fleet { gateways, workers }
    }
}

impl FleetWorker {
    fn new(id: WorkerId, settings: &WorkerSettings, origin: Origin) -> Self {
        FleetWorker {
            id,
            url: settings.url.as_str().to_owned(),
            origin,
            weight: settings.weight,
            max_in_flight: settings.max_in_flight,
            has_key: settings.key.is_some(),
            is_draining: false,
            views: vec![],
        }
    }
}

impl Report {
    /// Where there are no settings, nothing was set.
    pub(super) fn new(
        origin: Origin,
        settings: Option<&WorkerSettings>,
        standing: WorkerStanding,
    ) -> Self {
        Report {
            origin,
            weight: settings.map_or(NonZeroU32::MIN, |settings| settings.weight),
            max_in_flight: settings.and_then(|settings| settings.max_in_flight),
            has_key: settings.is_some_and(|settings| settings.key.is_some()),
            standing,
        }
    }

    /// A worker that no more is known of than this.
    fn worker(&self) -> FleetWorker {
        FleetWorker {
            id: self.standing.id.clone(),
            url: self.standing.url.clone(),
            origin: self.origin_now(),
            weight: self.weight,
            max_in_flight: self.max_in_flight,
            has_key: self.has_key,
            is_draining: false,
            views: vec![],
        }
    }

    /// Where the worker comes from, if it is not among those that were added.
    fn origin_now(&self) -> Origin {
        match self.origin {
            Origin::Added => Origin::Removed,
            origin => origin,
        }
    }
}
