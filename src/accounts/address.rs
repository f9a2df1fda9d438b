//! Whose address it is: shown by a link that was mailed there, never by a name that was typed.

use super::{
    Account, Accounts, CreateError, Password, StoreError, VerifyError, Weakness, email, store,
};
use crate::db::violates_unique;
use crate::ids::AccountId;
use crate::principal::Tier;

impl Accounts {
    /// Makes an account for whoever typed `email`, which may be anybody's until it is verified.
    pub async fn sign_up(&self, email: &str, password: Password) -> Result<Account, CreateError> {
        self.make(email, password, Tier::Free, false, false).await
    }

    /// Takes `address` for the account's owner's, if it is still the account's; says whether it is.
    pub async fn verify_address(&self, id: &AccountId, address: &str) -> Result<bool, StoreError> {
        let verified = store::verify(&self.db, id, address, self.clock.now()).await;
        verified.map_err(StoreError)
    }

    /// Gives the account the address `new`, which is shown to be its owner's.
    pub async fn change_address(
        &self,
        account: &Account,
        new: &str,
    ) -> Result<(), ChangeAddressError> {
        let changed = store::change_address(&self.db, account, new, self.clock.now()).await;
        match changed {
            Ok(true) => Ok(()),
            Ok(false) => Err(ChangeAddressError::Stale),
            Err(error) if violates_unique(&error, "accounts", "email") => {
                Err(ChangeAddressError::Taken)
            }
            Err(error) => Err(ChangeAddressError::Store(error)),
        }
    }

    /// Whether `password` is the account's.
    pub async fn knows_password(
        &self,
        account: &Account,
        password: Password,
    ) -> Result<bool, VerifyError> {
        let fitting = self.fitting_hash(&account.id, password).await?;
        Ok(fitting.is_some())
    }

    /// Whether `new` may become the account's password.
    pub fn check_password(&self, account: &Account, new: &Password) -> Result<(), Weakness> {
        new.check(&account.email)
    }

    /// Takes `new` as the account's password, on the word of a link that was mailed to its address: that is verified too
    /// then. Its sessions are for the caller to end.
    pub async fn set_password(&self, account: &Account, new: Password) -> Result<(), VerifyError> {
        let hash = self.hasher.hash(new).await.map_err(VerifyError::Hash)?;
        store::set_password(&self.db, &account.id, &hash, self.clock.now())
            .await
            .map_err(VerifyError::Store)
    }
}

/// `typed` as an address is stored and compared, if it can be one.
pub fn address(typed: &str) -> Option<String> {
    email::normalise(typed)
}

#[derive(Debug, thiserror::Error)]
pub enum ChangeAddressError {
    #[error("another account has the address")]
    Taken,
    #[error("the account has changed meanwhile")]
    Stale,
    #[error("the address could not be stored")]
    Store(#[source] sqlx::Error),
}
