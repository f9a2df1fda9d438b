//! Two counts over the last seconds, as requests against retries or answers against failures.

use crate::clock::UnixMs;

#[derive(Debug)]
pub(super) struct Window {
    /// One for each second.
    slots: Vec<[usize; 2]>,
    /// The second that the newest slot counts.
    newest: i64,
}

impl Window {
    pub(super) fn new(seconds: usize) -> Self {
        Window {
            slots: vec![[0; 2]; seconds],
            newest: 0,
        }
    }

    pub(super) fn add(&mut self, now: UnixMs, counts: [usize; 2]) {
        self.forget(now);
        let newest = self.slot(self.newest);
        for (slot, count) in newest.iter_mut().zip(counts) {
            *slot += count;
        }
    }

    pub(super) fn sums(&mut self, now: UnixMs) -> [usize; 2] {
        self.forget(now);
        let add = |[a, b]: [usize; 2], slot: &[usize; 2]| [a + slot[0], b + slot[1]];
        self.slots.iter().fold([0; 2], add)
    }

    pub(super) fn clear(&mut self) {
        self.slots.fill([0; 2]);
    }

    /// Empties the slots of seconds that have come since. A clock that was set back goes on with the newest.
    fn forget(&mut self, now: UnixMs) {
        let (before, now) = (self.newest, now.seconds());
        let all = self.slots.len() as i64;
        for second in (before + 1).max(now.saturating_sub(all) + 1)..=now {
            *self.slot(second) = [0; 2];
        }
        self.newest = before.max(now);
    }

    fn slot(&mut self, second: i64) -> &mut [usize; 2] {
        let at = second.rem_euclid(self.slots.len() as i64);
        &mut self.slots[at as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_than_the_window_is_forgotten_slot_by_slot() {
        let at = |second: i64| UnixMs(1_767_225_600_000 + second * 1_000);
        let mut window = Window::new(3);
        for second in 0..5 {
            window.add(at(second), [1, second as usize]);
        }
        assert_eq!(window.sums(at(4)), [3, 2 + 3 + 4]);
        assert_eq!(window.sums(at(6)), [1, 4]);
        window.add(at(5), [1, 0]);
        assert_eq!(
            window.sums(at(6)),
            [2, 4],
            "a clock that was set back loses nothing"
        );
        assert_eq!(window.sums(at(1_000)), [0, 0]);
    }
}
