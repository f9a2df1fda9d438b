//! What administrators change of accounts: whether they may be used, and by whom the service is looked after.

use super::{Account, Accounts, StoreError, Suspension, Wanted, store};
use crate::ids::AccountId;
use crate::principal::Tier;

pub const MOST_REASON_CHARS: usize = 300;

/// Which accounts are listed.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Part of an address or a name, or a whole id; empty for all.
    pub search: String,
    pub tier: Option<Tier>,
    /// Those made before this one.
    pub before: Option<AccountId>,
}

#[derive(Debug, thiserror::Error)]
pub enum AdministerError {
    #[error("there is no such account")]
    NotFound,
    #[error("no other account is an administrator's")]
    LastAdministrator,
    #[error("there is no reason")]
    NoReason,
    #[error("the reason is longer than {max} characters")]
    ReasonTooLong { max: usize },
    #[error("the account could not be changed")]
    Store(#[source] sqlx::Error),
}

impl Accounts {
    /// Newest first, `most` at most.
    pub async fn list(&self, listing: &Listing, most: usize) -> Result<Vec<Account>, StoreError> {
        let search = listing.search.trim().to_lowercase();
        let before = listing.before.as_ref().map_or("", AccountId::as_str);
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let listed = store::list(&self.db, &search, listing.tier, before, most).await;
        listed.map_err(StoreError)
    }

    /// From here on the account is refused wherever it is looked up. What is remembered of its keys, and its sessions, are
    /// for the caller to end.
    pub async fn suspend(&self, id: &AccountId, reason: &str) -> Result<Account, AdministerError> {
        let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        if reason.is_empty() {
            return Err(AdministerError::NoReason);
        }
        if reason.chars().count() > MOST_REASON_CHARS {
            let max = MOST_REASON_CHARS;
            return Err(AdministerError::ReasonTooLong { max });
        }
        let since = self.clock.now();
        let suspension = Suspension { since, reason };
        let changed = store::suspend(&self.db, id, Some(&suspension)).await;
        self.changed(id, changed).await
    }

    pub async fn resume(&self, id: &AccountId) -> Result<Account, AdministerError> {
        let changed = store::suspend(&self.db, id, None).await;
        self.changed(id, changed).await
    }

    /// Lets the account look after the service, or no longer so.
    pub async fn set_admin(
        &self,
        id: &AccountId,
        is_admin: bool,
    ) -> Result<Account, AdministerError> {
        let changed = store::set_admin(&self.db, id, is_admin).await;
        self.changed(id, changed).await
    }

    /// How many passwords are being checked now, and how many can be at once.
    pub fn hashing(&self) -> (usize, usize) {
        self.hasher.busy()
    }

    /// Takes back what the account has asked for, and gives it, if it had.
    pub async fn decline(&self, id: &AccountId) -> Result<Option<Wanted>, StoreError> {
        store::decline(&self.db, id).await.map_err(StoreError)
    }

    /// Tells an account that is not there from one that could not be changed.
    async fn changed(
        &self,
        id: &AccountId,
        changed: Result<Option<Account>, sqlx::Error>,
    ) -> Result<Account, AdministerError> {
        if let Some(account) = changed.map_err(AdministerError::Store)? {
            return Ok(account);
        }
        match store::find(&self.db, id).await {
            Ok(Some(_)) => Err(AdministerError::LastAdministrator),
            Ok(None) => Err(AdministerError::NotFound),
            Err(error) => Err(AdministerError::Store(error)),
        }
    }
}
