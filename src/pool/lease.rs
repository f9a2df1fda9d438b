//! A request's place on a worker, and what is learned of the worker by asking it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use hyper::Response;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, RETRY_AFTER};

use super::health::Outcome;
use super::worker::{Worker, WorkerId};
use super::{Pool, SendError};
use crate::clock::UnixMs;

/// A request's place on a worker.
#[must_use = "a lease that is dropped leaves its place to others"]
pub struct Lease {
    worker: Arc<Worker>,
    pool: Pool,
    model: Arc<str>,
    /// What the worker calls it.
    served_as: Arc<str>,
    since: UnixMs,
    /// How long the worker may take to its first byte.
    pub(super) patience: Duration,
    /// Whether this request tries an ejected worker, and has shown nothing yet.
    is_trial: AtomicBool,
    is_answered: AtomicBool,
}

impl Lease {
    /// Takes a place, if there still is one.
    pub(super) fn take(worker: &Arc<Worker>, pool: &Pool, model: &Arc<str>) -> Option<Self> {
        let now = pool.0.clock.now();
        let is_trial = worker.enter(now)?;
        Some(Lease {
            worker: worker.clone(),
            pool: pool.clone(),
            model: model.clone(),
            served_as: worker.name_of(model).unwrap_or_else(|| model.clone()),
            since: now,
            patience: pool.0.first_byte,
            is_trial: AtomicBool::new(is_trial),
            is_answered: AtomicBool::new(false),
        })
    }

    pub fn worker(&self) -> &WorkerId {
        &self.worker.id
    }

    /// What the worker calls the model.
    pub fn served_as(&self) -> &str {
        &self.served_as
    }

    /// Posts `body` (JSON) to `path` of the worker and waits for the head of its answer. Dropping what is returned,
    /// or this future, hangs up on the worker.
    pub async fn send(&self, path: &str, body: Bytes) -> Result<Response<Incoming>, SendError> {
        let began = self.pool.0.clock.now();
        let upstream = &self.pool.0.upstream;
        let answer = upstream.post(&self.worker.target, path, body, self.patience);
        let answer = answer.await;
        let now = self.pool.0.clock.now();
        let outcome = match &answer {
            Ok(answer) => seen(answer, now),
            Err(SendError::Connection(_)) => Outcome::Unreachable,
            Err(_) => Outcome::Failed,
        };
        self.saw(outcome);
        if let Ok(answer) = &answer
            && answer.status().is_success()
        {
            self.is_answered.store(true, Ordering::Relaxed);
            let work = (self.model.to_string(), is_streamed(answer));
            self.pool.took(&self.worker, &work, now.since(began));
        }
        answer
    }

    /// Says that the worker broke off an answer that it had begun.
    pub fn failed(&self) {
        self.saw(Outcome::Failed);
    }

    fn saw(&self, outcome: Outcome) {
        let is_trial = self.is_trial.swap(false, Ordering::Relaxed);
        self.pool.saw(&self.worker, outcome, is_trial);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.worker.leave(*self.is_trial.get_mut());
        if *self.is_answered.get_mut() {
            let time = self.pool.0.clock.now().since(self.since);
            self.pool.served(&self.model, time);
        }
        self.pool.hand_out();
    }
}

/// What the head of an answer says of the worker. Not all errors are its own: a client can ask for what it cannot do.
fn seen(answer: &Response<Incoming>, now: UnixMs) -> Outcome {
    let rest = answer.headers().get(RETRY_AFTER);
    let rest = rest.and_then(|value| rest_of(value.to_str().ok()?, now));
    match (answer.status().as_u16(), rest) {
        (429 | 503, Some(rest)) => Outcome::Busy(rest),
        (429, None) => Outcome::Busy(REST),
        (200..300 | 400 | 404 | 405 | 413 | 415 | 422 | 501, _) => Outcome::Good,
        _ => Outcome::Failed,
    }
}

/// For a worker that has too much to do, and does not say for how long.
const REST: Duration = Duration::from_secs(1);
/// No word keeps a worker away for longer.
const LONGEST_REST: Duration = Duration::from_secs(3_600);

/// A `Retry-After`: seconds, or a date.
fn rest_of(text: &str, now: UnixMs) -> Option<Duration> {
    let rest = match text.trim().parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = DateTime::parse_from_rfc2822(text).ok()?;
            UnixMs(date.timestamp_millis()).since(now)
        }
    };
    Some(rest.min(LONGEST_REST))
}

fn is_streamed(answer: &Response<Incoming>) -> bool {
    answer
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_is_told_in_seconds_or_by_a_date() {
        let now = UnixMs(784_111_777_000); // Sun, 06 Nov 1994 08:49:37 GMT
        for (text, rest) in [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("99999999999", Some(3_600)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ] {
            assert_eq!(rest_of(text, now), rest.map(Duration::from_secs), "{text}");
        }
    }
}
