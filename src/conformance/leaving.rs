//! Whether a worker stops when its client leaves a stream: the work that nobody waits for is taken from those who do.

use std::time::{Duration, Instant};

use hyper::Response;
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use wire::sse::{self, Framer};

use super::chat;
use super::client::{CallError, Client};
use super::load::{Gauge, Load};
use super::models::Card;
use super::report::Found;
use super::stream::has_text;
use crate::print::sentence;

/// Between two looks at the worker's load.
const LOOK: Duration = Duration::from_millis(20);
/// Tokens of the answer that is left, where the model has room for them.
const LENGTH: u64 = 1_000;
/// For a stream that has begun to show in the load.
const SHOWS: Duration = Duration::from_secs(3);

pub(super) async fn examine(
    client: &Client,
    card: &Card,
    pace: Option<Duration>,
    patience: Duration,
) -> Found {
    let Some(gauge) = Gauge::find(client).await else {
        return Found::unknown("none of /stats, /metrics and /slots says what it does");
    };
    let length = card
        .context
        .map_or(LENGTH, |context| LENGTH.min(context / 2));
    let leaving = Leaving {
        client,
        gauge,
        rest: pace.and_then(|pace| pace.checked_mul(length.try_into().ok()?)),
        patience,
    };
    let body = chat::body(&card.id, json!({"stream": true, "max_tokens": length}));
    let found = leaving.leave(&body).await;
    found.unwrap_or_else(|error| Found::no(sentence(&error)))
}

struct Leaving<'a> {
    client: &'a Client,
    gauge: Gauge,
    /// How long the worker would go on, if it did.
    rest: Option<Duration>,
    patience: Duration,
}

impl Leaving<'_> {
    async fn leave(&self, body: &Value) -> Result<Found, CallError> {
        let path = self.gauge.path;
        let Some(before) = self.gauge.load(self.client).await else {
            return Ok(Found::unknown(format!("{path} fell silent")));
        };
        let mut stream = self.client.open(chat::PATH, body).await?;
        if !self.has_begun(&mut stream).await? {
            return Ok(Found::unknown("the stream has no text that could be left"));
        }
        let runs = self.until(SHOWS, |now| now.running > before.running).await;
        if runs.is_none() {
            return Ok(Found::unknown(format!(
                "{path} does not show that a stream runs"
            )));
        }
        drop(stream);
        let left = Instant::now();
        let counted = |now: Load| now.cancelled > before.cancelled;
        let freed = self
            .until(self.patience, |now| {
                counted(now) || now.running <= before.running
            })
            .await;
        let took = left.elapsed();
        Ok(match freed {
            None => Found::no(format!(
                "{path}: still at work {:.1} s later",
                took.as_secs_f64()
            )),
            Some(now) if counted(now) => Found::ok(format!("{path} counts it as cancelled")),
            Some(_) => freed_after(took, self.rest, path),
        })
    }

    /// Reads up to the first text.
    async fn has_begun(&self, stream: &mut Response<Incoming>) -> Result<bool, CallError> {
        let (mut framer, mut begun) = (Framer::default(), false);
        while !begun {
            let Some(piece) = self.client.piece(stream).await? else {
                return Ok(false);
            };
            framer.push(&piece, |event| {
                let payload = sse::data(&String::from_utf8_lossy(event)).unwrap_or_default();
                begun |= serde_json::from_str(&payload).is_ok_and(|chunk| has_text(&chunk));
            });
        }
        Ok(true)
    }

    /// The first load for which `condition` holds, if it comes in time.
    async fn until(&self, patience: Duration, condition: impl Fn(Load) -> bool) -> Option<Load> {
        let looking = async {
            loop {
                match self.gauge.load(self.client).await {
                    Some(load) if condition(load) => return load,
                    _ => sleep(LOOK).await,
                }
            }
        };
        timeout(patience, looking).await.ok()
    }
}

/// A worker that is free may just have come to the end, which was to take `rest`.
fn freed_after(took: Duration, rest: Option<Duration>, path: &str) -> Found {
    match rest {
        Some(rest) if took < rest / 2 => Found::ok(format!(
            "{path}: free {:.2} s later, {:.1} s before its end",
            took.as_secs_f64(),
            (rest - took).as_secs_f64()
        )),
        _ => Found::unknown(format!("{path}: free, but it may just have ended")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::report::Verdict;

    #[test]
    fn a_worker_that_is_free_has_stopped_only_if_it_had_much_left_to_say() {
        let verdict = |rest: Option<u64>| {
            let took = Duration::from_millis(100);
            freed_after(took, rest.map(Duration::from_millis), "/slots").verdict
        };
        assert_eq!(verdict(Some(2_000)), Verdict::Ok);
        assert_eq!(verdict(Some(150)), Verdict::Unknown);
        assert_eq!(verdict(Some(50)), Verdict::Unknown);
        assert_eq!(verdict(None), Verdict::Unknown);
    }
}
