//! Tells in the database how the workers stand here, for those who have no pool: shells, and other gateways' pages.

use std::error::Error;
use std::mem::{Discriminant, discriminant};
use std::time::Duration;

use tokio::time::{Instant, interval};

use super::Pool;
use super::fleet::Report;
use super::health::Cause;
use super::standing::WorkerState;
use super::store::{self, GatewayRow};
use super::worker_id::WorkerId;

/// Between two looks at what others have changed, and at what there is to be told.
const PERIOD: Duration = Duration::from_secs(2);
/// What was not told anew for so long is told again.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// What was told last.
#[derive(Default)]
struct Told {
    gist: Option<Vec<Gist>>,
    at: Option<Instant>,
}

/// What is worth telling at once. When an ejection ends is not: each probe puts it off.
#[derive(PartialEq)]
struct Gist {
    id: WorkerId,
    models: Vec<String>,
    state: Discriminant<WorkerState>,
    cause: Option<Cause>,
    in_flight: usize,
    waiting: usize,
    latency: Option<Duration>,
    error_rate: f64,
}

impl Gist {
    fn of(report: &Report) -> Self {
        let standing = &report.standing;
        Gist {
            id: standing.id.clone(),
            models: standing.models.clone(),
            state: discriminant(&standing.state),
            cause: match standing.state {
                WorkerState::Ejected { cause, .. } => Some(cause),
                _ => None,
            },
            in_flight: standing.in_flight,
            waiting: standing.waiting,
            latency: standing.latency,
            error_rate: standing.error_rate,
        }
    }
}

/// Follows the changes that others make, and tells how the workers stand, until the service stops.
pub(super) async fn run(pool: Pool) {
    let stopping = pool.0.tasks.stopping().clone();
    let mut ticks = interval(PERIOD);
    let (mut told, mut is_well) = (Told::default(), true);
    while stopping.run_until_cancelled(ticks.tick()).await.is_some() {
        let done = async {
            pool.follow().await?;
            pool.tell(&mut told).await
        };
        match done.await {
            Ok(()) => is_well = true,
            // The workers stay as they are, and so does what was told of them.
            Err(error) if is_well => {
                is_well = false;
                tracing::warn!(
                    error = &error as &dyn Error,
                    "changes of the workers cannot be followed, nor told"
                );
            }
            Err(_) => {}
        }
    }
    if let Some(gateway) = pool.gateway()
        && let Err(error) = store::leave(&pool.0.roster.db, &gateway.id).await
    {
        tracing::warn!(
            error = &error as &dyn Error,
            "this gateway counts as running for a minute more"
        );
    }
}

impl Pool {
    async fn tell(&self, told: &mut Told) -> Result<(), sqlx::Error> {
        let reports = self.reports();
        let gist = reports.iter().map(Gist::of).collect();
        let is_old = told.at.is_none_or(|at| at.elapsed() >= HEARTBEAT);
        let (Some(gateway), true) = (self.gateway(), is_old || told.gist.as_ref() != Some(&gist))
        else {
            return Ok(());
        };
        let db = &self.0.roster.db;
        if is_old {
            store::sweep(db, self.0.roster.silent_since()).await?;
        }
        let row = GatewayRow {
            id: gateway.id,
            name: gateway.name,
            seen: gateway.seen,
            workers: serde_json::to_string(&reports)
                .map_err(|error| sqlx::Error::Encode(error.into()))?,
        };
        store::report(db, &row).await?;
        (told.gist, told.at) = (Some(gist), Some(Instant::now()));
        Ok(())
    }
}
