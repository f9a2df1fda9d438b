//! Asks a worker, again and again, what it serves: how models are discovered, and how an ill worker is seen to be well.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::health::Outcome;
use super::worker::Worker;
use super::{Pool, SendError};

pub(super) const PERIOD: Duration = Duration::from_secs(2);

/// Probes `worker` until the service stops.
pub(super) async fn run(pool: Pool, worker: Arc<Worker>, stopping: CancellationToken) {
    let mut was_well = None;
    loop {
        let Some(is_well) = stopping
            .run_until_cancelled(probe(&pool, &worker, was_well))
            .await
        else {
            return;
        };
        was_well = Some(is_well);
        if stopping.run_until_cancelled(sleep(PERIOD)).await.is_none() {
            return;
        }
    }
}

/// Asks once, and logs only what has changed since.
async fn probe(pool: &Pool, worker: &Arc<Worker>, was_well: Option<bool>) -> bool {
    match pool.0.upstream.models(&worker.target).await {
        Ok(list) => {
            if was_well != Some(true) {
                let models: Vec<_> = list.data.iter().map(|model| model.id.as_str()).collect();
                tracing::info!(worker = %worker.id, ?models, "worker is well");
            }
            worker.learn(pool.0.catalog.served(list.data));
            pool.probed(worker, Outcome::Good);
            true
        }
        Err(error) => {
            if was_well != Some(false) {
                tracing::warn!(worker = %worker.id, error = &error as &dyn std::error::Error, "worker cannot be used");
            }
            let outcome = match error {
                SendError::Connection(_) => Outcome::Unreachable,
                _ => Outcome::Failed,
            };
            pool.probed(worker, outcome);
            false
        }
    }
}
