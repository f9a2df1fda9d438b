//! Time as the service sees it: unix milliseconds, UTC, from a clock that tests can move.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, SecondsFormat};
use serde::{Deserialize, Serialize};

/// A moment in unix milliseconds, UTC; the unit of every time in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UnixMs(pub i64);

impl UnixMs {
    /// Whole unix seconds, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// How long `earlier` was before this, or zero if it was not.
    pub fn since(self, earlier: UnixMs) -> Duration {
        Duration::from_millis(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }

    pub fn plus(self, duration: Duration) -> UnixMs {
        UnixMs(
            self.0
                .saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// As people read it, to the minute: `2026-11-25 16:37`, UTC.
    pub fn to_minute(self) -> String {
        match DateTime::from_timestamp_millis(self.0) {
            Some(moment) => moment.format("%Y-%m-%d %H:%M").to_string(),
            None => format!("{} ms after 1970", self.0),
        }
    }

    /// For programs, to the millisecond: `2026-11-25T16:37:05.123Z`.
    pub fn to_rfc3339(self) -> String {
        let moment = DateTime::from_timestamp_millis(self.0).unwrap_or_default();
        moment.to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// The start of the hour that this lies in.
    pub fn hour(self) -> UnixMs {
        UnixMs(self.0 - self.0.rem_euclid(HOUR_MS))
    }

    /// The start of the UTC day that this lies in.
    pub fn day(self) -> UnixMs {
        UnixMs(self.0 - self.0.rem_euclid(DAY_MS))
    }
}

pub const HOUR_MS: i64 = 3_600_000;
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// Tells the time; cheap to clone, and every clone tells the same.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    pub fn system() -> Self {
        Clock(Source::System)
    }

    /// A clock that stands still until it is moved.
    pub fn manual(start: UnixMs) -> Self {
        Clock(Source::Manual(Arc::new(AtomicI64::new(start.0))))
    }

    pub fn now(&self) -> UnixMs {
        match &self.0 {
            Source::System => {
                let since_epoch = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                UnixMs(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
            }
            Source::Manual(now) => UnixMs(now.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock on; the system's clock is nobody's to move.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(now) = &self.0 {
            now.fetch_add(
                i64::try_from(by.as_millis()).unwrap_or(i64::MAX),
                Ordering::SeqCst,
            );
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now().0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_and_days_start_where_utc_says() {
        let moment = UnixMs(1_767_225_599_999); // 2025-12-31T23:59:59.999Z
        assert_eq!(moment.hour(), UnixMs(1_767_222_000_000));
        assert_eq!(moment.day(), UnixMs(1_767_139_200_000));
        assert_eq!(moment.to_minute(), "2025-12-31 23:59");
        assert_eq!(
            moment.plus(Duration::from_millis(1)).day(),
            UnixMs(1_767_225_600_000)
        );
    }

    #[test]
    fn a_manual_clock_moves_for_all_its_clones() {
        let clock = Clock::manual(UnixMs(5));
        let clone = clock.clone();
        clock.advance(Duration::from_secs(2));
        assert_eq!(clone.now(), UnixMs(2_005));
    }
}
