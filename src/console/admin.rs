//! What administrators see and do: the pool.

use std::num::NonZeroU32;
use std::time::Duration;

use app::console::{
    Admin, ConfirmedAdmin, Fleet, ModelQueue, NewWorker, Origin, Problem, Standing, Worker,
    WorkerActs, WorkerAdmin, WorkerState,
};
use async_trait::async_trait;

use super::{Dashboard, internal};
use crate::accounts::Account;
use crate::audit::Action;
use crate::config::{WorkerKey, WorkerSettings};
use crate::pool::{self, Cause, ChangeError, FleetWorker, View};
use crate::sessions::Visitor;

pub(super) struct AdminConsole {
    pub(super) dashboard: Dashboard,
    /// The administrator, and from where.
    pub(super) account: Account,
    pub(super) visitor: Visitor,
}

impl AdminConsole {
    pub(super) fn new(dashboard: Dashboard, account: Account, visitor: Visitor) -> Self {
        AdminConsole {
            dashboard,
            account,
            visitor,
        }
    }
}

impl Admin for AdminConsole {}

impl ConfirmedAdmin for AdminConsole {}

#[async_trait]
impl WorkerAdmin for AdminConsole {
    async fn workers(&self) -> Result<Fleet, Problem> {
        let Dashboard { pool, clock, .. } = &self.dashboard;
        let fleet = pool.fleet().await.map_err(|error| internal(&error))?;
        let queues = pool.queues().into_iter().filter(|queue| queue.waiting > 0);
        Ok(Fleet {
            gateways: fleet.gateways.into_iter().map(|one| one.name).collect(),
            workers: fleet.workers.into_iter().map(shown).collect(),
            queues: queues
                .map(|queue| ModelQueue {
                    model: queue.model,
                    waiting: whole(queue.waiting),
                    estimate_ms: queue.estimate.map(milliseconds),
                })
                .collect(),
            updated_ms: clock.now().0,
        })
    }
}

#[async_trait]
impl WorkerActs for AdminConsole {
    async fn add_worker(&self, new: NewWorker) -> Result<(), Problem> {
        let unreachable_too = new.unreachable_too;
        let settings = settings(new)?;
        if !unreachable_too && let Err(error) = pool::models_at(&settings).await {
            tracing::info!(
                error = &error as &dyn std::error::Error,
                "a worker that was to be added does not answer"
            );
            return Err(Problem::field(
                "url",
                format!(
                    "No worker answers there ({error}). Check the address and the key, or add it even so."
                ),
            ));
        }
        let (url, weight) = (settings.url.to_string(), settings.weight.get());
        let (most, has_key) = (settings.max_in_flight, settings.key.is_some());
        let act = self.dashboard.act();
        let id = act.pool.add(settings).await.map_err(problem)?;
        let event = self
            .event(Action::WorkerAdded)
            .target(id.as_str(), url)
            .told("weight", weight)
            .told("max_in_flight", most.map(|most| whole(most.get())))
            .told("has_key", has_key);
        act.done(event).await
    }

    async fn drain_worker(&self, id: String, draining: bool) -> Result<(), Problem> {
        let act = self.dashboard.act();
        let changed = act.pool.set_draining(&id, draining).await;
        changed.map_err(problem)?;
        let action = match draining {
            true => Action::WorkerDrained,
            false => Action::WorkerResumed,
        };
        act.done(self.event(action).target(&id, &id)).await
    }

    async fn remove_worker(&self, id: String) -> Result<(), Problem> {
        let act = self.dashboard.act();
        act.pool.remove(&id).await.map_err(problem)?;
        let event = self.event(Action::WorkerRemoved).target(&id, &id);
        act.done(event).await
    }
}

fn settings(new: NewWorker) -> Result<WorkerSettings, Problem> {
    let mut settings: WorkerSettings = new.url.trim().parse().map_err(|_| {
        Problem::field(
            "url",
            "Enter an address such as http://10.0.0.5:8000, without a name or password in it; link-local ones are not taken.",
        )
    })?;
    if !new.key.is_empty() {
        let key = WorkerKey::parse(&new.key).ok_or_else(|| {
            Problem::field(
                "key",
                "A key is made of visible ASCII characters, without spaces.",
            )
        })?;
        settings.key = Some(key);
    }
    if !new.weight.trim().is_empty() {
        let weight = new.weight.trim().parse().ok();
        settings.weight = weight
            .filter(|weight: &NonZeroU32| weight.get() <= 1_000)
            .ok_or_else(|| Problem::field("weight", "Enter a whole number from 1 to 1000."))?;
    }
    if !new.max_in_flight.trim().is_empty() {
        let most = new.max_in_flight.trim().parse().map_err(|_| {
            Problem::field(
                "max_in_flight",
                "Enter a whole number, 1 or more, or leave it empty.",
            )
        })?;
        settings.max_in_flight = Some(most);
    }
    Ok(settings)
}

fn problem(error: ChangeError) -> Problem {
    match error {
        ChangeError::Exists => Problem::field("url", "There is a worker at this address already."),
        ChangeError::Unknown => {
            Problem::new("There is no such worker. Reload the page to see those that there are.")
        }
        ChangeError::Configured => Problem::new(
            "This worker stands in the settings. Remove it there and restart the service, or drain it here.",
        ),
        ChangeError::Local => Problem::new(
            "The local worker is there for as long as the settings name no other. It can be drained.",
        ),
        error @ ChangeError::Store(_) => internal(&error),
    }
}

fn shown(worker: FleetWorker) -> Worker {
    Worker {
        id: worker.id.to_string(),
        url: worker.url,
        origin: match worker.origin {
            pool::Origin::Configured => Origin::Configured,
            pool::Origin::Added => Origin::Added,
            pool::Origin::Local => Origin::Local,
            pool::Origin::Removed => Origin::Removed,
        },
        weight: worker.weight.get(),
        max_in_flight: worker.max_in_flight.map(|most| whole(most.get())),
        has_key: worker.has_key,
        is_draining: worker.is_draining,
        standings: worker.views.into_iter().map(standing).collect(),
    }
}

fn standing(View { gateway, standing }: View) -> Standing {
    let counts = standing.counts;
    Standing {
        gateway: gateway.name,
        state: match standing.state {
            pool::WorkerState::Ready => WorkerState::Ready,
            pool::WorkerState::Resting { until } => WorkerState::Resting { until_ms: until.0 },
            pool::WorkerState::Ejected { cause, until } => WorkerState::Ejected {
                cause: match cause {
                    Cause::Unreachable => "unreachable",
                    Cause::Failing => "failing",
                    Cause::Slow => "slow",
                }
                .to_owned(),
                until_ms: until.0,
            },
            pool::WorkerState::HalfOpen => WorkerState::HalfOpen,
            pool::WorkerState::Draining => WorkerState::Draining,
            pool::WorkerState::Unknown => WorkerState::Unknown,
        },
        models: standing.models,
        in_flight: whole(standing.in_flight),
        waiting: whole(standing.waiting),
        first_byte_ms: standing
            .first_byte
            .map(|times| (milliseconds(times.p50), milliseconds(times.p95))),
        answered: counts.answered,
        failed: counts.unreachable + counts.failed + counts.timed_out,
        ejections: counts.ejections,
        reported: standing.reported.map(|load| (load.running, load.waiting)),
        last_error: standing.last_error.map(|error| (error.what, error.at.0)),
        error_rate: standing.error_rate,
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn whole(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
