//! How the workers stand, for pages and metrics.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Pool;
use super::health::{Cause, State};
use super::worker::{Worker, WorkerId};
use crate::clock::UnixMs;

/// A worker at one moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorkerStanding {
    pub id: WorkerId,
    /// Its address, which holds no secret.
    pub url: String,
    /// Ids of the models that it serves.
    pub models: Vec<String>,
    pub in_flight: usize,
    /// How many wait for one of its models.
    pub waiting: usize,
    /// To its first byte: the middle of the latest answers.
    pub latency: Option<Duration>,
    /// Of what it was asked in the last half minute, how much has failed.
    pub error_rate: f64,
    pub state: WorkerState,
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
    WorkerStanding {
        id: worker.id.clone(),
        url: worker.target.url().to_owned(),
        models: worker.cards().iter().map(|card| card.id.clone()).collect(),
        in_flight: worker.in_flight(),
        waiting: 0,
        latency: worker.median(),
        error_rate: worker.error_rate(now),
        state,
    }
}
