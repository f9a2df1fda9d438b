//! Accounts: who may sign in, on which tier, within which quota.

mod address;
mod administer;
mod change;
mod email;
mod guessed;
mod password;
mod proofs;
mod store;
#[cfg(test)]
mod tests;

use crate::clock::{Clock, UnixMs};
use crate::db::{Db, violates_unique};
use crate::ids::AccountId;
use crate::principal::{Quota, Tier};

pub use address::{ChangeAddressError, address};
pub use administer::{AdministerError, Listing, MOST_REASON_CHARS};
pub use change::{ChangePasswordError, DeleteError, RETENTION_DAYS, RenameError};
use password::Hasher;
pub use password::{HashError, MIN_CHARS, Password, Weakness};

/// One account, as the rest of the service sees it: its password's hash stays in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    /// Trimmed and in lower case.
    pub email: String,
    /// What it is called where it is shown; empty for its address.
    pub name: String,
    pub tier: Tier,
    /// The tier's, or what was set for this account alone.
    pub quota: Quota,
    pub is_admin: bool,
    pub created: UnixMs,
    /// For how many days its rows of the ledger are kept.
    pub retention_days: u32,
    /// Whether its owner has shown that the address is theirs, or was known to who made it.
    pub is_verified: bool,
    /// How often what proves its owner was replaced: the password, or whether a second factor is asked for.
    pub proofs: i64,
    /// Since when its keys are refused and nobody is signed in to it, and why.
    pub suspended: Option<Suspension>,
}

/// Why an account can do nothing for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    pub since: UnixMs,
    /// Shown to whoever signs in.
    pub reason: String,
}

/// The accounts of this service; cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    db: Db,
    clock: Clock,
    hasher: Hasher,
}

impl Accounts {
    pub fn new(db: Db, clock: Clock) -> Self {
        Accounts {
            db,
            clock,
            hasher: Hasher::new(),
        }
    }

    /// The same, as a part of an act.
    pub fn within(&self, act: &Db) -> Self {
        Accounts {
            db: act.clone(),
            ..self.clone()
        }
    }

    /// Makes an account for somebody whom who makes it knows.
    pub async fn create(
        &self,
        email: &str,
        password: Password,
        tier: Tier,
        is_admin: bool,
    ) -> Result<Account, CreateError> {
        self.make(email, password, tier, is_admin, true).await
    }

    async fn make(
        &self,
        email: &str,
        password: Password,
        tier: Tier,
        is_admin: bool,
        is_verified: bool,
    ) -> Result<Account, CreateError> {
        let email = email::normalise(email).ok_or(CreateError::EmailInvalid)?;
        password.check(&email).map_err(CreateError::Password)?;
        let hash = self
            .hasher
            .hash(password)
            .await
            .map_err(CreateError::Hash)?;
        let account = Account {
            id: AccountId::new(),
            email,
            name: String::new(),
            tier,
            quota: tier.quota(),
            is_admin,
            created: self.clock.now(),
            retention_days: change::USUAL_RETENTION_DAYS,
            suspended: None,
            is_verified,
            proofs: 0,
        };
        match store::insert(&self.db, &account, &hash).await {
            Ok(()) => Ok(account),
            Err(error) if violates_unique(&error, "accounts", "email") => {
                Err(CreateError::EmailTaken)
            }
            Err(error) => Err(CreateError::Store(error)),
        }
    }

    /// The account that `email` and `password` belong to. Takes as long for an e-mail that no account has.
    pub async fn verify_password(
        &self,
        email: &str,
        password: Password,
    ) -> Result<Option<Account>, VerifyError> {
        if password.is_too_long() {
            return Ok(None);
        }
        let found = match email::normalise(email) {
            Some(email) => store::find_by_email(&self.db, &email)
                .await
                .map_err(VerifyError::Store)?,
            None => None,
        };
        let (account, hash) = found.unzip();
        let fits = self
            .hasher
            .fits(password, hash)
            .await
            .map_err(VerifyError::Hash)?;
        Ok(account.filter(|_| fits))
    }

    /// How many passwords were hashed or compared: the same for an address that nobody has as for one that somebody has.
    pub fn hashes(&self) -> u64 {
        self.hasher.done()
    }

    pub async fn find(&self, id: &AccountId) -> Result<Option<Account>, StoreError> {
        store::find(&self.db, id).await.map_err(StoreError)
    }

    pub async fn find_by_email(&self, email: &str) -> Result<Option<Account>, StoreError> {
        let Some(email) = email::normalise(email) else {
            return Ok(None);
        };
        let found = store::find_by_email(&self.db, &email)
            .await
            .map_err(StoreError)?;
        Ok(found.map(|(account, _)| account))
    }

    /// Puts an account on `tier`, with limits of its own where they are given; the account as it is then, if there is
    /// one.
    pub async fn set_tier(
        &self,
        id: &AccountId,
        tier: Tier,
        rpm: Option<u32>,
        tpm: Option<u64>,
    ) -> Result<Option<Account>, StoreError> {
        let tpm = tpm.map(|tpm| i64::try_from(tpm).unwrap_or(i64::MAX));
        store::set_tier(&self.db, id, tier, rpm.map(i64::from), tpm)
            .await
            .map_err(StoreError)
    }

    /// Asks the administrators for Enterprise, in place of what the account has asked before.
    pub async fn want(&self, id: &AccountId, wanted: &Wanted) -> Result<(), StoreError> {
        store::want(&self.db, id, wanted).await.map_err(StoreError)
    }

    /// What the account has asked for, while that is not answered by putting it on Enterprise.
    pub async fn wanted(&self, id: &AccountId) -> Result<Option<Wanted>, StoreError> {
        store::wanted(&self.db, id).await.map_err(StoreError)
    }

    /// What is asked for and not answered, with who asks and their e-mail address; oldest first.
    pub async fn all_wanted(&self) -> Result<Vec<(AccountId, String, Wanted)>, StoreError> {
        store::all_wanted(&self.db).await.map_err(StoreError)
    }
}

/// What an account that asks for Enterprise would need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Requests per minute.
    pub rpm: u64,
    /// Tokens per minute.
    pub tpm: u64,
    pub message: String,
    pub asked: UnixMs,
}

#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    #[error("the e-mail address is not one")]
    EmailInvalid,
    #[error("the e-mail address has an account already")]
    EmailTaken,
    #[error("the password cannot become one")]
    Password(#[source] Weakness),
    #[error("the password could not be hashed")]
    Hash(#[source] HashError),
    #[error("the account could not be stored")]
    Store(#[source] sqlx::Error),
}

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("the password could not be compared")]
    Hash(#[source] HashError),
    #[error("the account could not be looked up")]
    Store(#[source] sqlx::Error),
}

#[derive(Debug, thiserror::Error)]
#[error("the accounts could not be reached")]
pub struct StoreError(#[source] sqlx::Error);
