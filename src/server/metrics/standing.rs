//! How the service stands when somebody asks: workers, queues, ledger, database, process.

use std::collections::BTreeMap;
use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use super::process;
use super::sheet::{Sheet, alone};
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
        by_worker(&mut sheet, &workers)?;
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
        let waiting = self.pool.waiting().into_iter();
        let waiting = waiting.map(|(model, count)| of_model((model.to_string(), count)));
        sheet.gauge(
            "queue_length",
            "Requests that wait for a place on a worker of their model.",
            waiting,
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
        let (open, idle) = (self.db.size() as usize, self.db.num_idle());
        let states = [("idle", idle), ("in_use", open.saturating_sub(idle))];
        let states = states.map(|(state, count)| (vec![("state", state.to_owned())], count as f64));
        sheet.gauge(
            "database_connections",
            "Connections to the database.",
            states,
        )?;
        let most = self.db.options().get_max_connections();
        sheet.gauge(
            "database_connections_max",
            "Connections to the database that may be open.",
            alone(most.into()),
        )
    }
}

/// Of a worker; none where nothing can be said.
type Figure = fn(&WorkerStanding) -> Option<f64>;

/// What goes up and down of each worker, by name, with its meaning.
const GAUGES: [(&str, &str, Figure); 4] = [
    (
        "worker_requests_in_flight",
        "Requests that a worker has now.",
        |it| Some(it.in_flight as f64),
    ),
    (
        "worker_requests_waiting",
        "Requests that wait for one of a worker's models.",
        |it| Some(it.waiting as f64),
    ),
    (
        "worker_error_ratio",
        "Of what a worker was asked in the last half minute, what has failed.",
        |it| Some(it.error_rate),
    ),
    (
        "worker_first_byte_seconds",
        "To a worker's first byte, the middle of its latest answers.",
        |it| Some(it.latency?.as_secs_f64()),
    ),
];

fn by_worker(sheet: &mut Sheet<'_>, workers: &[WorkerStanding]) -> fmt::Result {
    let states = workers.iter().flat_map(|worker| {
        let now = name(worker.state);
        let state = move |state: &'static str| {
            let mut labels = of_worker(worker);
            labels.push(("state", state.to_owned()));
            (labels, f64::from(u8::from(state == now)))
        };
        STATES.map(state)
    });
    let help = "1 for the state that a worker is in, 0 for the others.";
    sheet.gauge("worker_state", help, states)?;
    for (name, help, figure) in GAUGES {
        let series = workers
            .iter()
            .filter_map(|worker| Some((of_worker(worker), figure(worker)?)));
        sheet.gauge(name, help, series)?;
    }
    Ok(())
}

fn of_worker(worker: &WorkerStanding) -> Vec<(&'static str, String)> {
    vec![("worker", worker.id.to_string())]
}

const STATES: [&str; 6] = [
    "ready",
    "resting",
    "ejected",
    "half_open",
    "draining",
    "unknown",
];

fn name(state: WorkerState) -> &'static str {
    match state {
        WorkerState::Ready => "ready",
        WorkerState::Resting { .. } => "resting",
        WorkerState::Ejected { .. } => "ejected",
        WorkerState::HalfOpen => "half_open",
        WorkerState::Draining => "draining",
        WorkerState::Unknown => "unknown",
    }
}
