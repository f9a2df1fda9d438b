//! A key as its owner sees it.

use std::net::IpAddr;

use app::console::{Key, KeyState, LastUse, OldSecret, Restrictions};

use crate::clock::{DAY_MS, HOUR_MS, UnixMs};
use crate::keys;
use crate::usage::KeyHour;

/// How far back a key's use is shown.
pub(super) const HOURS: i64 = 24;

const EXPIRES_SOON_MS: i64 = 7 * DAY_MS;
const UNUSED_MS: i64 = 30 * DAY_MS;

/// Its use by the hour is not told yet.
pub(super) fn shown(key: &keys::Key, now: UnixMs) -> Key {
    let old_secrets = key.retired.iter().map(|old| OldSecret {
        masked: old.masked(),
        ends_ms: old.ends.0,
        last_use: last_use(old.last_used, old.last_used_from),
    });
    Key {
        id: key.id.to_string(),
        name: key.name.clone(),
        masked: key.masked(),
        state: state(key, now),
        created_ms: key.created.0,
        expires_ms: key.restrictions.expires.map(|moment| moment.0),
        revoked_ms: key.revoked.map(|moment| moment.0),
        last_use: last_use(key.last_used, key.last_used_from),
        restrictions: restrictions(&key.restrictions),
        old_secrets: old_secrets.collect(),
        hours: vec![],
    }
}

/// The requests of `key` in each hour from `first` on.
pub(super) fn hours_of(key: &keys::Key, uses: &[KeyHour], first: UnixMs) -> Vec<u64> {
    let mut hours = vec![0; HOURS as usize];
    for used in uses.iter().filter(|used| used.key_id == key.id.as_str()) {
        let at = usize::try_from((used.hour_ms - first.0) / HOUR_MS).ok();
        if let Some(hour) = at.and_then(|at| hours.get_mut(at)) {
            *hour = u64::try_from(used.requests).unwrap_or(0);
        }
    }
    hours
}

fn state(key: &keys::Key, now: UnixMs) -> KeyState {
    match key.state(now) {
        keys::KeyState::Revoked => return KeyState::Revoked,
        keys::KeyState::Expired => return KeyState::Expired,
        keys::KeyState::Active => {}
    }
    let expires = key.restrictions.expires;
    let olds = key.retired.iter().map(|old| old.last_used);
    let last_used = olds.chain([key.last_used]).flatten().max();
    if expires.is_some_and(|moment| moment.0 - now.0 < EXPIRES_SOON_MS) {
        KeyState::ExpiresSoon
    } else if key.retired.iter().any(|old| old.ends > now) {
        KeyState::Rotating
    } else if now.0 - last_used.unwrap_or(key.created).0 >= UNUSED_MS {
        KeyState::Unused
    } else {
        KeyState::Active
    }
}

fn last_use(at: Option<UnixMs>, from: Option<IpAddr>) -> Option<LastUse> {
    at.map(|at| LastUse {
        ms: at.0,
        ip: from.map(|from| from.to_string()),
    })
}

fn restrictions(of: &keys::Restrictions) -> Restrictions {
    let endpoints = of.grant.endpoints.as_ref();
    let models = of.grant.models.as_ref();
    Restrictions {
        endpoints: endpoints.map(|all| all.iter().map(ToString::to_string).collect()),
        models: models.map(|all| all.iter().cloned().collect()),
        ips: of.ips.iter().map(keys::bare).collect(),
        rpm: of.grant.rpm.map(u64::from),
        tpm: of.grant.tpm,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ids::KeyId;
    use crate::keys::RetiredSecret;

    const NOW: UnixMs = UnixMs(100 * DAY_MS);

    fn key() -> keys::Key {
        keys::Key {
            id: KeyId::from_stored("key_1"),
            name: "ci".into(),
            prefix: "ask_1234".into(),
            suffix: "5678".into(),
            created: UnixMs(0),
            last_used: Some(UnixMs(NOW.0 - DAY_MS)),
            last_used_from: None,
            revoked: None,
            restrictions: keys::Restrictions::default(),
            retired: vec![],
        }
    }

    fn old(last_used: Option<UnixMs>) -> RetiredSecret {
        RetiredSecret {
            prefix: "ask_8765".into(),
            suffix: "4321".into(),
            last_used,
            last_used_from: None,
            ends: UnixMs(NOW.0 + HOUR_MS),
        }
    }

    #[test]
    fn of_all_that_is_true_of_a_key_the_gravest_is_said() {
        let mut key = key();
        assert_eq!(state(&key, NOW), KeyState::Active);
        key.last_used = Some(UnixMs(NOW.0 - UNUSED_MS));
        assert_eq!(state(&key, NOW), KeyState::Unused);
        key.retired = vec![old(None)];
        assert_eq!(state(&key, NOW), KeyState::Rotating);
        key.restrictions.expires = Some(UnixMs(NOW.0 + EXPIRES_SOON_MS));
        assert_eq!(
            state(&key, NOW),
            KeyState::Rotating,
            "not within a week yet"
        );
        key.restrictions.expires = Some(UnixMs(NOW.0 + EXPIRES_SOON_MS - 1));
        assert_eq!(state(&key, NOW), KeyState::ExpiresSoon);
        key.restrictions.expires = Some(NOW);
        assert_eq!(state(&key, NOW), KeyState::Expired);
        key.revoked = Some(NOW);
        assert_eq!(state(&key, NOW), KeyState::Revoked);
    }

    #[test]
    fn a_key_that_was_never_used_is_unused_only_when_it_is_old() {
        let mut key = keys::Key {
            last_used: None,
            created: UnixMs(NOW.0 - UNUSED_MS + 1),
            ..key()
        };
        assert_eq!(state(&key, NOW), KeyState::Active);
        key.created = UnixMs(NOW.0 - UNUSED_MS);
        assert_eq!(state(&key, NOW), KeyState::Unused);
    }

    #[test]
    fn the_hours_of_a_key_are_its_own_and_in_order() {
        let used = |key_id: &str, hour: i64, requests| KeyHour {
            key_id: key_id.into(),
            hour_ms: NOW.0 + hour * HOUR_MS,
            requests,
        };
        let uses = [
            used("key_1", 23, 5),
            used("key_2", 1, 7),
            used("key_1", 0, 2),
        ];
        let hours = hours_of(&key(), &uses, NOW);
        assert_eq!((hours.len(), hours[0], hours[1], hours[23]), (24, 2, 0, 5));
    }

    #[test]
    fn an_address_alone_is_shown_as_it_was_typed() {
        let ranges = ["203.0.113.7/32", "10.0.0.0/8"].map(|range| range.parse().unwrap());
        let shown = restrictions(&keys::Restrictions {
            ips: Arc::new(ranges),
            ..keys::Restrictions::default()
        });
        assert_eq!(shown.ips, ["203.0.113.7", "10.0.0.0/8"]);
    }
}
