//! What this process remembers of keys, so that a request in the middle of many costs no look-up.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::format::HashedKey;
use crate::clock::UnixMs;
use crate::ids::KeyId;
use crate::principal::Principal;

/// After this long a key is looked up again: another process may have revoked it, or changed its account's tier.
const FRESH: Duration = Duration::from_secs(5);
const MOST_KEYS: usize = 10_000;

#[derive(Default)]
pub(super) struct Memory(Mutex<State>);

#[derive(Default)]
struct State {
    known: HashMap<HashedKey, Known>,
    /// Uses that the database does not know of yet.
    used: HashMap<KeyId, UnixMs>,
    revocations: u64,
}

struct Known {
    principal: Principal,
    read: UnixMs,
}

/// A key that has to be looked up, and when that began: what is found counts only if nothing was revoked meanwhile.
pub(super) struct Lookup {
    hash: HashedKey,
    began: UnixMs,
    revocations: u64,
}

impl Memory {
    pub(super) fn recall(&self, hash: HashedKey, now: UnixMs) -> Result<Principal, Lookup> {
        let mut state = self.state();
        match state.known.get(&hash) {
            Some(known) if now.since(known.read) < FRESH => {
                let principal = known.principal.clone();
                state.note_use(&principal, now);
                Ok(principal)
            }
            _ => Err(Lookup {
                hash,
                began: now,
                revocations: state.revocations,
            }),
        }
    }

    pub(super) fn remember(&self, lookup: Lookup, principal: &Principal) {
        let mut state = self.state();
        state.note_use(principal, lookup.began);
        if state.revocations != lookup.revocations {
            return;
        }
        if state.known.len() >= MOST_KEYS {
            state
                .known
                .retain(|_, known| lookup.began.since(known.read) < FRESH);
        }
        if state.known.len() < MOST_KEYS {
            state.known.insert(
                lookup.hash,
                Known {
                    principal: principal.clone(),
                    read: lookup.began,
                },
            );
        }
    }

    /// To be called once the database says that `key` is revoked: what was read before is remembered no more, not
    /// even by who is still on the way here with it.
    pub(super) fn forget(&self, key: &KeyId) {
        let mut state = self.state();
        state.revocations += 1;
        state
            .known
            .retain(|_, known| known.principal.via.key() != Some(key));
    }

    pub(super) fn take_uses(&self) -> HashMap<KeyId, UnixMs> {
        std::mem::take(&mut self.state().used)
    }

    /// Gives back uses that could not be written, unless later ones were noted since.
    pub(super) fn give_back(&self, uses: HashMap<KeyId, UnixMs>) {
        let mut state = self.state();
        for (key, at) in uses {
            state.used.entry(key).or_insert(at);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn note_use(&mut self, principal: &Principal, at: UnixMs) {
        if let Some(key) = principal.via.key() {
            self.used.insert(key.clone(), at);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ids::AccountId;
    use crate::keys::PlainKey;
    use crate::principal::{Tier, Via};

    const NOW: UnixMs = UnixMs(1_000);

    fn caller() -> (HashedKey, KeyId, Principal) {
        let id = KeyId::new();
        let principal = Principal {
            account: AccountId::new(),
            via: Via::Key(id.clone()),
            quota: Tier::Free.quota(),
            grant: Arc::default(),
        };
        (PlainKey::generate().unwrap().hash(), id, principal)
    }

    #[test]
    fn a_key_is_remembered_for_five_seconds_from_when_its_look_up_began() {
        let (memory, (hash, _, principal)) = (Memory::default(), caller());
        let lookup = memory.recall(hash, NOW).err().unwrap();
        memory.remember(lookup, &principal);
        assert_eq!(
            memory
                .recall(hash, NOW.plus(FRESH - Duration::from_millis(1)))
                .ok(),
            Some(principal)
        );
        assert!(memory.recall(hash, NOW.plus(FRESH)).is_err());
    }

    #[test]
    fn what_was_looked_up_before_a_revocation_is_not_remembered_after_it() {
        let (memory, (hash, id, principal)) = (Memory::default(), caller());
        let lookup = memory.recall(hash, NOW).err().unwrap();
        memory.forget(&id);
        memory.remember(lookup, &principal);
        assert!(memory.recall(hash, NOW).is_err());
    }

    #[test]
    fn a_revocation_leaves_other_keys_remembered() {
        let (memory, (hash, _, principal)) = (Memory::default(), caller());
        let lookup = memory.recall(hash, NOW).err().unwrap();
        memory.remember(lookup, &principal);
        memory.forget(&KeyId::new());
        assert!(memory.recall(hash, NOW).is_ok());
    }

    #[test]
    fn memory_is_bounded_and_makes_room_of_what_is_stale() {
        let memory = Memory::default();
        let remember = |at| {
            let (hash, _, principal) = caller();
            let lookup = memory.recall(hash, at).err().unwrap();
            memory.remember(lookup, &principal);
            hash
        };
        for _ in 0..MOST_KEYS {
            remember(NOW);
        }
        let over = remember(NOW);
        assert!(memory.recall(over, NOW).is_err());
        let later = NOW.plus(FRESH);
        let fits = remember(later);
        assert!(memory.recall(fits, later).is_ok());
    }

    #[test]
    fn a_use_given_back_does_not_hide_a_later_one() {
        let (memory, (hash, id, principal)) = (Memory::default(), caller());
        let lookup = memory.recall(hash, NOW).err().unwrap();
        memory.remember(lookup, &principal);
        let uses = memory.take_uses();
        let later = NOW.plus(Duration::from_secs(1));
        assert!(memory.recall(hash, later).is_ok());
        memory.give_back(uses);
        assert_eq!(memory.take_uses(), HashMap::from([(id, later)]));
    }
}
