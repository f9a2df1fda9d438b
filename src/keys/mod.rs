//! Keys: how a program says which account it calls for, and what of the account's it may use.

mod change;
mod error;
mod find;
mod format;
mod memory;
mod restrictions;
mod store;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::clock::{Clock, UnixMs};
use crate::db::Db;
use crate::ids::{AccountId, KeyId};
use crate::principal::Principal;

pub use error::{ChangeError, CreateError, Refusal, RevokeError, RotateError, StoreError};
pub use find::{BEFORE, Found, WHOLE, find_keys};
pub use format::{Malformed, PlainKey};
use memory::{Memory, Recalled, Use};
pub use restrictions::{Invalid, Restrictions, bare, ip_range};

/// Live keys of one account; revoked and expired ones do not count.
pub const MOST_KEYS: usize = 100;
pub const MOST_NAME_CHARS: usize = 50;
/// How long an old secret can live on beside the one that replaced it.
pub const LONGEST_OVERLAP: Duration = Duration::from_secs(7 * 86_400);
/// Older secrets of one key that are taken at the same time.
pub const MOST_RETIRED: usize = 10;
/// How long the database is waited for where a key is known from before.
const BRIDGED_AFTER: Duration = Duration::from_secs(2);
/// For so long a secret that has ended is refused as expired; after that, as one that never was.
const REMEMBERED: Duration = Duration::from_secs(30 * 86_400);

/// A key without its secret, which is known only to its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub id: KeyId,
    pub name: String,
    /// The first 8 characters of its present secret.
    pub prefix: String,
    /// The last 4 characters.
    pub suffix: String,
    pub created: UnixMs,
    /// When its present secret was last used, and from where.
    pub last_used: Option<UnixMs>,
    pub last_used_from: Option<IpAddr>,
    pub revoked: Option<UnixMs>,
    pub restrictions: Restrictions,
    /// Its older secrets that are still taken, newest first. Only [`Keys::list`] tells them.
    pub retired: Vec<RetiredSecret>,
}

/// A secret that was replaced, and is taken until it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetiredSecret {
    pub prefix: String,
    pub suffix: String,
    pub last_used: Option<UnixMs>,
    pub last_used_from: Option<IpAddr>,
    pub ends: UnixMs,
}

/// Whether a key can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    Active,
    Expired,
    Revoked,
}

impl Key {
    /// As shown: `ask_7Hq2…k3Qa`.
    pub fn masked(&self) -> String {
        masked(&self.prefix, &self.suffix)
    }

    pub fn state(&self, now: UnixMs) -> KeyState {
        match (self.revoked, self.restrictions.expires) {
            (Some(_), _) => KeyState::Revoked,
            (None, Some(expires)) if expires <= now => KeyState::Expired,
            (None, _) => KeyState::Active,
        }
    }
}

impl RetiredSecret {
    pub fn masked(&self) -> String {
        masked(&self.prefix, &self.suffix)
    }
}

fn masked(prefix: &str, suffix: &str) -> String {
    format!("{prefix}…{suffix}")
}

/// What a key is to be, as its owner typed it. Empty lists and `None` restrict nothing.
#[derive(Clone, Debug, Default)]
pub struct NewKey {
    pub name: String,
    /// From then on it is refused.
    pub expires: Option<UnixMs>,
    /// Names of endpoints, such as `chat`.
    pub endpoints: Vec<String>,
    /// Ids of models.
    pub models: Vec<String>,
    /// Addresses and ranges that it may be used from.
    pub ips: Vec<String>,
    /// Requests per minute, at most as many as the account has.
    pub rpm: Option<u32>,
    /// Tokens per minute, at most as many as the account has.
    pub tpm: Option<u64>,
}

impl NewKey {
    /// One that may all that its account may.
    pub fn named(name: impl Into<String>) -> Self {
        NewKey {
            name: name.into(),
            ..NewKey::default()
        }
    }
}

/// A key's new secret, and when the one that it replaced ends.
pub struct Rotated {
    pub key: Key,
    pub secret: PlainKey,
    pub old: RetiredSecret,
}

/// The keys of this service; cheap to clone, and every clone has the same memory.
#[derive(Clone)]
pub struct Keys {
    db: Db,
    clock: Clock,
    memory: Arc<Memory>,
}

impl Keys {
    pub fn new(db: Db, clock: Clock) -> Self {
        Keys {
            db,
            clock,
            memory: Arc::default(),
        }
    }

    /// The same, as a part of an act.
    pub fn within(&self, act: &Db) -> Self {
        Keys {
            db: act.clone(),
            ..self.clone()
        }
    }

    /// A new key, and its secret, which cannot be had again.
    pub async fn create(
        &self,
        account: &AccountId,
        new: NewKey,
    ) -> Result<(Key, PlainKey), CreateError> {
        let quota = store::quota(&self.db, account)
            .await
            .map_err(CreateError::Store)?;
        let created = self.clock.now();
        let (name, restrictions) = new.check(created, quota)?;
        let secret = PlainKey::generate().map_err(CreateError::Randomness)?;
        let (prefix, suffix) = secret.ends();
        let key = Key {
            id: KeyId::new(),
            name,
            prefix: prefix.to_owned(),
            suffix: suffix.to_owned(),
            created,
            last_used: None,
            last_used_from: None,
            revoked: None,
            restrictions,
            retired: vec![],
        };
        let most = i64::try_from(MOST_KEYS).unwrap_or(i64::MAX);
        match store::insert(&self.db, account, &key, &secret.hash(), most)
            .await
            .map_err(CreateError::Store)?
        {
            true => Ok((key, secret)),
            false => Err(CreateError::TooMany { max: MOST_KEYS }),
        }
    }

