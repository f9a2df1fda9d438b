//! How many requests may be given to another worker, so that a fleet which is dying is not asked twice as much for it.

use std::sync::{Mutex, PoisonError};

use super::window::Window;
use crate::clock::UnixMs;

/// One in so many requests may be given to another worker.
const SHARE: usize = 5;
/// So many may be in any case.
const FLOOR: usize = 20;
/// Over the last so many seconds.
const SECONDS: usize = 10;

pub(super) struct Retries(Mutex<Window>);

impl Retries {
    pub(super) fn new() -> Self {
        Retries(Mutex::new(Window::new(SECONDS)))
    }

    /// Counts a request.
    pub(super) fn began(&self, now: UnixMs) {
        self.window().add(now, [1, 0]);
    }

    /// Takes one retry, if there is one to be had. Those `in_flight` count as requests however long ago they began: they
    /// are what a worker that dies leaves to be made up for.
    pub(super) fn take(&self, now: UnixMs, in_flight: usize) -> bool {
        let mut window = self.window();
        let [requests, retries] = window.sums(now);
        let may = retries < FLOOR + (requests + in_flight) / SHARE;
        if may {
            window.add(now, [0, 1]);
        }
        may
    }

    fn window(&self) -> std::sync::MutexGuard<'_, Window> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: UnixMs = UnixMs(1_000_000);

    fn taken(retries: &Retries, now: UnixMs, in_flight: usize) -> usize {
        (0..10_000).filter(|_| retries.take(now, in_flight)).count()
    }

    #[test]
    fn a_fifth_of_the_requests_may_be_tried_again_and_a_few_in_any_case() {
        let retries = Retries::new();
        (0..1_000).for_each(|_| retries.began(NOW));
        assert_eq!(taken(&retries, NOW, 0), FLOOR + 200);
        assert_eq!(taken(&retries, NOW, 50), 10);
        let later = NOW.plus(Duration::from_secs(SECONDS as u64));
        assert_eq!(taken(&retries, later, 0), FLOOR);
    }

    #[test]
    fn one_of_three_that_dies_with_all_its_requests_is_made_up_for() {
        // Long ones, none of which began of late.
        assert!(taken(&Retries::new(), NOW, 3 * 30) >= 30);
    }
}
