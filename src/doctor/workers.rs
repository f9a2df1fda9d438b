//! The workers: each is asked what it serves.

use futures_util::future::join_all;
use url::Url;

use super::Finding;
use crate::pool;
use crate::print::sentence;

const NAME: &str = "worker";

pub(super) async fn workers(bases: &[Url]) -> Vec<Finding> {
    if bases.is_empty() {
        return vec![Finding::ok(
            NAME,
            "none is configured: `assisters serve` starts one of its own on this machine",
        )];
    }
    // All at once: one that is silent holds up nobody else.
    join_all(bases.iter().map(worker)).await
}

async fn worker(base: &Url) -> Finding {
    let shown = base.as_str().trim_end_matches('/');
    match pool::models_at(base).await {
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
            "start it, or correct ASSISTERS_WORKERS",
        ),
    }
}