    /// Newest first, expired ones behind those that can be used, revoked ones last.
    pub async fn list(&self, account: &AccountId) -> Result<Vec<Key>, StoreError> {
        self.flush_last_used().await?;
        store::list(&self.db, account, self.clock.now())
            .await
            .map_err(StoreError)
    }

    /// A new secret under the same id. The one that it replaces is taken for `overlap` more, and so is each older one
    /// for what its own rotation gave it: so programs can change over one by one.
    pub async fn rotate(
        &self,
        account: &AccountId,
        id: &KeyId,
        overlap: Duration,
    ) -> Result<Rotated, RotateError> {
        if overlap > LONGEST_OVERLAP {
            let max = LONGEST_OVERLAP;
            return Err(RotateError::OverlapTooLong { max });
        }
        let secret = PlainKey::generate().map_err(RotateError::Randomness)?;
        let mut transaction = self.db.begin().await.map_err(RotateError::Store)?;
        let (mut key, old) = store::hold(&mut transaction, account, id)
            .await
            .map_err(RotateError::Store)?
            .ok_or(RotateError::NotFound)?;
        let now = self.clock.now();
        match key.state(now) {
            KeyState::Active => {}
            KeyState::Expired => return Err(RotateError::Expired),
            KeyState::Revoked => return Err(RotateError::Revoked),
        }
        let forgotten = UnixMs(now.0 - UnixMs(0).plus(REMEMBERED).0);
        let live = store::count_retired(&mut transaction, id, now, forgotten)
            .await
            .map_err(RotateError::Store)?;
        // An old secret that ends at once takes nobody's place: the way out of a leak is always open.
        if !overlap.is_zero() && usize::try_from(live).unwrap_or(MOST_RETIRED) >= MOST_RETIRED {
            return Err(RotateError::TooManySecrets { max: MOST_RETIRED });
        }
        let ends = now.plus(overlap);
        let new = (secret.hash(), secret.ends());
        store::replace_secret(&mut transaction, &key, &old, &new.0, new.1, now, ends)
            .await
            .map_err(RotateError::Store)?;
        transaction.commit().await.map_err(RotateError::Store)?;
        self.forget(id).await;
        let old = RetiredSecret {
            prefix: std::mem::replace(&mut key.prefix, new.1.0.to_owned()),
            suffix: std::mem::replace(&mut key.suffix, new.1.1.to_owned()),
            last_used: key.last_used.take(),
            last_used_from: key.last_used_from.take(),
            ends,
        };
        Ok(Rotated { key, secret, old })
    }

    /// From here on the key is refused, by all its secrets. Revoking it again changes nothing.
    pub async fn revoke(&self, account: &AccountId, id: &KeyId) -> Result<(), RevokeError> {
        let found = store::revoke(&self.db, account, id, self.clock.now())
            .await
            .map_err(RevokeError::Store)?;
        if !found {
            return Err(RevokeError::NotFound);
        }
        self.forget(id).await;
        Ok(())
    }

    /// Has nobody remember a key that was changed.
    async fn forget(&self, id: &KeyId) {
        let (memory, id) = (self.memory.clone(), id.clone());
        self.db.then(async move { memory.forget(&id) }).await;
    }

    /// Who calls with the key `presented`, from an address, if that is known.
    pub async fn verify(
        &self,
        presented: &str,
        from: Option<IpAddr>,
    ) -> Result<Principal, Refusal> {
        let hash = PlainKey::parse(presented)
            .map_err(|Malformed| Refusal::Mistyped)?
            .hash();
        let at = self.clock.now();
        let lookup = match self.memory.recall(hash, Use { at, from }) {
            Recalled::Known(answer) => return answer,
            Recalled::Nothing(lookup) => lookup,
        };
        let patience = if lookup.is_bridged {
            BRIDGED_AFTER
        } else {
            Duration::MAX
        };
        let found = timeout(patience, store::find_holder(&self.db, &hash)).await;
        let refusal = match found.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
            Ok(Some(holder)) if holder.revoked => Refusal::Revoked,
            Ok(Some(holder)) if holder.suspended => Refusal::Suspended,
            Ok(Some(holder)) => return self.memory.remember(lookup, holder),
            Ok(None) => Refusal::Unknown,
            Err(error) => {
                let bridged = self.memory.bridge(&lookup, self.clock.now());
                return bridged.unwrap_or(Err(Refusal::Store(error)));
            }
        };
        self.memory.refuse(&lookup);
        Err(refusal)
    }

    /// Has this process follow at once what was changed of an account: its tier, its quota, that it is suspended or deleted; others follow within 5 seconds.
    pub async fn account_changed(&self, account: &AccountId) {
        let (memory, account) = (self.memory.clone(), account.clone());
        let follows = async move { memory.forget_account(&account) };
        self.db.then(follows).await;
    }

    /// Writes down when and from where keys were last used. That is noted in memory first, off the path of requests:
    /// this is to be called every few seconds, and at the end.
    pub async fn flush_last_used(&self) -> Result<(), StoreError> {
        let uses = self.memory.take_uses();
        if uses.is_empty() {
            return Ok(());
        }
        store::note_uses(&self.db, &uses).await.map_err(|error| {
            self.memory.give_back(uses);
            StoreError(error)
        })
    }
}
