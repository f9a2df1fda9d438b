//! How the service stands when somebody asks: workers, queues, ledger, database, process.

use std::collections::BTreeMap;
use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use super::process;
use super::sheet::{Sheet, alone};
use super::workers;
use crate::clock::UnixMs;
use crate::db::Db;
use crate::pool::{Pool, WorkerStanding, WorkerState};
use crate::usage::Usage;

pub(in crate::server) struct Standing {
    pub(in crate::server) pool: Pool,
    pub(in crate::server) usage: Usage,
    pub(in crate::server) db: Db,
    pub(in crate::server) started: UnixMs,
}

impl Collector for Standing {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut sheet = Sheet(encoder);
        let workers = self.pool.snapshot();
        workers::write(&mut sheet, &workers)?;
        self.by_model(&mut sheet, &workers)?;
        self.ledger(&mut sheet)?;
        self.database(&mut sheet)?;
        let version = env!("CARGO_PKG_VERSION").to_owned();
        sheet.gauge(
            "build_info",
            "Always 1; its label says which version this is.",
            [(vec![("version", version)], 1.0)],
        )?;
        process::write(&mut sheet, self.started)
    }
}

impl fmt::Debug for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Standing").finish_non_exhaustive()
    }
}

impl Standing {
    fn by_model(&self, sheet: &mut Sheet<'_>, workers: &[WorkerStanding]) -> fmt::Result {
        let of_model = |(model, count): (String, usize)| (vec![("model", model)], count as f64);
        let queues = self.pool.queues();
        let lengths = queues
            .iter()
            .map(|queue| (queue.model.clone(), queue.waiting));
        sheet.gauge(
            "queue_length",
            "Requests that wait for a place on a worker of their model.",
            lengths.map(of_model),
        )?;
        let estimates = queues.iter().filter_map(|queue| {
            let estimate = queue.estimate?.as_secs_f64();
            Some((vec![("model", queue.model.clone())], estimate))
        });
        sheet.gauge(
            "queue_estimate_seconds",
            "How long it takes until all that wait have a place, as far as can be told.",
            estimates,
        )?;
        let retries = self.pool.retries();
        let retries = [("taken", retries.taken), ("refused", retries.refused)];
        sheet.counter(
            "pool_retries",
            "Requests whose worker had failed them: given to another, or refused so as not to burden a failing fleet.",
            retries.map(|(what, count)| (vec![("outcome", what.to_owned())], count as f64)),
        )?;
        let mut ready = BTreeMap::new();
        for worker in workers {
            for model in &worker.models {
                *ready.entry(model.clone()).or_insert(0) +=
                    usize::from(worker.state == WorkerState::Ready);
            }
        }
        sheet.gauge(
            "model_ready_workers",
            "Workers that serve the model and are ready.",
            ready.into_iter().map(of_model),
        )
    }

    fn ledger(&self, sheet: &mut Sheet<'_>) -> fmt::Result {
        match self.usage.backlog() {
            Ok(backlog) => {
                sheet.gauge(
                    "ledger_backlog_bytes",
                    "Of the journal, what is not in the database yet.",
                    alone(backlog.bytes as f64),
                )?;
                sheet.gauge(
                    "ledger_backlog_age_seconds",
                    "How long the oldest part of that has waited.",
                    alone(backlog.age.as_secs_f64()),
                )?;
            }
            Err(error) => {
                tracing::warn!(%error, "the journal could not be looked at for the metrics")
            }
        }
        let written = self.usage.written();
        sheet.counter(
            "ledger_rows",
            "Rows written to the database.",
            alone(written.rows as f64),
        )?;
        let failures = [
            ("journal", written.failed_writes),
            ("database", written.failed_moves),
        ];
        let failures = failures.map(|(to, count)| (vec![("to", to.to_owned())], count as f64));
        sheet.counter(
            "ledger_failures",
            "Writes to the journal, or moves from it to the database, that have failed.",
            failures,
        )
    }

    fn database(&self, sheet: &mut Sheet<'_>) -> fmt::Result {
        let (open, idle) = (self.db.pool().size() as usize, self.db.pool().num_idle());
        let states = [("idle", idle), ("in_use", open.saturating_sub(idle))];
        let states = states.map(|(state, count)| (vec![("state", state.to_owned())], count as f64));
        sheet.gauge(
            "database_connections",
            "Connections to the database.",
            states,
        )?;
        let most = self.db.pool().options().get_max_connections();
        sheet.gauge(
            "database_connections_max",
            "Connections to the database that may be open.",
            alone(most.into()),
        )
    }
}
