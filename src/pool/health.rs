//! Whether a worker may be asked: well, resting by its own word, or ejected; and how it comes back.
//!
//! An ejected worker waits, longer each time that it is ejected again. Then one request at a time tries it, and the first that
//! succeeds makes it well. One that could not be reached is well as soon as it answers a probe, unless that has proved little.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::window::Window;
use crate::clock::UnixMs;

/// What a request, or a probe, has seen of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Good,
    /// A good answer, begun far later than the others' do: a trial that shows this has failed.
    Slow,
    /// It asks to be left alone for so long; that is no illness.
    Busy(Duration),
    /// No connection, or one that ended before any answer.
    Unreachable,
    /// An error of its own.
    Failed,
    /// Silence.
    TimedOut,
    /// An answer that it had begun well, and did not end.
    BrokeOff,
}

/// Why a worker is ejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Unreachable,
    Failing,
    Slow,
}

/// Whether a request may go to a worker now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Open,
    /// For one request, which tries whether the worker is well again.
    Trial,
    /// Another request tries it at this moment.
    Tried,
    /// Until then.
    Closed(UnixMs),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Well,
    Resting {
        until: UnixMs,
    },
    Ejected {
        cause: Cause,
        until: UnixMs,
        /// Whether a request tries it at this moment.
        trial: bool,
    },
}

/// So many failures without a success between them eject a worker;
const IN_A_ROW: u32 = 3;
/// So many times a probe brings back one that is not there for requests then; after that it waits its time.
const RELAPSES: u32 = 2;
/// so do so many answers in a row that begin far later than the others' do, while those begin as many in time: where a rush makes
/// all late, nobody is slow;
const SLOW_IN_A_ROW: u32 = 8;
/// so does half of what it was asked of late having failed, if that was enough to tell.
const ENOUGH: usize = 20;
const SECONDS: usize = 30;
/// How long an unreachable worker is left alone at first, and at most. Probes may find it sooner.
const UNREACHABLE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));
/// How long a failing or slow worker is left alone at first, and at most.
const FAILING: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));
/// Who was well for so long begins anew.
const GOOD_LIFE: Duration = Duration::from_secs(60);

/// Answers one after the other that began far later than the others' do.
#[derive(Clone, Copy, Debug)]
struct SlowRow {
    len: u32,
    /// How many answers the others had begun in time when it began.
    others_heard: u64,
}

#[derive(Debug)]
pub(super) struct Health {
    state: State,
    failures_in_a_row: u32,
    /// Without an answer between them that was said to its end.
    breaks_in_a_row: u32,
    slow_row: Option<SlowRow>,
    /// How often it was not there for a request since it has answered one, though probes had found it.
    relapses: u32,
    /// Has answered well since it is well, and failed at nothing since.
    is_proven: bool,
    /// Answers and failures.
    recent: Window,
    /// One after the other, without a good life between them.
    ejections: u32,
    well_since: UnixMs,
}

