//! How the workers stand, for pages and metrics.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Pool;
use super::health::{Cause, State};
use super::record::{Counts, FirstByte, LastError};
use super::reported::Reported;
use super::retries::RetryCounts;
use super::worker::Worker;
use super::worker_id::WorkerId;
use crate::clock::UnixMs;

/// A worker at one moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorkerStanding {
    pub id: WorkerId,
    /// Its address, which holds no secret.
    pub url: String,
    /// Ids of the models that it serves.
    pub models: Vec<String>,
    /// Its share of the requests, against the others'.
    #[serde(default)]
    pub weight: u32,
    /// The most requests that it is given at once; `None` where that is not bounded.
    pub max_in_flight: Option<usize>,
    pub in_flight: usize,
    /// How many wait for one of its models.
    pub waiting: usize,
    /// To its first byte: the middle of the latest answers.
    pub latency: Option<Duration>,
    pub first_byte: Option<FirstByte>,
    /// Since the service started.
    #[serde(default)]
    pub counts: Counts,
    /// Of what it was asked in the last half minute, how much has failed.
    pub error_rate: f64,
    /// Its load by its own word, if it has said so of late.
    pub reported: Option<Reported>,
    pub last_error: Option<LastError>,
    /// When it first said what it serves.
    pub known_since: Option<UnixMs>,
    /// When it was asked last.
    pub last_probe: Option<UnixMs>,
    pub state: WorkerState,
}

/// Those that wait for a place on a worker that serves one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueStanding {
    pub model: String,
    pub waiting: usize,
    /// How long it takes until all of them have a place, as far as can be told.
    pub estimate: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerState {
    Ready,
    /// By its own word.
    Resting {
        until: UnixMs,
    },
    Ejected {
        cause: Cause,
        until: UnixMs,
    },
    /// Was ejected; one request at a time tries it.
    HalfOpen,
    Draining,
    /// Has never said what it serves.
    Unknown,
}

impl Pool {
    /// How each worker stands, those among them that were removed and have something to finish.
    pub fn snapshot(&self) -> Vec<WorkerStanding> {
        let now = self.0.clock.now();
        let waiting = self.waiting();
        let workers = [self.all(), self.leaving()].concat();
        let stand = |worker: &Arc<Worker>| WorkerStanding {
            waiting: waiting
                .iter()
                .filter(|(model, _)| worker.serves(model))
                .map(|(_, count)| count)
                .sum(),
            ..standing(worker, now)
        };
        workers.iter().map(stand).collect()
    }

    /// How long the queues are, of each model that was ever asked for.
    pub fn queues(&self) -> Vec<QueueStanding> {
        let all = self.waiting().into_iter();
        all.map(|(model, waiting)| QueueStanding {
            estimate: self.until_served(&model, waiting),
            waiting,
            model: model.to_string(),
        })
        .collect()
    }

    /// What became, since the start, of requests whose worker had failed them.
    pub fn retries(&self) -> RetryCounts {
        self.0.retries.counts()
    }
}

fn standing(worker: &Worker, now: UnixMs) -> WorkerStanding {
    let state = match worker.state() {
        _ if worker.is_draining() => WorkerState::Draining,
        State::Ejected { cause, until, .. } if now < until => WorkerState::Ejected { cause, until },
        State::Ejected { .. } => WorkerState::HalfOpen,
        State::Resting { until } if now < until => WorkerState::Resting { until },
        _ if !worker.is_known() => WorkerState::Unknown,
        State::Well | State::Resting { .. } => WorkerState::Ready,
    };
    let books = worker.books(now);
    let (counts, last_error) = books.record;
    WorkerStanding {
        id: worker.id.clone(),
        url: worker.target.url().to_owned(),
        models: worker.cards().iter().map(|card| card.id.clone()).collect(),
        weight: worker.weight,
        max_in_flight: worker.max_in_flight.map(NonZeroUsize::get),
        in_flight: worker.in_flight(),
        waiting: 0,
        latency: worker.median(),
        first_byte: FirstByte::of(books.first_bytes),
        counts,
        error_rate: worker.error_rate(now),
        reported: books.reported,
        last_error,
        known_since: books.known_since,
        last_probe: books.probed,
        state,
    }
}
