//! How each worker stands.

use std::fmt;

use super::sheet::{Series, Sheet};
use crate::pool::{Counts, WorkerStanding, WorkerState};

/// Of a worker; none where nothing can be said.
type Figure = fn(&WorkerStanding) -> Option<f64>;

/// What goes up and down of each worker, by name, with its meaning.
const GAUGES: [(&str, &str, Figure); 9] = [
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
        "worker_weight",
        "Its share of the requests, against the others'.",
        |it| Some(it.weight.into()),
    ),
    (
        "worker_requests_in_flight_max",
        "The most requests that a worker is given at once, where that is bounded.",
        |it| Some(it.max_in_flight? as f64),
    ),
    (
        "worker_reported_running",
        "Requests that a worker says it works on, whoever has sent them.",
        |it| Some(it.reported?.running as f64),
    ),
    (
        "worker_reported_waiting",
        "Requests that a worker says wait in a queue of its own.",
        |it| Some(it.reported?.waiting as f64),
    ),
    (
        "worker_reported_cache_usage_ratio",
        "How full a worker says its cache is.",
        |it| it.reported?.cache_usage,
    ),
    (
        "worker_last_probe_timestamp_seconds",
        "When a worker was last asked for its models.",
        |it| Some(it.last_probe?.0 as f64 / 1_000.0),
    ),
];

type Count = fn(&Counts) -> u64;

/// What a worker's requests came to, by outcome.
const OUTCOMES: [(&str, Count); 5] = [
    ("answered", |counts| counts.answered),
    ("unreachable", |counts| counts.unreachable),
    ("failed", |counts| counts.failed),
    ("timed_out", |counts| counts.timed_out),
    ("busy", |counts| counts.busy),
];

pub(super) fn write(sheet: &mut Sheet<'_>, workers: &[WorkerStanding]) -> fmt::Result {
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
    let quantiles = workers.iter().flat_map(quantiles);
    let help = "To a worker's first byte, of its latest answers.";
    sheet.gauge("worker_first_byte_seconds", help, quantiles)?;
    let outcomes = workers.iter().flat_map(|worker| {
        OUTCOMES.map(|(outcome, count)| {
            let mut labels = of_worker(worker);
            labels.push(("outcome", outcome.to_owned()));
            (labels, count(&worker.counts) as f64)
        })
    });
    let help = "What became of requests to a worker; one that broke off its answer is answered and failed.";
    sheet.counter("worker_requests", help, outcomes)?;
    let ejections = workers.iter();
    let ejections = ejections.map(|worker| (of_worker(worker), worker.counts.ejections as f64));
    let help = "How often a worker was left alone because it was ill.";
    sheet.counter("worker_ejections", help, ejections)
}

fn quantiles(worker: &WorkerStanding) -> Vec<Series> {
    let Some(times) = worker.first_byte else {
        return vec![];
    };
    let all = [("0.5", times.p50), ("0.95", times.p95), ("0.99", times.p99)];
    let series = all.map(|(quantile, time)| {
        let mut labels = of_worker(worker);
        labels.push(("quantile", quantile.to_owned()));
        (labels, time.as_secs_f64())
    });
    series.into()
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
