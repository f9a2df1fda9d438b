//! What this process remembers of keys, so that a request in the middle of many costs no look-up.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Refusal;
use super::format::HashedKey;
use super::restrictions::Conditions;
use super::store::Holder;
use crate::clock::UnixMs;
use crate::ids::{AccountId, KeyId};
use crate::principal::Principal;

/// After this long a key is looked up again: another process may have revoked it, or changed its account's tier.
const FRESH: Duration = Duration::from_secs(5);
/// While the database does not answer, a key is taken for this long as it was last read there: a fault of minutes stops
/// nobody, and what was revoked elsewhere meanwhile is not taken for ever.
pub(super) const BRIDGED: Duration = Duration::from_secs(10 * 60);
const MOST_KEYS: usize = 10_000;

#[derive(Default)]
pub(super) struct Memory(Mutex<State>);

/// When and from where each secret was last used. In order, so that two processes that write it down cannot wait for
/// each other.
pub(super) type Uses = BTreeMap<HashedKey, Use>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Use {
    pub at: UnixMs,
    pub from: Option<IpAddr>,
}

#[derive(Default)]
struct State {
    known: HashMap<HashedKey, Known>,
    /// Uses that the database does not know of yet.
    used: Uses,
    /// How often a key was revoked or rotated.
    changes: u64,
}

struct Known {
    principal: Principal,
    conditions: Conditions,
    read: UnixMs,
    /// When the database was last asked, whether or not it has answered.
    asked: UnixMs,
}

impl Known {
    fn is_fresh(&self, now: UnixMs) -> bool {
        is_within(FRESH, self.asked, now) && self.bridges(now)
    }

    /// Whether it may be taken though the database does not answer.
    fn bridges(&self, now: UnixMs) -> bool {
        is_within(BRIDGED, self.read, now)
    }
}

/// A clock that was set back makes what it read before as old as can be.
fn is_within(span: Duration, read: UnixMs, now: UnixMs) -> bool {
    read <= now && now.since(read) < span
}

/// A key that has to be looked up, and when that began: what is found counts only if no key was changed meanwhile.
pub(super) struct Lookup {
    hash: HashedKey,
    used: Use,
    changes: u64,
    /// Whether it is known from before, and may be taken as it was if the database does not answer.
    pub(super) is_bridged: bool,
}

pub(super) enum Recalled {
    /// It is remembered; whether it may be used is asked anew each time.
    Known(Result<Principal, Refusal>),
    Nothing(Lookup),
}

impl Memory {
    pub(super) fn recall(&self, hash: HashedKey, used: Use) -> Recalled {
        let mut state = self.state();
        let principal = match state.known.get(&hash) {
            Some(known) if known.is_fresh(used.at) => known
                .conditions
                .check(used.from, used.at)
                .map(|()| known.principal.clone()),
            known => {
                return Recalled::Nothing(Lookup {
                    hash,
                    used,
                    changes: state.changes,
                    is_bridged: known.is_some_and(|known| known.bridges(used.at)),
                });
            }
        };
        if principal.is_ok() {
            state.used.insert(hash, used);
        }
        Recalled::Known(principal)
    }

    /// Keeps what was looked up, and answers with it as [`Memory::recall`] would.
    pub(super) fn remember(&self, lookup: Lookup, holder: Holder) -> Result<Principal, Refusal> {
        let Lookup {
            hash,
            used,
            changes,
            ..
        } = lookup;
        let Holder {
            principal,
            conditions,
            ..
        } = holder;
        let allowed = conditions.check(used.from, used.at);
        let mut state = self.state();
        if allowed.is_ok() {
            state.used.insert(hash, used);
        }
        if state.changes == changes {
            state.keep(
                hash,
                Known {
                    principal: principal.clone(),
                    conditions,
                    read: used.at,
                    asked: used.at,
                },
            );
        }
        allowed.map(|()| principal)
    }

    /// Answers by what was read before, where the database has not answered by `now`; it is not asked again for a while. `None`
    /// where nothing is known, or what is known is too old.
    pub(super) fn bridge(
        &self,
        lookup: &Lookup,
        now: UnixMs,
    ) -> Option<Result<Principal, Refusal>> {
        let mut state = self.state();
        let known = state.known.get_mut(&lookup.hash)?;
        if !known.bridges(now) {
            return None;
        }
        known.asked = now;
        let allowed = known.conditions.check(lookup.used.from, now);
        let principal = allowed.map(|()| known.principal.clone());
        if principal.is_ok() {
            state.used.insert(lookup.hash, lookup.used);
        }
        Some(principal)
    }

    /// To be called where the database says that a secret is taken no more: what was read of it before is not to be taken
    /// either, not even while the database does not answer.
    pub(super) fn refuse(&self, lookup: &Lookup) {
        let mut state = self.state();
        if state.known.remove(&lookup.hash).is_some() {
            state.changes += 1;
        }
    }

    /// To be called once the database says that `key` is revoked or rotated: what was read before is remembered no
    /// more, not even by who is still on the way here with it.
    pub(super) fn forget(&self, key: &KeyId) {
        let mut state = self.state();
        state.changes += 1;
        state
            .known
            .retain(|_, known| known.principal.via.key() != Some(key));
    }

    /// To be called once the database says that an account's tier or quota is another, or that it is suspended.
    pub(super) fn forget_account(&self, account: &AccountId) {
        let mut state = self.state();
        state.changes += 1;
        state
            .known
            .retain(|_, known| known.principal.account != *account);
    }

