//! Keys: how a program says which account it calls for.

mod format;
mod memory;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rand::rand_core::OsError;

use crate::clock::{Clock, UnixMs};
use crate::db::Db;
use crate::ids::{AccountId, KeyId};
use crate::principal::Principal;

pub use format::{Malformed, PlainKey};
use memory::Memory;

/// Live keys of one account; revoked ones do not count.
pub const MOST_KEYS: usize = 100;
pub const MOST_NAME_CHARS: usize = 50;

/// A key without its secret, which is known only to its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub id: KeyId,
    pub name: String,
    /// The first 8 characters.
    pub prefix: String,
    /// The last 4 characters.
    pub suffix: String,
    pub created: UnixMs,
    pub last_used: Option<UnixMs>,
    pub revoked: Option<UnixMs>,
}

impl Key {
    /// As shown: `ask_7Hq2…k3Qa`.
    pub fn masked(&self) -> String {
        format!("{}…{}", self.prefix, self.suffix)
    }
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

    /// A new key, and its secret, which cannot be had again.
    pub async fn create(
        &self,
        account: &AccountId,
        name: &str,
    ) -> Result<(Key, PlainKey), CreateError> {
        let name = name.trim();
        match name.chars().count() {
            0 => return Err(CreateError::NameMissing),
            1..=MOST_NAME_CHARS => {}
            _ => {
                return Err(CreateError::NameTooLong {
                    max: MOST_NAME_CHARS,
                });
            }
        }
        let secret = PlainKey::generate().map_err(CreateError::Randomness)?;
        let (prefix, suffix) = secret.ends();
        let key = Key {
            id: KeyId::new(),
            name: name.to_owned(),
            prefix: prefix.to_owned(),
            suffix: suffix.to_owned(),
            created: self.clock.now(),
            last_used: None,
            revoked: None,
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

    /// Newest first, revoked ones last.
    pub async fn list(&self, account: &AccountId) -> Result<Vec<Key>, StoreError> {
        self.flush_last_used().await?;
        store::list(&self.db, account).await.map_err(StoreError)
    }

    /// From here on the key is refused. Revoking it again changes nothing.
    pub async fn revoke(&self, account: &AccountId, id: &KeyId) -> Result<(), RevokeError> {
        let found = store::revoke(&self.db, account, id, self.clock.now())
            .await
            .map_err(RevokeError::Store)?;
        if !found {
            return Err(RevokeError::NotFound);
        }
        self.memory.forget(id);
        Ok(())
    }

    /// Who calls with the key `presented`.
    pub async fn verify(&self, presented: &str) -> Result<Principal, Refusal> {
        let hash = PlainKey::parse(presented)
            .map_err(|Malformed| Refusal::Mistyped)?
            .hash();
        let lookup = match self.memory.recall(hash, self.clock.now()) {
            Ok(principal) => return Ok(principal),
            Err(lookup) => lookup,
        };
        let holder = store::find_holder(&self.db, &hash)
            .await
            .map_err(Refusal::Store)?
            .ok_or(Refusal::Unknown)?;
        if holder.revoked {
            return Err(Refusal::Revoked);
        }
        self.memory.remember(lookup, &holder.principal);
        Ok(holder.principal)
    }

    /// Writes down when keys were last used. That is noted in memory first, off the path of requests: this is to be
    /// called every few seconds, and at the end.
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

#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    #[error("the key has no name")]
    NameMissing,
    #[error("the key's name is longer than {max} characters")]
    NameTooLong { max: usize },
    #[error("the account has {max} keys already")]
    TooMany { max: usize },
    #[error("the system gave no random bytes")]
    Randomness(#[source] OsError),
    #[error("the key could not be stored")]
    Store(#[source] sqlx::Error),
}

#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    #[error("the account has no such key")]
    NotFound,
    #[error("the key could not be revoked")]
    Store(#[source] sqlx::Error),
}

/// Why a key was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("the key is mistyped or was cut")]
    Mistyped,
    #[error("there is no such key")]
    Unknown,
    #[error("the key was revoked")]
    Revoked,
    #[error("the key could not be looked up")]
    Store(#[source] sqlx::Error),
}

#[derive(Debug, thiserror::Error)]
#[error("the keys could not be reached")]
pub struct StoreError(#[source] sqlx::Error);
