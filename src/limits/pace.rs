//! How fast requests of one account are taken up: each leaves a row in the ledger, also one that is free or refused.

use std::time::Duration;

use tokio::time::Instant;

use crate::principal::Quota;

/// As many times what its limit lets in may an account ask for.
const TIMES: u32 = 2;
/// And so much more, however low its limit is: per second, and at once.
const MORE: u32 = 10;
const MORE_AT_ONCE: u32 = 600;

/// What may be taken up now, of what comes back at a steady rate.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When all that was taken has come back, if that is still to come.
    full_at: Option<Instant>,
}

impl Pace {
    /// Takes up one request, or says how long to wait before that is tried again.
    pub(super) fn take(&mut self, quota: Quota, now: Instant) -> Result<(), Duration> {
        let at_once = quota.rpm.saturating_mul(TIMES).saturating_add(MORE_AT_ONCE);
        let each =
            Duration::from_secs(60) / quota.rpm.saturating_mul(TIMES).saturating_add(MORE * 60);
        let full_at = self.full_at.map_or(now, |full_at| full_at.max(now)) + each;
        match (full_at - now).checked_sub(each.saturating_mul(at_once)) {
            Some(over) if !over.is_zero() => Err(over),
            _ => {
                self.full_at = Some(full_at);
                Ok(())
            }
        }
    }

    /// Whether nothing is known of it that a new one would not do as well.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        self.full_at.is_none_or(|full_at| full_at <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: Quota = Quota {
        rpm: 10,
        tpm: 100_000,
    };

    #[test]
    fn a_minute_of_all_that_a_limit_lets_in_is_never_held_up() {
        for rpm in [1, 10, 500, 60_000] {
            let quota = Quota { rpm, ..FREE };
            let (mut pace, mut now) = (Pace::default(), Instant::now());
            for _ in 0..5 {
                for _ in 0..rpm {
                    pace.take(quota, now).unwrap();
                }
                now += Duration::from_secs(60);
            }
            assert!(pace.is_idle(now));
        }
    }

    #[test]
    fn a_flood_is_taken_up_at_a_steady_rate() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        let mut now = start;
        let mut taken = 0_u32;
        while now < start + Duration::from_secs(60) {
            match pace.take(FREE, now) {
                Ok(()) => taken += 1,
                Err(wait) => now += wait,
            }
        }
        // At once, and as many as come back within the minute.
        assert!(taken.abs_diff(620 + 620) <= 2, "{taken}");
        assert!(!pace.is_idle(now));
    }

    #[test]
    fn a_limit_without_measure_is_none() {
        let quota = Quota {
            rpm: u32::MAX,
            ..FREE
        };
        let (mut pace, now) = (Pace::default(), Instant::now());
        for _ in 0..100_000 {
            pace.take(quota, now).unwrap();
        }
    }
}
