//! The workers, those of the settings and those that were added: each is asked what it serves, and the catalog is held
//! against that.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use wire::Model;

use super::Finding;
use crate::clock::Clock;
use crate::config::{Config, ModelSettings, WorkerSettings};
use crate::db::Db;
use crate::pool::{self, Roster, SendError, StoreError};
use crate::print::sentence;

const NAME: &str = "worker";
const CATALOG: &str = "catalog";

/// Those that were added in the database, beside the configured ones.
pub(super) async fn added(
    configured: &[WorkerSettings],
    db: &Db,
) -> Result<Vec<WorkerSettings>, StoreError> {
    let roster = Roster::new(configured, db.clone(), Clock::system());
    roster.added().await
}

pub(super) async fn workers(
    config: &Config,
    added: Result<Vec<WorkerSettings>, StoreError>,
) -> Vec<Finding> {
    let mut findings = vec![];
    let mut served = BTreeSet::new();
    if config.workers.is_empty() {
        findings.push(Finding::ok(
            NAME,
            "none is configured: `assisters serve` starts one of its own on this machine",
        ));
        let own = engine::installed(&config.models_dir);
        served.extend(own.into_iter().map(str::to_owned));
    }
    let added = added.unwrap_or_else(|error| {
        let advice = "see what the database says of its table workers";
        findings.push(Finding::failed(NAME, sentence(&error), advice));
        vec![]
    });
    // All at once: one that is silent holds up nobody else.
    let configured = config.workers.iter().map(|worker| (worker, false));
    let all = configured.chain(added.iter().map(|worker| (worker, true)));
    let ask = async |(worker, was_added)| (worker, was_added, pool::models_at(worker).await);
    for (worker, was_added, said) in join_all(all.map(ask)).await {
        findings.push(finding(worker, was_added, &said));
        served.extend(said.into_iter().flatten().map(|model| model.id));
    }
    findings.extend(catalog(
        &config.models,
        &served.iter().map(String::as_str).collect(),
    ));
    findings
}

fn finding(
    worker: &WorkerSettings,
    was_added: bool,
    said: &Result<Vec<Model>, SendError>,
) -> Finding {
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
            match was_added {
                true => format!("start it, or `assisters admin workers remove {shown}`"),
                false => "start it, or correct its address or key in the settings".to_owned(),
            },
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