impl Health {
    pub(super) fn new() -> Self {
        Health {
            state: State::Well,
            failures_in_a_row: 0,
            breaks_in_a_row: 0,
            slow_row: None,
            relapses: 0,
            is_proven: false,
            recent: Window::new(SECONDS),
            ejections: 0,
            well_since: UnixMs(0),
        }
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    pub(super) fn way(&self, now: UnixMs) -> Way {
        match self.state {
            State::Resting { until } if now < until => Way::Closed(until),
            State::Ejected { until, .. } if now < until => Way::Closed(until),
            State::Ejected { trial: true, .. } => Way::Tried,
            State::Ejected { .. } => Way::Trial,
            State::Well | State::Resting { .. } => Way::Open,
        }
    }

    /// Whether it is well beyond doubt.
    pub(super) fn is_sure(&self) -> bool {
        self.is_proven && !matches!(self.state, State::Ejected { .. })
    }

    /// Whether it has answered enough of late to tell, and failed at nothing.
    pub(super) fn is_spotless(&mut self, now: UnixMs) -> bool {
        let [all, failed] = self.recent.sums(now);
        self.is_sure() && all >= ENOUGH && failed == 0
    }

    /// A request goes to it. Says whether it is a trial; `None` where none may go.
    pub(super) fn enter(&mut self, now: UnixMs) -> Option<bool> {
        match self.way(now) {
            Way::Open => Some(false),
            Way::Trial => {
                if let State::Ejected { trial, .. } = &mut self.state {
                    *trial = true;
                }
                Some(true)
            }
            Way::Tried | Way::Closed(_) => None,
        }
    }

    /// A trial ended without showing anything.
    pub(super) fn untried(&mut self) {
        if let State::Ejected { trial, .. } = &mut self.state {
            *trial = false;
        }
    }

    /// Judges by a request. A worker that answers, if only with errors, is ejected where `may_eject`.
    pub(super) fn saw(&mut self, outcome: Outcome, is_trial: bool, may_eject: bool, now: UnixMs) {
        let is_ejected = matches!(self.state, State::Ejected { .. });
        // What began before the ejection says nothing new.
        if is_ejected && !is_trial {
            return;
        }
        match outcome {
            Outcome::Slow if is_trial => self.eject(Cause::Slow, now),
            Outcome::Good | Outcome::Slow => {
                self.recent.add(now, [1, 0]);
                if is_ejected {
                    self.recover(now);
                }
                self.failures_in_a_row = 0;
                self.relapses = 0;
                self.is_proven = true;
            }
            Outcome::Busy(time) => {
                let until = now.plus(time);
                self.state = match self.state {
                    State::Resting { until: before } if before > until => self.state,
                    _ => State::Resting { until },
                };
            }
            Outcome::Unreachable => {
                self.relapses += u32::from(!self.is_proven && !is_ejected);
                self.eject(Cause::Unreachable, now);
            }
            Outcome::Failed | Outcome::TimedOut | Outcome::BrokeOff => {
                self.failures_in_a_row += 1;
                if outcome == Outcome::BrokeOff {
                    self.breaks_in_a_row += 1;
                }
                self.is_proven = false;
                self.recent.add(now, [1, 1]);
                let [all, failed] = self.recent.sums(now);
                let often = all >= ENOUGH && failed * 2 >= all;
                let in_a_row = self.failures_in_a_row.max(self.breaks_in_a_row);
                let is_ill = often || in_a_row >= IN_A_ROW;
                if is_trial || (is_ill && may_eject) {
                    self.eject(Cause::Failing, now);
                }
            }
        }
    }

    /// An answer was said to its end.
    pub(super) fn ended_well(&mut self) {
        self.breaks_in_a_row = 0;
    }

    /// An answer has begun: in time, or far later than the others' do, which had begun so many in time. Says whether there were
    /// too many such.
    pub(super) fn is_slow_again(&mut self, slow: Option<u64>) -> bool {
        let Some(heard) = slow else {
            self.slow_row = None;
            return false;
        };
        let row = self.slow_row.get_or_insert(SlowRow {
            len: 0,
            others_heard: heard,
        });
        row.len += 1;
        let meanwhile = heard.saturating_sub(row.others_heard);
        row.len >= SLOW_IN_A_ROW && meanwhile >= SLOW_IN_A_ROW.into()
    }

    /// Judges by a probe, which proves that a worker is there, and not that it works.
    pub(super) fn probed(&mut self, outcome: Outcome, may_eject: bool, now: UnixMs) {
        match (outcome, self.state) {
            (
                Outcome::Good,
                State::Ejected {
                    cause: Cause::Unreachable,
                    until,
                    ..
                },
            ) if self.relapses < RELAPSES || now >= until => self.recover(now),
            (Outcome::Good | Outcome::Slow | Outcome::Busy(_), _) => {}
            // Still not there; or not there any more, whatever else was wrong with it.
            (Outcome::Unreachable, _) => self.eject(Cause::Unreachable, now),
            (_, State::Ejected { .. }) => {}
            (Outcome::Failed | Outcome::TimedOut | Outcome::BrokeOff, _) => {
                self.saw(outcome, false, may_eject, now)
            }
        }
    }

    pub(super) fn is_slow(&mut self, now: UnixMs) {
        if !matches!(self.state, State::Ejected { .. }) {
            self.eject(Cause::Slow, now);
        }
    }

    /// Of what it was asked of late, how much has failed.
    pub(super) fn error_rate(&mut self, now: UnixMs) -> f64 {
        let [all, failed] = self.recent.sums(now);
        if all == 0 {
            return 0.0;
        }
        failed as f64 / all as f64
    }

    fn eject(&mut self, cause: Cause, now: UnixMs) {
        let is_well = !matches!(self.state, State::Ejected { .. });
        if is_well && now.since(self.well_since) > GOOD_LIFE {
            self.ejections = 0;
        }
        let (first, longest) = match cause {
            Cause::Unreachable => UNREACHABLE,
            Cause::Failing | Cause::Slow => FAILING,
        };
        let rest = first.saturating_mul(2u32.saturating_pow(self.ejections));
        self.ejections = self.ejections.saturating_add(1);
        self.is_proven = false;
        self.state = State::Ejected {
            cause,
            until: now.plus(rest.min(longest)),
            trial: false,
        };
    }

    fn recover(&mut self, now: UnixMs) {
        self.state = State::Well;
        self.failures_in_a_row = 0;
        self.breaks_in_a_row = 0;
        self.slow_row = None;
        self.recent.clear();
        self.well_since = now;
    }
}

#[cfg(test)]
mod tests;
