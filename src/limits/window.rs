//! A sliding window of 60 seconds in one-second slots: exact to the width of a slot, in constant memory.

use std::ops::RangeInclusive;

use crate::clock::UnixMs;

/// A span of 60 seconds that starts within one slot ends within the sixtieth after it, so 61 slots cover any.
const SLOTS: usize = 61;
const SPAN: i64 = 61;

/// What was taken in each of the last seconds.
#[derive(Debug)]
pub(super) struct Window {
    slots: [u64; SLOTS],
    /// The unix second of the newest slot.
    newest: i64,
    used: u64,
}

impl Default for Window {
    fn default() -> Self {
        Window {
            slots: [0; SLOTS],
            newest: 0,
            used: 0,
        }
    }
}

impl Window {
    /// What counts against the limit now.
    pub(super) fn used(&mut self, now: UnixMs) -> u64 {
        self.advance(now);
        self.used
    }

    pub(super) fn add(&mut self, amount: u64, now: UnixMs) {
        self.advance(now);
        let slot = &mut self.slots[slot(self.newest)];
        *slot = slot.saturating_add(amount);
        self.used = self.used.saturating_add(amount);
    }

    /// Corrects an earlier `add(was, at)` to `is`; one that has left the window is past correcting.
    pub(super) fn replace(&mut self, was: u64, is: u64, at: UnixMs) {
        let second = at.seconds();
        if second <= self.newest - SPAN || second > self.newest {
            return;
        }
        let slot = &mut self.slots[slot(second)];
        *slot = slot.saturating_sub(was).saturating_add(is);
        self.used = self.sum();
    }

    /// When `amount`, which must not exceed `limit`, fits under it; that is now if it fits now.
    pub(super) fn fits_at(&mut self, amount: u64, limit: u64, now: UnixMs) -> UnixMs {
        self.advance(now);
        let mut over = self.used.saturating_add(amount).saturating_sub(limit);
        // What asks for nothing fits, however full it is.
        if over == 0 || amount == 0 {
            return now;
        }
        for second in self.seconds() {
            let freed = self.slots[slot(second)];
            if freed >= over {
                return leaves_at(second);
            }
            over -= freed;
        }
        leaves_at(self.newest)
    }

    /// When the oldest of what is used frees; `None` if nothing is used. As of the time that was told last.
    pub(super) fn frees_at(&self) -> Option<UnixMs> {
        self.seconds()
            .find(|second| self.slots[slot(*second)] > 0)
            .map(leaves_at)
    }

    /// When all of what is used has freed; `None` if nothing is used. As of the time that was told last.
    pub(super) fn full_at(&self) -> Option<UnixMs> {
        self.seconds()
            .rfind(|second| self.slots[slot(*second)] > 0)
            .map(leaves_at)
    }

    /// Lets go of the slots that the window has left. A clock that steps back moves nothing.
    fn advance(&mut self, now: UnixMs) {
        let second = now.seconds();
        if second <= self.newest {
            return;
        }
        if second - self.newest >= SPAN {
            self.slots = [0; SLOTS];
        } else {
            for passed in self.newest + 1..=second {
                self.slots[slot(passed)] = 0;
            }
        }
        self.used = self.sum();
        self.newest = second;
    }

    /// The seconds in the window, oldest first.
    fn seconds(&self) -> RangeInclusive<i64> {
        self.newest - SPAN + 1..=self.newest
    }

    fn sum(&self) -> u64 {
        self.slots
            .iter()
            .fold(0, |sum, slot| sum.saturating_add(*slot))
    }
}

fn leaves_at(second: i64) -> UnixMs {
    UnixMs((second + SPAN) * 1_000)
}

fn slot(second: i64) -> usize {
    usize::try_from(second.rem_euclid(SPAN)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE_MS: i64 = 60_000;

    proptest! {
        /// The promise, checked against a plain list of what was taken and when.
        #[test]
        fn no_sixty_seconds_hold_more_than_the_limit(
            steps in proptest::collection::vec((0i64..20_000, 1u64..8), 1..120),
            limit in 8u64..40,
        ) {
            let mut window = Window::default();
            let mut taken: Vec<(i64, u64)> = vec![];
            let mut now = 1_000_000_000_000;
            for (pause, amount) in steps {
                now += pause;
                let fits_at = window.fits_at(amount, limit, UnixMs(now)).0;
                if fits_at > now {
                    // Nothing is refused while there is room: a slot's width is all that the window may err.
                    let near = taken.iter().filter(|(at, _)| *at > now - MINUTE_MS - 1_000);
                    prop_assert!(near.map(|(_, amount)| amount).sum::<u64>() + amount > limit);
                    prop_assert!(fits_at - now <= MINUTE_MS + 1_000);
                    prop_assert_eq!(window.fits_at(amount, limit, UnixMs(fits_at)).0, fits_at);
                    now = fits_at;
                }
                window.add(amount, UnixMs(now));
                taken.push((now, amount));
            }
            for (start, _) in &taken {
                let within = taken.iter().filter(|(at, _)| at >= start && *at < start + MINUTE_MS);
                prop_assert!(within.map(|(_, amount)| amount).sum::<u64>() <= limit);
            }
        }

        #[test]
        fn the_sum_is_that_of_the_slots(steps in proptest::collection::vec((0i64..9_000, 0u64..50, 0u64..50), 1..80)) {
            let mut window = Window::default();
            let mut now = 1_000_000_000_000;
            for (pause, was, is) in steps {
                let at = UnixMs(now);
                window.add(was, at);
                now += pause;
                window.used(UnixMs(now));
                window.replace(was, is, at);
                prop_assert_eq!(window.used(UnixMs(now)), window.slots.iter().sum::<u64>());
            }
        }
    }
}
