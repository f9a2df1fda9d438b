//! The workers: each is asked what it serves.

use futures_util::future::join_all;

use super::Finding;
use crate::config::WorkerSettings;
use crate::pool;
use crate::print::sentence;

const NAME: &str = "worker";

pub(super) async fn workers(configured: &[WorkerSettings]) -> Vec<Finding> {
    if configured.is_empty() {
        return vec![Finding::ok(
            NAME,
            "none is configured: `assisters serve` starts one of its own on this machine",
        )];
    }
    // All at once: one that is silent holds up nobody else.
    join_all(configured.iter().map(finding)).await
}

async fn finding(worker: &WorkerSettings) -> Finding {
    let shown = worker.url.as_str().trim_end_matches('/');
    match pool::models_at(worker).await {
        Ok(models) if models.is_empty() => Finding::warning(
            NAME,
            format!("{shown} answers, and serves no model"),
            "load a model there",
        ),
        Ok(models) => {
            let ids: Vec<_> = models.into_iter().map(|model| model.id).collect();
            Finding::ok(NAME, format!("{shown} serves {}", ids.join(", ")))
        }
        Err(error) => Finding::failed(
            NAME,
            format!("{shown}: {}", sentence(&error)),
            "start it, or correct its address or key in the settings",
        ),
    }
}
