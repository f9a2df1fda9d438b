//! What an account changes of itself, up to its end.

use super::{Account, Accounts, Password, StoreError, VerifyError, Weakness, email, store};
use crate::ids::AccountId;

/// For how many days rows of the ledger may be kept.
pub const RETENTION_DAYS: [u32; 4] = [7, 30, 90, 365];
pub(super) const USUAL_RETENTION_DAYS: u32 = 30;
const MOST_NAME_CHARS: usize = 80;

impl Accounts {
    /// Calls the account `name`; nothing for its e-mail address.
    pub async fn rename(&self, id: &AccountId, name: &str) -> Result<(), RenameError> {
        let name: Vec<_> = name.split_whitespace().collect();
        let name = name.join(" ").replace(char::is_control, "");
        if name.chars().count() > MOST_NAME_CHARS {
            return Err(RenameError::TooLong {
                max: MOST_NAME_CHARS,
            });
        }
        let renamed = store::rename(&self.db, id, &name).await;
        renamed.map_err(RenameError::Store)
    }

    /// Keeps the account's rows of the ledger for `days`, which is one of [`RETENTION_DAYS`], or says that it is none.
    pub async fn keep_ledger(&self, id: &AccountId, days: u32) -> Result<bool, StoreError> {
        if !RETENTION_DAYS.contains(&days) {
            return Ok(false);
        }
        store::keep_ledger(&self.db, id, days)
            .await
            .map_err(StoreError)?;
        Ok(true)
    }

    /// Takes `new` as the account's password from now on. Its sessions are for the caller to end.
    pub async fn change_password(
        &self,
        account: &Account,
        current: Password,
        new: Password,
    ) -> Result<(), ChangePasswordError> {
        new.check(&account.email)
            .map_err(ChangePasswordError::New)?;
        let old = self.fitting_hash(&account.id, current).await?;
        let old = old.ok_or(ChangePasswordError::Current)?;
        let hash = self.hasher.hash(new).await.map_err(VerifyError::Hash)?;
        let changed = store::change_password(&self.db, &account.id, &old, &hash).await;
        // Else it has just been changed elsewhere.
        changed
            .map_err(VerifyError::Store)?
            .then_some(())
            .ok_or(ChangePasswordError::Current)
    }

    /// Deletes the account for who knows its `password` and types its address. Its keys and sessions end at once; what
    /// the service remembers of them, and its rows of the ledger, are for the caller to clear.
    pub async fn delete(
        &self,
        account: &Account,
        typed: &str,
        password: Password,
    ) -> Result<(), DeleteError> {
        if email::normalise(typed).as_deref() != Some(&account.email) {
            return Err(DeleteError::Email);
        }
        if self.fitting_hash(&account.id, password).await?.is_none() {
            return Err(DeleteError::Password);
        }
        let deleted = store::delete(&self.db, &account.id, self.clock.now()).await;
        deleted
            .map_err(VerifyError::Store)?
            .then_some(())
            .ok_or(DeleteError::LastAdministrator)
    }

    /// Whether nobody but `account` could look after the service.
    pub async fn is_last_admin(&self, account: &Account) -> Result<bool, StoreError> {
        if !account.is_admin {
            return Ok(false);
        }
        let other = store::has_other_admin(&self.db, &account.id).await;
        Ok(!other.map_err(StoreError)?)
    }

    /// The hash that is stored for the account, if `password` fits it. An act does not begin with that: comparing takes long.
    pub(super) async fn fitting_hash(
        &self,
        id: &AccountId,
        password: Password,
    ) -> Result<Option<String>, VerifyError> {
        if password.is_too_long() {
            return Ok(None);
        }
        let stored = store::password_hash(&self.db.outside(), id)
            .await
            .map_err(VerifyError::Store)?;
        let fits = self
            .hasher
            .fits(password, stored.clone())
            .await
            .map_err(VerifyError::Hash)?;
        Ok(stored.filter(|_| fits))
    }
}

#[derive(Debug, thiserror::Error)]
pub enum RenameError {
    #[error("the name is longer than {max} characters")]
    TooLong { max: usize },
    #[error("the name could not be stored")]
    Store(#[source] sqlx::Error),
}

#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    #[error("the current password is another")]
    Current,
    #[error("the new password cannot become one")]
    New(#[source] Weakness),
    #[error("the password could not be changed")]
    Failed(#[from] VerifyError),
}

#[derive(Debug, thiserror::Error)]
pub enum DeleteError {
    #[error("the account has another e-mail address")]
    Email,
    #[error("the password is another")]
    Password,
    #[error("no other account is an administrator's")]
    LastAdministrator,
    #[error("the account could not be deleted")]
    Failed(#[from] VerifyError),
}
