//! The workers: each is asked what it serves, and the catalog is held against that.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use wire::Model;

use super::Finding;
use crate::config::{Config, ModelSettings, WorkerSettings};
use crate::pool::{self, SendError};
use crate::print::sentence;

const NAME: &str = "worker";
const CATALOG: &str = "catalog";

pub(super) async fn workers(config: &Config) -> Vec<Finding> {
    if config.workers.is_empty() {
        let own = engine::installed(&config.models_dir).into_iter();
        let mut findings = vec![Finding::ok(
            NAME,
            "none is configured: `assisters serve` starts one of its own on this machine",
        )];
        findings.extend(catalog(&config.models, &own.collect()));
        return findings;
    }
    // All at once: one that is silent holds up nobody else.
    let ask = async |worker| (worker, pool::models_at(worker).await);
    let asked = join_all(config.workers.iter().map(ask)).await;
    let findings = asked.iter().map(|(worker, said)| finding(worker, said));
    let mut findings: Vec<_> = findings.collect();
    let served = asked.iter().filter_map(|(_, said)| said.as_ref().ok());
    let served = served.flatten().map(|model| model.id.as_str());
    findings.extend(catalog(&config.models, &served.collect()));
    findings
}

fn finding(worker: &WorkerSettings, said: &Result<Vec<Model>, SendError>) -> Finding {
    let shown = worker.url.as_str().trim_end_matches('/');
    match said {
        Ok(models) if models.is_empty() => Finding::warning(
            NAME,
            format!("{shown} answers, and serves no model"),
            "load a model there",
        ),
        Ok(models) => {
            let ids: Vec<_> = models.iter().map(|model| model.id.as_str()).collect();
            Finding::ok(NAME, format!("{shown} serves {}", ids.join(", ")))
        }
        Err(error) => Finding::failed(
            NAME,
            format!("{shown}: {}", sentence(error)),
            "start it, or correct its address or key in the settings",
        ),
    }
}

/// What the catalog has and no worker serves, and the other way round.
fn catalog(entries: &[ModelSettings], served: &BTreeSet<&str>) -> Vec<Finding> {
    if entries.is_empty() {
        return vec![];
    }
    let unserved = entries
        .iter()
        .filter(|entry| !entry.names().any(|name| served.contains(name)));
    let mut findings: Vec<_> = unserved
        .map(|entry| {
            let names: Vec<_> = entry.names().collect();
            Finding::warning(
                CATALOG,
                format!("no worker that answers serves {}", names.join(" or ")),
                "start one that does, add what it is called there to the aliases, or remove this [[model]]",
            )
        })
        .collect();
    if findings.is_empty() {
        findings.push(Finding::ok(CATALOG, "every [[model]] is served"));
    }
    let known: BTreeSet<_> = entries.iter().flat_map(ModelSettings::names).collect();
    let others: Vec<_> = served.difference(&known).copied().collect();
    if !others.is_empty() {
        let seen = format!(
            "no [[model]] speaks of {}: there the workers have the word",
            others.join(", ")
        );
        findings.push(Finding::ok(CATALOG, seen));
    }
    findings
}
