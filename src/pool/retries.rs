//! How many requests may be given to another worker of which it is doubtful that it is well, so that a fleet which is dying is
//! not asked twice as much for it. What goes to a worker that is well beyond doubt costs nothing here: its places are its bound.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::window::Window;
use crate::clock::UnixMs;

/// One in so many requests may be given to another worker.
const SHARE: usize = 5;
/// So many may be in any case.
const FLOOR: usize = 20;
/// Over the last so many seconds.
const SECONDS: usize = 10;

pub(super) struct Retries {
    window: Mutex<Window>,
    taken: AtomicU64,
    refused: AtomicU64,
}

/// What has become, since the start, of requests whose worker had failed them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetryCounts {
    /// Given to another worker.
    pub taken: u64,
    /// Refused, since enough had been tried of late and no worker was well beyond doubt.
    pub refused: u64,
}

impl Retries {
    pub(super) fn new() -> Self {
        Retries {
            window: Mutex::new(Window::new(SECONDS)),
            taken: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// Counts a request.
    pub(super) fn began(&self, now: UnixMs) {
        self.window().add(now, [1, 0]);
    }

    /// Whether one more may be tried on a worker in doubt. Those `in_flight` count as requests however long ago they began:
    /// they are what a worker that dies leaves to be made up for.
    pub(super) fn has_left(&self, now: UnixMs, in_flight: usize) -> bool {
        has_left(self.window().sums(now), in_flight)
    }

    /// Makes one try on a worker in doubt, if there is one to be had; `try_it` gives `None` where it came to no try.
    pub(super) fn spend<T>(
        &self,
        now: UnixMs,
        in_flight: usize,
        try_it: impl FnOnce() -> Option<T>,
    ) -> Option<T> {
        // Held, so that many at once do not spend the same.
        let mut window = self.window();
        if !has_left(window.sums(now), in_flight) {
            return None;
        }
        let tried = try_it()?;
        window.add(now, [0, 1]);
        Some(tried)
    }

    pub(super) fn took(&self) {
        self.taken.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn counts(&self) -> RetryCounts {
        RetryCounts {
            taken: self.taken.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }

    fn window(&self) -> std::sync::MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn has_left([requests, retries]: [usize; 2], in_flight: usize) -> bool {
    retries < FLOOR + (requests + in_flight) / SHARE
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: UnixMs = UnixMs(1_000_000);

    fn taken(retries: &Retries, now: UnixMs, in_flight: usize) -> usize {
        let take = |_: &usize| retries.spend(now, in_flight, || Some(())).is_some();
        (0..10_000).filter(take).count()
    }

    #[test]
    fn a_fifth_of_the_requests_may_be_tried_again_and_a_few_in_any_case() {
        let retries = Retries::new();
        (0..1_000).for_each(|_| retries.began(NOW));
        assert_eq!(taken(&retries, NOW, 0), FLOOR + 200);
        assert!(!retries.has_left(NOW, 0) && retries.has_left(NOW, 50));
        assert_eq!(taken(&retries, NOW, 50), 10);
        let later = NOW.plus(Duration::from_secs(SECONDS as u64));
        assert_eq!(taken(&retries, later, 0), FLOOR);
    }

    #[test]
    fn one_of_three_that_dies_with_all_its_requests_is_made_up_for() {
        // Long ones, none of which began of late.
        assert!(taken(&Retries::new(), NOW, 3 * 30) >= 30);
    }

    #[test]
    fn a_try_that_came_to_nothing_is_not_spent() {
        let retries = Retries::new();
        for _ in 0..1_000 {
            assert_eq!(retries.spend(NOW, 0, || None::<()>), None);
        }
        assert_eq!(taken(&retries, NOW, 0), FLOOR);
    }
}