    pub(super) fn take_uses(&self) -> Uses {
        std::mem::take(&mut self.state().used)
    }

    /// Gives back uses that could not be written, unless later ones were noted since.
    pub(super) fn give_back(&self, uses: Uses) {
        let mut state = self.state();
        for (secret, used) in uses {
            state.used.entry(secret).or_insert(used);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn keep(&mut self, hash: HashedKey, known: Known) {
        if self.known.len() >= MOST_KEYS {
            self.known
                .retain(|_, other| known.read.since(other.read) < FRESH);
        }
        if self.known.len() < MOST_KEYS {
            self.known.insert(hash, known);
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

    const NOW: Use = Use {
        at: UnixMs(1_000),
        from: None,
    };

    fn later(by: Duration) -> Use {
        Use {
            at: NOW.at.plus(by),
            ..NOW
        }
    }

    fn holder() -> (HashedKey, KeyId, Holder) {
        let id = KeyId::new();
        let principal = Principal {
            account: AccountId::new(),
            via: Via::Key(id.clone()),
            tier: Tier::Free,
            quota: Tier::Free.quota(),
            grant: Arc::default(),
        };
        let holder = Holder {
            principal,
            revoked: false,
            suspended: false,
            conditions: Conditions {
                ends: None,
                ips: Arc::default(),
            },
        };
        (PlainKey::generate().unwrap().hash(), id, holder)
    }

    fn lookup(memory: &Memory, hash: HashedKey, used: Use) -> Lookup {
        match memory.recall(hash, used) {
            Recalled::Nothing(lookup) => lookup,
            Recalled::Known(_) => panic!("nothing was to be known of the key"),
        }
    }

    fn knows(memory: &Memory, hash: HashedKey, used: Use) -> bool {
        matches!(memory.recall(hash, used), Recalled::Known(Ok(_)))
    }

    #[test]
    fn a_key_is_remembered_for_five_seconds_from_when_its_look_up_began() {
        let (memory, (hash, _, holder)) = (Memory::default(), holder());
        let principal = holder.principal.clone();
        let looked_up = lookup(&memory, hash, NOW);
        assert_eq!(memory.remember(looked_up, holder).unwrap(), principal);
        let recalled = memory.recall(hash, later(FRESH - Duration::from_millis(1)));
        assert!(matches!(recalled, Recalled::Known(Ok(known)) if known == principal));
        lookup(&memory, hash, later(FRESH));
    }

    #[test]
    fn a_remembered_key_expires_on_time_and_is_held_to_its_addresses() {
        let (memory, (hash, _, mut holder)) = (Memory::default(), holder());
        let (home, away) = ("10.0.0.1".parse().ok(), "10.0.0.2".parse().ok());
        holder.conditions = Conditions {
            ends: Some(NOW.at.plus(Duration::from_secs(1))),
            ips: ["10.0.0.1/32".parse().unwrap()].into(),
        };
        let at = |seconds, from| Use {
            from,
            ..later(Duration::from_millis(seconds))
        };
        let looked_up = lookup(&memory, hash, at(0, home));
        memory.remember(looked_up, holder).unwrap();
        assert!(knows(&memory, hash, at(999, home)));
        for (used, expired) in [(at(999, away), false), (at(1_000, home), true)] {
            let Recalled::Known(Err(refusal)) = memory.recall(hash, used) else {
                panic!("it was to be refused without a look-up");
            };
            assert_eq!(matches!(refusal, Refusal::Expired), expired, "{refusal:?}");
        }
        let expected = Uses::from([(hash, at(999, home))]);
        assert_eq!(memory.take_uses(), expected, "a refused call is no use");
    }

    #[test]
    fn what_was_looked_up_before_a_revocation_is_not_remembered_after_it() {
        let (memory, (hash, id, holder)) = (Memory::default(), holder());
        let looked_up = lookup(&memory, hash, NOW);
        memory.forget(&id);
        memory.remember(looked_up, holder).unwrap();
        assert!(!knows(&memory, hash, NOW));
    }

    #[test]
    fn a_revocation_leaves_other_keys_remembered() {
        let (memory, (hash, _, holder)) = (Memory::default(), holder());
        let looked_up = lookup(&memory, hash, NOW);
        memory.remember(looked_up, holder).unwrap();
        memory.forget(&KeyId::new());
        assert!(knows(&memory, hash, NOW));
    }

    #[test]
    fn memory_is_bounded_and_makes_room_of_what_is_stale() {
        let memory = Memory::default();
        let remember = |used| {
            let (hash, _, holder) = holder();
            let looked_up = lookup(&memory, hash, used);
            memory.remember(looked_up, holder).unwrap();
            hash
        };
        for _ in 0..MOST_KEYS {
            remember(NOW);
        }
        let over = remember(NOW);
        assert!(!knows(&memory, over, NOW));
        let fits = remember(later(FRESH));
        assert!(knows(&memory, fits, later(FRESH)));
    }

    #[test]
    fn a_use_given_back_does_not_hide_a_later_one() {
        let (memory, (hash, _, holder)) = (Memory::default(), holder());
        let looked_up = lookup(&memory, hash, NOW);
        memory.remember(looked_up, holder).unwrap();
        let uses = memory.take_uses();
        let later = later(Duration::from_secs(1));
        assert!(knows(&memory, hash, later));
        memory.give_back(uses);
        assert_eq!(memory.take_uses(), Uses::from([(hash, later)]));
    }
}
