//! Asks a worker, again and again, what it serves: how models are discovered, and how an ill worker is seen to be well. One
//! that is there is asked, too, how busy it is.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::health::Outcome;
use super::record::{Fault, ModelsFault};
use super::reported::Reported;
use super::worker::Worker;
use super::{Pool, SendError};

pub(super) const PERIOD: Duration = Duration::from_secs(2);
/// What was reported in so many periods may still be so.
pub(super) const FRESH: Duration = PERIOD.saturating_mul(3);
/// A worker that reports nothing is asked again in so many periods: it may have been started anew, as something else.
const RARELY: u32 = 150;

/// Probes `worker` until the service stops.
pub(super) async fn run(pool: Pool, worker: Arc<Worker>, stopping: CancellationToken) {
    let mut was_well = None;
    // How many probes come before it is asked again how busy it is.
    let mut pause = 0;
    let probes = async {
        loop {
            let is_well = probe(&pool, &worker, was_well).await;
            was_well = Some(is_well);
            if is_well && pause == 0 {
                pause = report(&pool, &worker).await;
            }
            pause = pause.saturating_sub(1);
            sleep(PERIOD).await;
        }
    };
    let _: Option<()> = stopping.run_until_cancelled(probes).await;
}

/// Asks once, and logs only what has changed since.
async fn probe(pool: &Pool, worker: &Arc<Worker>, was_well: Option<bool>) -> bool {
    let models = pool.0.upstream.models(&worker.target).await;
    let now = pool.0.clock.now();
    worker.probed_at(now);
    match models {
        Ok(list) => {
            if was_well != Some(true) {
                let models: Vec<_> = list.data.iter().map(|model| model.id.as_str()).collect();
                tracing::info!(worker = %worker.id, ?models, "worker is well");
            }
            worker.learn(pool.0.catalog.served(list.data), now);
            pool.probed(worker, Outcome::Good);
            true
        }
        Err(error) => {
            if was_well != Some(false) {
                tracing::warn!(worker = %worker.id, error = &error as &dyn std::error::Error, "worker cannot be used");
            }
            let (outcome, fault) = match error {
                SendError::Connection(_) => (Outcome::Unreachable, Fault::Unreachable),
                SendError::Timeout | SendError::Silent => {
                    (Outcome::TimedOut, Fault::Models(ModelsFault::TimedOut))
                }
                SendError::Status(status) => {
                    (Outcome::Failed, Fault::Models(ModelsFault::Status(status)))
                }
                SendError::Address(_) | SendError::Answer(_) => {
                    (Outcome::Failed, Fault::Models(ModelsFault::NotUnderstood))
                }
            };
            worker.note(fault, now);
            pool.probed(worker, outcome);
            false
        }
    }
}

/// Asks how busy it is; that it does not say is no illness. Gives in how many probes to ask again.
async fn report(pool: &Pool, worker: &Worker) -> u32 {
    let exported = pool.0.upstream.metrics(&worker.target).await;
    let reported = match &exported {
        Ok(text) => Reported::read(&String::from_utf8_lossy(text)),
        Err(_) => None,
    };
    match reported {
        Some(reported) => {
            worker.reports(reported, pool.0.clock.now());
            1
        }
        // It did so before, or is too busy to.
        None if worker.has_reported() => 1,
        None => RARELY,
    }
}
