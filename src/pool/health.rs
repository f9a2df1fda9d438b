//! Whether a worker may be asked: well, resting by its own word, or ejected; and how it comes back.
//!
//! An ejected worker waits, longer each time that it is ejected again. Then one request at a time tries it, and the first that
//! succeeds makes it well. One that could not be reached is well as soon as it answers a probe.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::window::Window;
use crate::clock::UnixMs;

/// What a request, or a probe, has seen of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Good,
    /// It asks to be left alone for so long; that is no illness.
    Busy(Duration),
    /// No connection, or one that ended before any answer.
    Unreachable,
    /// An error of its own, silence, an answer broken off.
    Failed,
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
/// so does half of what it was asked of late having failed, if that was enough to tell.
const ENOUGH: usize = 20;
const SECONDS: usize = 30;
/// How long an unreachable worker is left alone at first, and at most. Probes may find it sooner.
const UNREACHABLE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));
/// How long a failing or slow worker is left alone at first, and at most.
const FAILING: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));
/// Who was well for so long begins anew.
const GOOD_LIFE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Health {
    state: State,
    failures_in_a_row: u32,
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
            Outcome::Good => {
                self.failures_in_a_row = 0;
                self.recent.add(now, [1, 0]);
                if is_ejected {
                    self.recover(now);
                }
            }
            Outcome::Busy(time) => {
                let until = now.plus(time);
                self.state = match self.state {
                    State::Resting { until: before } if before > until => self.state,
                    _ => State::Resting { until },
                };
            }
            Outcome::Unreachable => self.eject(Cause::Unreachable, now),
            Outcome::Failed => {
                self.failures_in_a_row += 1;
                self.recent.add(now, [1, 1]);
                let [all, failed] = self.recent.sums(now);
                let often = all >= ENOUGH && failed * 2 >= all;
                let is_ill = often || self.failures_in_a_row >= IN_A_ROW;
                if is_trial || (is_ill && may_eject) {
                    self.eject(Cause::Failing, now);
                }
            }
        }
    }

    /// Judges by a probe, which proves that a worker is there, and not that it works.
    pub(super) fn probed(&mut self, outcome: Outcome, may_eject: bool, now: UnixMs) {
        match (outcome, self.state) {
            (
                Outcome::Good,
                State::Ejected {
                    cause: Cause::Unreachable,
                    ..
                },
            ) => self.recover(now),
            (Outcome::Good | Outcome::Busy(_), _) => {}
            // Still not there; or not there any more, whatever else was wrong with it.
            (Outcome::Unreachable, _) => self.eject(Cause::Unreachable, now),
            (Outcome::Failed, State::Ejected { .. }) => {}
            (Outcome::Failed, _) => self.saw(outcome, false, may_eject, now),
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
        self.state = State::Ejected {
            cause,
            until: now.plus(rest.min(longest)),
            trial: false,
        };
    }

    fn recover(&mut self, now: UnixMs) {
        self.state = State::Well;
        self.failures_in_a_row = 0;
        self.recent.clear();
        self.well_since = now;
    }
}

#[cfg(test)]
mod tests;
