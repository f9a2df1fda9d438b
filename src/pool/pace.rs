//! How fast a worker begins to answer, and whether that is out of line with the others that do the same work.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// The work that times are compared for: a model, and whether it answers in a stream. A whole answer's first byte waits for
/// its last word.
pub(super) type Work = (String, bool);

const REMEMBERED: usize = 32;
/// So many answers say how fast a worker is.
const ENOUGH: usize = 16;
/// How often one is compared with the others: every so many answers.
const EVERY: usize = 8;
/// So many times slower than the others is out of line,
const OUT_OF_LINE: u32 = 3;
/// unless it is by no more than this.
const TRIFLE: Duration = Duration::from_millis(100);
/// Fewer others are no measure.
pub(super) const FEWEST_OTHERS: usize = 2;

/// A worker's latest times to its first byte.
#[derive(Debug, Default)]
pub(super) struct Pace {
    times: BTreeMap<Work, VecDeque<Duration>>,
    since_compared: usize,
}

impl Pace {
    /// Says whether it is time to compare it with the others'.
    pub(super) fn took(&mut self, work: &Work, time: Duration) -> bool {
        let times = match self.times.get_mut(work) {
            Some(times) => times,
            None => self.times.entry(work.clone()).or_default(),
        };
        times.push_front(time);
        times.truncate(REMEMBERED);
        self.since_compared += 1;
        let due = times.len() >= ENOUGH && self.since_compared >= EVERY;
        if due {
            self.since_compared = 0;
        }
        due
    }

    /// How long it usually takes; `None` while that cannot be told.
    pub(super) fn usual(&self, work: &Work) -> Option<Duration> {
        let times = self.times.get(work)?;
        (times.len() >= ENOUGH).then(|| middle(times.iter().copied()))?
    }

    /// How long it took at most, of late; `None` while that tells nothing.
    pub(super) fn longest(&self, work: &Work) -> Option<Duration> {
        let times = self.times.get(work)?;
        (times.len() >= ENOUGH).then(|| times.iter().max().copied())?
    }

    /// Of all its work together.
    pub(super) fn median(&self) -> Option<Duration> {
        middle(self.times.values().flatten().copied())
    }

    pub(super) fn forget(&mut self) {
        *self = Pace::default();
    }
}

/// Whether one that usually takes `own` is slow among `others`.
pub(super) fn is_out_of_line(own: Duration, others: impl Iterator<Item = Duration>) -> bool {
    let others: Vec<_> = others.collect();
    let enough = others.len() >= FEWEST_OTHERS;
    enough
        && middle(others.into_iter())
            .is_some_and(|usual| own > usual * OUT_OF_LINE && own > usual + TRIFLE)
}

/// From when on a first byte is late, where the others took as long as `longest` says at most.
pub(super) fn late_after(longest: &[Duration]) -> Option<Duration> {
    let most = *longest.iter().max()?;
    Some((most * OUT_OF_LINE).max(most + TRIFLE))
}

fn middle(times: impl Iterator<Item = Duration>) -> Option<Duration> {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    times.get(times.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(times: &[u64]) -> impl Iterator<Item = Duration> {
        times.iter().map(|ms| Duration::from_millis(*ms))
    }

    #[test]
    fn slow_is_who_takes_several_times_as_long_as_the_others_and_not_by_a_trifle() {
        for (own, others, slow) in [
            (900, &[200, 210, 190][..], true),
            (500, &[200, 210, 190], false),
            (90, &[5, 6, 7], false),
            (900, &[200], false),
            // Two of three that are slow are the measure themselves.
            (900, &[800, 200], true),
            (900, &[800, 850], false),
        ] {
            let own = Duration::from_millis(own);
            assert_eq!(
                is_out_of_line(own, ms(others)),
                slow,
                "{own:?} among {others:?}"
            );
        }
    }

    #[test]
    fn late_is_what_comes_several_times_later_than_the_latest_of_the_others() {
        for (longest, late) in [
            (&[200, 400][..], Some(1_200)),
            (&[5, 10, 2], Some(110)),
            (&[], None),
        ] {
            let longest: Vec<_> = ms(longest).collect();
            assert_eq!(late_after(&longest), late.map(Duration::from_millis));
        }
    }

    #[test]
    fn a_pace_is_told_by_enough_answers_of_the_same_work() {
        let (streams, whole) = (("m".to_owned(), true), ("m".to_owned(), false));
        let mut pace = Pace::default();
        let due: Vec<_> = (1..=40)
            .filter(|count| pace.took(&streams, Duration::from_millis(*count)))
            .collect();
        assert_eq!(due, [16, 24, 32, 40]);
        assert_eq!(
            pace.usual(&streams),
            Some(Duration::from_millis(24)),
            "of the last 32"
        );
        assert_eq!(pace.longest(&streams), Some(Duration::from_millis(40)));
        assert_eq!((pace.usual(&whole), pace.longest(&whole)), (None, None));
        pace.forget();
        assert_eq!((pace.usual(&streams), pace.median()), (None, None));
    }
}
