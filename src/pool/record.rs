//! What has become of what a worker was asked, since the service started.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::health::Outcome;
use crate::clock::UnixMs;

/// Requests by what came of them, and how often the worker was ejected. One that broke off its answer counts as answered and
/// as failed; one that was late and came all the same, as timed out and as answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub answered: u64,
    /// No connection, or one that ended before any answer.
    pub unreachable: u64,
    /// With an error of its own, or in the midst of an answer.
    pub failed: u64,
    pub timed_out: u64,
    /// It asked to be left alone.
    pub busy: u64,
    pub ejections: u64,
}

/// How long the first byte took, of the latest answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstByte {
    pub p50: Duration,
    pub p95: Duration,
    pub p99: Duration,
}

/// The last that went wrong with a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastError {
    /// A sentence, which names no host and no secret.
    pub what: String,
    pub at: UnixMs,
}

/// What went wrong, in words that anybody may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Unreachable,
    TimedOut,
    Slow,
    BrokeOff,
    Status(u16),
    NotUnderstood,
    /// Asked for its models, it did one of these.
    Models(ModelsFault),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ModelsFault {
    TimedOut,
    Status(u16),
    NotUnderstood,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::Unreachable => {
                "No connection to it could be made, or it ended before any answer."
            }
            Fault::TimedOut => "It did not begin to answer in its time.",
            Fault::Slow => "It began its answers far later than the others do.",
            Fault::BrokeOff => "It broke off an answer that it had begun.",
            Fault::NotUnderstood => "Its answer was not understood.",
            Fault::Models(ModelsFault::TimedOut) => {
                "It did not say in time which models it serves."
            }
            Fault::Models(ModelsFault::NotUnderstood) => {
                "What it says of its models was not understood."
            }
            Fault::Status(status) => return write!(f, "It answered with status {status}."),
            Fault::Models(ModelsFault::Status(status)) => {
                return write!(f, "Asked for its models, it answered with status {status}.");
            }
        })
    }
}

/// Of so many answers it is known how long their first byte took.
const REMEMBERED: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) counts: Counts,
    first_bytes: VecDeque<Duration>,
    last_fault: Option<(Fault, UnixMs)>,
}

impl Record {
    pub(super) fn saw(&mut self, outcome: Outcome) {
        let count = match outcome {
            Outcome::Good | Outcome::Slow => &mut self.counts.answered,
            Outcome::Busy(_) => &mut self.counts.busy,
            Outcome::Unreachable => &mut self.counts.unreachable,
            Outcome::Failed | Outcome::BrokeOff => &mut self.counts.failed,
            Outcome::TimedOut => &mut self.counts.timed_out,
        };
        *count += 1;
    }

    pub(super) fn note(&mut self, fault: Fault, at: UnixMs) {
        self.last_fault = Some((fault, at));
    }

    pub(super) fn took(&mut self, time: Duration) {
        self.first_bytes.push_front(time);
        self.first_bytes.truncate(REMEMBERED);
    }

    pub(super) fn last_error(&self) -> Option<LastError> {
        self.last_fault.map(|(fault, at)| LastError {
            what: fault.to_string(),
            at,
        })
    }

    /// A copy, so that it can be put in order while the worker goes on.
    pub(super) fn first_bytes(&self) -> Vec<Duration> {
        self.first_bytes.iter().copied().collect()
    }
}

impl FirstByte {
    /// `None` of none.
    pub(super) fn of(mut times: Vec<Duration>) -> Option<Self> {
        times.sort_unstable();
        // The least that so many of a hundred do not exceed.
        let rank = |percent: usize| (times.len() * percent).div_ceil(100).checked_sub(1);
        let at = |percent| times.get(rank(percent)?).copied();
        Some(FirstByte {
            p50: at(50)?,
            p95: at(95)?,
            p99: at(99)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times: impl Iterator<Item = u64>) -> Option<[u128; 3]> {
        let mut record = Record::default();
        times.for_each(|ms| record.took(Duration::from_millis(ms)));
        let FirstByte { p50, p95, p99 } = FirstByte::of(record.first_bytes())?;
        Some([p50, p95, p99].map(|time| time.as_millis()))
    }

    #[test]
    fn first_bytes_are_told_by_the_latest_answers() {
        assert_eq!(of(0..0), None);
        assert_eq!(of(7..8), Some([7, 7, 7]));
        assert_eq!(of(1..=100), Some([50, 95, 99]));
        assert_eq!(of((1..=100).rev()), Some([50, 95, 99]));
        let latest = (1..1_000)
            .map(|_| 5)
            .chain((0..REMEMBERED as u64).map(|_| 9));
        assert_eq!(of(latest), Some([9, 9, 9]));
    }
}
