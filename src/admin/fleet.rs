//! How the workers stand, as a table of 80 columns and as JSON.

use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::UnixMs;
use crate::pool::{Cause, Fleet, FleetWorker, Origin, View, WorkerState};
use crate::print::{Table, printable};

const WIDTH: usize = 80;
const INDENT: &str = "  ";
/// Where there is nothing to be told.
const NOTHING: &str = "–";

/// A row for each worker and each gateway that sees it, and under it in words what is no figure.
pub(super) fn in_words(fleet: &Fleet, now: UnixMs) -> String {
    let mut table = Table::with_heading([
        "ID",
        "GATEWAY",
        "STATE",
        "IN FLIGHT",
        "WAITING",
        "TTFB P50",
        "ERRORS",
    ]);
    let mut words = vec![String::new()];
    for worker in &fleet.workers {
        if worker.views.is_empty() {
            table.row(unseen(worker, fleet));
            words.push(origin(worker));
        }
        for (number, view) in worker.views.iter().enumerate() {
            let before = number.checked_sub(1).map(|before| &worker.views[before]);
            let about = about(worker, view, now);
            // Mostly all see the same.
            let is_told = before.is_some_and(|before| about == self::about(worker, before, now));
            table.row(row(worker, view, number == 0));
            words.push(if is_told { String::new() } else { about });
        }
    }
    if fleet.gateways.len() < 2 {
        table.drop_column(1);
    }
    let rows = table.to_string();
    let rows = rows.lines().zip(&words);
    let lines = rows.flat_map(|(row, words)| [row.to_owned()].into_iter().chain(wrapped(words)));
    lines.collect::<Vec<_>>().join("\n")
}

/// Of a worker that no gateway has told of.
fn unseen(worker: &FleetWorker, fleet: &Fleet) -> [String; 7] {
    let state = match fleet.gateways.is_empty() {
        _ if worker.is_draining => "draining",
        true => NOTHING,
        false => "not seen",
    };
    let id = worker.id.as_str();
    [id, NOTHING, state, NOTHING, NOTHING, NOTHING, NOTHING].map(str::to_owned)
}

fn row(worker: &FleetWorker, View { gateway, standing }: &View, is_first: bool) -> [String; 7] {
    let id = is_first.then(|| worker.id.to_string());
    let in_flight = match worker.max_in_flight {
        Some(most) => format!("{}/{most}", standing.in_flight),
        None => standing.in_flight.to_string(),
    };
    [
        id.unwrap_or_default(),
        gateway.name.clone(),
        state(worker, standing.state).to_owned(),
        in_flight,
        standing.waiting.to_string(),
        standing.latency.map_or(NOTHING.to_owned(), milliseconds),
        format!("{:.0}%", standing.error_rate * 100.0),
    ]
}

fn state(worker: &FleetWorker, state: WorkerState) -> &'static str {
    match state {
        _ if worker.origin == Origin::Removed => "removed",
        WorkerState::Ready => "ready",
        WorkerState::Resting { .. } => "resting",
        WorkerState::Ejected { .. } => "ejected",
        WorkerState::HalfOpen => "half-open",
        WorkerState::Draining => "draining",
        WorkerState::Unknown => "unknown",
    }
}

/// What is no figure: why it gets no requests, where it comes from, what it serves.
fn about(worker: &FleetWorker, View { standing, .. }: &View, now: UnixMs) -> String {
    let why = match standing.state {
        WorkerState::Draining => None,
        _ if worker.is_draining => Some("is to be drained, in a moment".to_owned()),
        WorkerState::Ejected { cause, until } => match until.since(now).as_secs() {
            0 => Some(cause_in_words(cause).to_owned()),
            wait => Some(format!(
                "{}, tried again in {wait} s",
                cause_in_words(cause)
            )),
        },
        WorkerState::Resting { until } => {
            let rest = until.since(now).as_secs();
            Some(format!("asked to be left alone, for {rest} s yet"))
        }
        WorkerState::HalfOpen => Some("was ejected, one request at a time tries it".to_owned()),
        WorkerState::Unknown => Some("has not said yet what it serves".to_owned()),
        WorkerState::Ready => None,
    };
    let serves = match standing.models.as_slice() {
        [] => None,
        models => Some(format!("serves {}", models.join(", "))),
    };
    let said = [why, Some(origin(worker)), serves].into_iter().flatten();
    said.collect::<Vec<_>>().join("; ")
}

/// Where it comes from, and with what.
fn origin(worker: &FleetWorker) -> String {
    let origin = match worker.origin {
        Origin::Configured => "from the settings",
        Origin::Added => "added",
        Origin::Local => "started by the gateway",
        Origin::Removed => "was removed, and finishes what it has",
    };
    let key = if worker.has_key { ", with a key" } else { "" };
    match worker.weight.get() {
        1 => format!("{origin}{key}"),
        weight => format!("{origin}{key}, weight {weight}"),
    }
}

fn cause_in_words(cause: Cause) -> &'static str {
    match cause {
        Cause::Unreachable => "cannot be reached",
        Cause::Failing => "has failed too often",
        Cause::Slow => "is slower than the others",
    }
}

fn milliseconds(time: Duration) -> String {
    match time.as_millis() {
        long if long >= 10_000 => format!("{:.1} s", time.as_secs_f64()),
        short => format!("{short} ms"),
    }
}

/// `words` in lines of no more than the width, where its words are no longer.
fn wrapped(words: &str) -> Vec<String> {
    let mut lines: Vec<String> = vec![];
    for word in words.split_whitespace().map(printable) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(format!("{INDENT}{word}")),
        }
    }
    lines
}

