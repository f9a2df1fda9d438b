//! Times counted by steps, so that those of any span can be added up, and their percentiles told.

use std::ops::AddAssign;

/// The ends of all steps but the last, in milliseconds: each is at most two thirds above the one before in what people
/// wait for. The columns `duration_…` and `first_…` of the sums are named for them.
pub(super) const ENDS: [u64; 27] = [
    3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1_000, 1_500, 2_000, 3_000,
    5_000, 7_000, 10_000, 15_000, 20_000, 30_000, 60_000, 120_000,
];

/// The steps of a histogram; what took longer than the longest end is in the last.
pub(super) const STEPS: usize = ENDS.len() + 1;

/// How many times fell into each step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram([u64; STEPS]);

/// The step that `ms` falls into.
pub(super) fn step_of(ms: u64) -> usize {
    ENDS.partition_point(|end| *end < ms)
}

impl Histogram {
    pub(super) fn count(&mut self, ms: u64) {
        self.0[step_of(ms)] += 1;
    }

    pub(super) fn add(&mut self, step: usize, count: u64) {
        if let Some(counted) = self.0.get_mut(step) {
            *counted += count;
        }
    }

    pub(super) fn steps(&self) -> &[u64; STEPS] {
        &self.0
    }

    /// The time that `percent` of all do not exceed, in milliseconds: even within its step. `None` where nothing was
    /// counted; what lies in the last step is told as its beginning.
    pub fn percentile(&self, percent: u64) -> Option<u64> {
        let total: u64 = self.0.iter().sum();
        let rank = (total * percent).div_ceil(100).max(1);
        let mut below = 0;
        for (step, count) in self.0.iter().enumerate() {
            if *count > 0 && below + count >= rank {
                let start = step.checked_sub(1).map_or(0, |before| ENDS[before]);
                let width = ENDS.get(step).map_or(0, |end| end - start);
                return Some(start + width * (rank - below) / count);
            }
            below += count;
        }
        None
    }
}

impl AddAssign<&Histogram> for Histogram {
    fn add_assign(&mut self, other: &Histogram) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own += other;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_falls_into_the_step_that_ends_at_or_above_it() {
        assert_eq!([0, 3, 4, 120_000, 120_001].map(step_of), [0, 0, 1, 26, 27]);
    }

    #[test]
    fn percentiles_lie_within_their_step() {
        let mut times = Histogram::default();
        assert_eq!(times.percentile(50), None);
        (1..=1_000).for_each(|ms| times.count(ms));
        for (percent, exact) in [(50, 500_u64), (95, 950), (99, 990)] {
            let told = times.percentile(percent).unwrap();
            assert!(told.abs_diff(exact) * 20 <= exact, "p{percent}: {told}");
        }
        times = Histogram::default();
        times.count(1_000_000);
        assert_eq!(times.percentile(99), Some(120_000));
    }

    #[test]
    fn sums_of_parts_are_the_whole() {
        let (mut one, mut other, mut both) = (
            Histogram::default(),
            Histogram::default(),
            Histogram::default(),
        );
        for ms in [1, 80, 900, 70_000] {
            one.count(ms);
            other.count(ms * 3);
            both.count(ms);
            both.count(ms * 3);
        }
        one += &other;
        assert_eq!(one, both);
    }
}
