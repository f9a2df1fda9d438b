//! A request's place on a worker, and what is learned of the worker by asking it.

use std::mem::replace;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::DateTime;
use hyper::Response;
use hyper::body::Incoming;
use hyper::header::RETRY_AFTER;
use tokio::time::timeout;

use super::health::Outcome;
use super::record::Fault;
use super::worker::Worker;
use super::worker_id::WorkerId;
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
    /// All that were asked for this request, this worker among them.
    pub(super) tried: Vec<WorkerId>,
    /// How many of them did not begin in their time.
    pub(super) timeouts: u32,
    /// Whether this request tries an ejected worker, and has shown nothing yet.
    is_trial: AtomicBool,
    is_answered: AtomicBool,
    broke_off: AtomicBool,
}

/// The least that a worker may be silent for, however fast the others are. It may have been asked a great deal.
const SILENCE: Duration = Duration::from_secs(2);
/// Each worker that a request is given to because another was silent may be silent so many times longer: it may be what is
/// asked.
const MORE_EACH_TIME: u32 = 4;

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
            tried: vec![],
            timeouts: 0,
            is_trial: AtomicBool::new(is_trial),
            is_answered: AtomicBool::new(false),
            broke_off: AtomicBool::new(false),
        })
    }

    pub fn worker(&self) -> &WorkerId {
        &self.worker.id
    }

    /// What the worker calls the model.
    pub fn served_as(&self) -> &str {
        &self.served_as
    }

    /// Posts `body` (JSON) to `path` of the worker and waits for the head of its answer, a stream or not. Dropping what is
    /// returned, or this future, hangs up on the worker.
    pub async fn send(
        &self,
        path: &str,
        body: Bytes,
        streamed: bool,
    ) -> Result<Response<Incoming>, SendError> {
        let began = Instant::now();
        let work = (self.model.to_string(), streamed);
        let upstream = &self.pool.0.upstream;
        let answer = upstream.post(&self.worker.target, path, body, self.patience);
        // Where most are ill, there may be one left to tell what is late.
        let late = self.pool.late_after(&self.worker, &work, 1);
        let answer = match late {
            Some(late) => self.unless_silent(answer, late.max(SILENCE)).await,
            None => answer.await,
        };
        let time = began.elapsed();
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                match &error {
                    SendError::Connection(_) => {
                        self.saw_fault(Outcome::Unreachable, Fault::Unreachable)
                    }
                    // That was said when it was noticed.
                    SendError::Silent => {}
                    SendError::Timeout => self.saw_fault(Outcome::TimedOut, Fault::TimedOut),
                    SendError::Address(_) | SendError::Status(_) | SendError::Answer(_) => {
                        self.saw_fault(Outcome::Failed, Fault::NotUnderstood);
                    }
                }
                return Err(error);
            }
        };
        let status = answer.status();
        match seen(&answer, self.pool.0.clock.now()) {
            Outcome::Good if late.is_some_and(|late| time > late) => self.saw(Outcome::Slow),
            Outcome::Failed => self.saw_fault(Outcome::Failed, Fault::Status(status.as_u16())),
            outcome => self.saw(outcome),
        }
        if status.is_success() {
            self.is_answered.store(true, Ordering::Relaxed);
            self.pool.took(&self.worker, &work, time);
        }
        Ok(answer)
    }

    /// What `answer` gives, unless the worker says nothing to anybody for so long, which the others never take, and one of those
    /// can be asked.
    async fn unless_silent<T>(
        &self,
        answer: impl Future<Output = Result<T, SendError>>,
        silence: Duration,
    ) -> Result<T, SendError> {
        tokio::pin!(answer);
        let mut wait = silence * MORE_EACH_TIME.saturating_pow(self.timeouts.min(4));
        let mut heard = self.worker.heard();
        let mut said = false;
        loop {
            match timeout(wait, &mut answer).await {
                Ok(Err(SendError::Timeout)) if said => return Err(SendError::Silent),
                Ok(answered) => return answered,
                Err(_) => {}
            }
            let is_trial = self.is_trial.load(Ordering::Relaxed);
            let heard_before = replace(&mut heard, self.worker.heard());
            if heard != heard_before && !is_trial {
                // To others it has spoken meanwhile: it is what was asked.
                continue;
            }
            if !replace(&mut said, true) {
                match self.timeouts == 0 || is_trial {
                    true => self.saw_fault(Outcome::TimedOut, Fault::TimedOut),
                    // Another was silent on this request, too: it may not be to blame.
                    false => self.worker.timed_out(self.pool.0.clock.now()),
                }
            }
            if self
                .pool
                .has_better_than(&self.worker, &self.model, &self.tried)
            {
                return Err(SendError::Silent);
            }
            wait = silence / 2;
        }
    }

    /// Says that the worker broke off an answer that it had begun.
    pub fn failed(&self) {
        self.broke_off.store(true, Ordering::Relaxed);
        self.saw_fault(Outcome::BrokeOff, Fault::BrokeOff);
    }

    fn saw_fault(&self, outcome: Outcome, fault: Fault) {
        self.worker.note(fault, self.pool.0.clock.now());
        self.saw(outcome);
    }

    fn saw(&self, outcome: Outcome) {
        let is_trial = self.is_trial.swap(false, Ordering::Relaxed);
        self.pool.saw(&self.worker, outcome, is_trial);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let answered = *self.is_answered.get_mut();
        let ended_well = answered && !*self.broke_off.get_mut();
        self.worker.leave(*self.is_trial.get_mut(), ended_well);
        if answered {
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
