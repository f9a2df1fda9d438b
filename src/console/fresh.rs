//! Keys just created or rotated by a form that a browser posted by itself: the answer to such a form is a redirect, so the secret
//! waits here, in memory alone, for the page that comes next.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use app::console::NewKey;
use tower_sessions::session::Id;

use crate::clock::UnixMs;

/// The redirect follows at once; what is not fetched by then is forgotten.
const KEPT: Duration = Duration::from_secs(60);

#[derive(Clone, Default)]
pub(super) struct FreshKeys(Arc<Mutex<HashMap<Id, (UnixMs, NewKey)>>>);

impl FreshKeys {
    pub(super) fn put(&self, session: Id, key: NewKey, now: UnixMs) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, (since, _)| now.since(*since) < KEPT);
        kept.insert(session, (now, key));
    }

    /// The session's fresh key, once.
    pub(super) fn take(&self, session: Id, now: UnixMs) -> Option<NewKey> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, key) = kept.remove(&session)?;
        (now.since(since) < KEPT).then_some(key)
    }
}

#[cfg(test)]
mod tests {
    use app::console::{Key, KeyState, Restrictions};

    use super::*;

    fn key() -> NewKey {
        let key = Key {
            id: "key_1".into(),
            name: "ci".into(),
            masked: "ask_1234…5678".into(),
            state: KeyState::Active,
            created_ms: 0,
            expires_ms: None,
            revoked_ms: None,
            last_use: None,
            restrictions: Restrictions::default(),
            old_secrets: vec![],
            hours: vec![],
        };
        NewKey {
            key,
            secret: "secret".into(),
        }
    }

    #[test]
    fn a_fresh_key_is_given_once_to_its_own_session_and_not_for_long() {
        let fresh = FreshKeys::default();
        let (mine, other) = (Id(1), Id(2));
        fresh.put(mine, key(), UnixMs(0));
        assert!(fresh.take(other, UnixMs(1)).is_none());
        assert!(fresh.take(mine, UnixMs(1)).is_some());
        assert!(fresh.take(mine, UnixMs(1)).is_none());
        fresh.put(mine, key(), UnixMs(0));
        assert!(fresh.take(mine, UnixMs(60_000)).is_none());
    }
}
