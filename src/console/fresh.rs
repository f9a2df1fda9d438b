//! Secrets just made by a form that a browser posted by itself: the answer to such a form is a redirect, so the secret waits
//! here, in memory alone, for the page that comes next.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tower_sessions::session::Id;

use crate::clock::UnixMs;

/// The redirect follows at once; what is not fetched by then is forgotten.
const KEPT: Duration = Duration::from_secs(60);

#[derive(Clone)]
pub(super) struct Fresh<T>(Arc<Mutex<HashMap<Id, (UnixMs, T)>>>);

impl<T> Default for Fresh<T> {
    fn default() -> Self {
        Fresh(Arc::default())
    }
}

impl<T> Fresh<T> {
    pub(super) fn put(&self, session: Id, secret: T, now: UnixMs) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, (since, _)| now.since(*since) < KEPT);
        kept.insert(session, (now, secret));
    }

    /// The session's fresh secret, once.
    pub(super) fn take(&self, session: Id, now: UnixMs) -> Option<T> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, secret) = kept.remove(&session)?;
        (now.since(since) < KEPT).then_some(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_secret_is_given_once_to_its_own_session_and_not_for_long() {
        let fresh = Fresh::default();
        let (mine, other) = (Id(1), Id(2));
        fresh.put(mine, "secret", UnixMs(0));
        assert!(fresh.take(other, UnixMs(1)).is_none());
        assert!(fresh.take(mine, UnixMs(1)).is_some());
        assert!(fresh.take(mine, UnixMs(1)).is_none());
        fresh.put(mine, "secret", UnixMs(0));
        assert!(fresh.take(mine, UnixMs(60_000)).is_none());
    }
}