pub(super) fn in_json(fleet: &Fleet) -> Value {
    let gateways = fleet
        .gateways
        .iter()
        .map(|gateway| json!({"id": gateway.id, "name": gateway.name, "seen_ms": gateway.seen.0}));
    let workers = fleet.workers.iter().map(|worker| {
        json!({
            "id": worker.id.as_str(),
            "url": worker.url,
            "origin": worker.origin,
            "weight": worker.weight,
            "max_in_flight": worker.max_in_flight,
            "has_key": worker.has_key,
            "is_draining": worker.is_draining,
            "views": worker.views.iter().map(|view| view_in_json(worker, view)).collect::<Vec<_>>(),
        })
    });
    json!({"gateways": gateways.collect::<Vec<_>>(), "workers": workers.collect::<Vec<_>>()})
}

fn view_in_json(worker: &FleetWorker, View { gateway, standing }: &View) -> Value {
    let (cause, until) = match standing.state {
        WorkerState::Ejected { cause, until } => (Some(cause), Some(until)),
        WorkerState::Resting { until } => (None, Some(until)),
        _ => (None, None),
    };
    json!({
        "gateway": gateway.id,
        "state": state(worker, standing.state),
        "cause": cause,
        "until_ms": until,
        "in_flight": standing.in_flight,
        "waiting": standing.waiting,
        "ttfb_p50_ms": standing.latency.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        "error_rate": standing.error_rate,
        "models": standing.models,
    })
}

#[cfg(test)]
mod tests {
    use std::num::{NonZeroU32, NonZeroUsize};

    use super::*;
    use crate::pool::Gateway;

    const NOW: UnixMs = UnixMs(1_000_000);

    fn gateway(name: &str) -> Gateway {
        Gateway {
            id: format!("id of {name}"),
            name: name.to_owned(),
            seen: NOW,
        }
    }

    fn view(gateway_name: &str, state: Value, in_flight: usize) -> View {
        let standing = json!({
            "id": "a:1", "url": "http://a:1/", "models": ["m", "n"], "weight": 2, "in_flight": in_flight, "waiting": 3,
            "latency": {"secs": 0, "nanos": 120_000_000}, "error_rate": 0.25, "state": state,
        });
        View {
            gateway: gateway(gateway_name),
            standing: serde_json::from_value(standing).unwrap(),
        }
    }

    fn worker(views: Vec<View>) -> FleetWorker {
        FleetWorker {
            id: "a:1".to_owned().into(),
            url: "http://a:1/".to_owned(),
            origin: Origin::Added,
            weight: NonZeroU32::new(2).unwrap(),
            max_in_flight: NonZeroUsize::new(32),
            has_key: true,
            is_draining: false,
            views,
        }
    }

    fn told(gateways: &[&str], worker: FleetWorker) -> String {
        let fleet = Fleet {
            gateways: gateways.iter().map(|name| gateway(name)).collect(),
            workers: vec![worker],
        };
        in_words(&fleet, NOW)
    }

    #[test]
    fn where_one_gateway_runs_it_is_not_named() {
        let ready = worker(vec![view("one:1", json!("ready"), 5)]);
        assert_eq!(
            told(&["one:1"], ready),
            "ID   STATE  IN FLIGHT  WAITING  TTFB P50  ERRORS\n\
             a:1  ready  5/32       3        120 ms    25%\n\
             \u{20} added, with a key, weight 2; serves m, n"
        );
        assert_eq!(
            told(&[], worker(vec![])),
            "ID   STATE  IN FLIGHT  WAITING  TTFB P50  ERRORS\n\
             a:1  –      –          –        –         –\n\
             \u{20} added, with a key, weight 2"
        );
    }

    #[test]
    fn what_several_gateways_see_alike_is_said_once() {
        let until = json!({"ejected": {"cause": "unreachable", "until": 1_004_000}});
        let (ready, ejected) = (json!("ready"), until);
        let alike = worker(vec![
            view("one:1", ready.clone(), 1),
            view("two:1", ready, 0),
            view("two:2", ejected, 0),
        ]);
        assert_eq!(
            told(&["one:1", "two:1", "two:2"], alike),
            "ID   GATEWAY  STATE    IN FLIGHT  WAITING  TTFB P50  ERRORS\n\
             a:1  one:1    ready    1/32       3        120 ms    25%\n\
             \u{20} added, with a key, weight 2; serves m, n\n\
             \u{20}    two:1    ready    0/32       3        120 ms    25%\n\
             \u{20}    two:2    ejected  0/32       3        120 ms    25%\n\
             \u{20} cannot be reached, tried again in 4 s; added, with a key, weight 2; serves m,\n\
             \u{20} n"
        );
    }

    #[test]
    fn what_is_under_way_is_told_as_such() {
        let mut draining = worker(vec![view("one:1", json!("ready"), 0)]);
        draining.is_draining = true;
        let text = told(&["one:1"], draining);
        assert!(
            text.contains("is to be drained, in a moment; added"),
            "{text}"
        );
        let mut removed = worker(vec![view("one:1", json!("draining"), 1)]);
        removed.origin = Origin::Removed;
        let text = told(&["one:1"], removed);
        assert!(text.contains("removed  1/32"), "{text}");
        assert!(told(&["one:1"], worker(vec![])).contains("not seen"));
    }

    #[test]
    fn words_are_wrapped_and_steer_no_terminal() {
        let words = format!("serves {} m\u{1b}[2J", "a-model-with-a-name ".repeat(9));
        let lines = wrapped(&words);
        assert!(lines.len() == 3 && lines.iter().all(|line| line.chars().count() <= 80));
        assert!(
            lines
                .iter()
                .all(|line| line.starts_with("  ") && !line.contains('\u{1b}'))
        );
    }
}
