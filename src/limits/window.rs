//! A sliding window of 60 seconds in one-second slots: exact to the width of a slot, in constant memory.

use std::time::Duration;

use super::Bucket;
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
        self.slots[slot(self.newest)] += amount;
        self.used += amount;
    }

    /// Corrects an earlier `add(was, at)` to `is`; one that has left the window is past correcting.
    pub(super) fn replace(&mut self, was: u64, is: u64, at: UnixMs) {
        let second = at.seconds();
        if second <= self.newest - SPAN || second > self.newest {
            return;
        }
        let slot = &mut self.slots[slot(second)];
        *slot = (*slot + is).saturating_sub(was);
        self.used = (self.used + is).saturating_sub(was);
    }

    /// How long until `amount` fits under `limit`; `None` if it fits now. `amount` must not exceed `limit`.
    pub(super) fn wait_for(&mut self, amount: u64, limit: u64, now: UnixMs) -> Option<Duration> {
        self.advance(now);
        let mut over = (self.used + amount)
            .checked_sub(limit)
            .filter(|over| *over > 0)?;
        for second in self.newest - SPAN + 1..=self.newest {
            let freed = self.slots[slot(second)];
            if freed >= over {
                return Some(UnixMs((second + SPAN) * 1_000).since(now));
            }
            over -= freed;
        }
        None
    }

    pub(super) fn bucket(&mut self, limit: u64, now: UnixMs) -> Bucket {
        self.advance(now);
        let last_used = (self.newest - SPAN + 1..=self.newest)
            .rev()
            .find(|second| self.slots[slot(*second)] > 0);
        let full_at = last_used.map_or(now, |second| UnixMs((second + SPAN) * 1_000));
        Bucket {
            limit,
            used: self.used,
            full_at,
        }
    }

    /// Lets go of the slots that the window has left. A clock that steps back moves nothing.
    fn advance(&mut self, now: UnixMs) {
        let second = now.seconds();
        if second <= self.newest {
            return;
        }
        if second - self.newest >= SPAN {
            self.slots = [0; SLOTS];
            self.used = 0;
        } else {
            for passed in self.newest + 1..=second {
                self.used -= std::mem::take(&mut self.slots[slot(passed)]);
            }
        }
        self.newest = second;
    }
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
                match window.wait_for(amount, limit, UnixMs(now)) {
                    None => {
                        window.add(amount, UnixMs(now));
                        taken.push((now, amount));
                    }
                    Some(wait) => {
                        let later = now + i64::try_from(wait.as_millis()).unwrap();
                        // Nothing is refused while there is room: a slot's width is all that the window may err.
                        let near = taken.iter().filter(|(at, _)| *at > now - MINUTE_MS - 1_000);
                        prop_assert!(near.map(|(_, amount)| amount).sum::<u64>() + amount > limit);
                        prop_assert!(wait <= Duration::from_secs(61));
                        now = later;
                        prop_assert_eq!(window.wait_for(amount, limit, UnixMs(now)), None);
                        window.add(amount, UnixMs(now));
                        taken.push((now, amount));
                    }
                }
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
