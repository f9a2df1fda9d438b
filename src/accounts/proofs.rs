//! What proves an account's owner, and whether it still does: a sign-in takes a while, and the password may change in it.

use super::{Account, Accounts, StoreError, store};

impl Accounts {
    /// What `account` was proved by a moment ago proves nothing from now on: a second factor is asked for beside it. Gives the
    /// account as it is proved by both.
    pub async fn replace_proofs(&self, account: &Account) -> Result<Account, StoreError> {
        let replaced = store::replace_proofs(&self.db, &account.id).await;
        replaced.map_err(StoreError)?;
        Ok(Account {
            proofs: account.proofs + 1,
            ..account.clone()
        })
    }

    /// Whether what `account` was proved by when it was looked up proves it still. As a part of an act, it does until the act
    /// is over.
    pub async fn is_still_proved(&self, account: &Account) -> Result<bool, StoreError> {
        let held = store::hold_proofs(&self.db, &account.id, account.proofs).await;
        held.map_err(StoreError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Password;
    use crate::clock::{Clock, UnixMs};
    use crate::db;
    use crate::principal::Tier;

    const OLD: &str = "correct horse battery";
    const NEW: &str = "another horse battery";

    #[tokio::test]
    async fn what_is_replaced_proves_nothing_any_more() {
        let dir = tempfile::tempdir().unwrap();
        let url = db::embedded_url(dir.path()).unwrap();
        let accounts = Accounts::new(db::open(&url).await.unwrap(), Clock::manual(UnixMs(7_000)));
        let ada = "ada@example.org";
        let made = accounts.create(ada, Password::new(OLD), Tier::Free, false);
        let made = made.await.unwrap();
        let verify = async |password| {
            let verified = accounts.verify_password(ada, Password::new(password)).await;
            verified.unwrap().unwrap()
        };
        let before = verify(OLD).await;
        assert!(accounts.is_still_proved(&made).await.unwrap());
        assert!(accounts.is_still_proved(&before).await.unwrap());

        let changed = accounts.change_password(&made, Password::new(OLD), Password::new(NEW));
        changed.await.unwrap();
        assert!(!accounts.is_still_proved(&before).await.unwrap());
        let after = verify(NEW).await;
        accounts.rename(&after.id, "Ada").await.unwrap();
        assert!(accounts.is_still_proved(&after).await.unwrap());

        let by_both = accounts.replace_proofs(&after).await.unwrap();
        assert!(!accounts.is_still_proved(&after).await.unwrap());
        assert!(accounts.is_still_proved(&by_both).await.unwrap());
        let again = verify(NEW).await;
        accounts
            .set_password(&again, Password::new(OLD))
            .await
            .unwrap();
        assert!(!accounts.is_still_proved(&again).await.unwrap());
        assert!(accounts.is_still_proved(&verify(OLD).await).await.unwrap());
    }
}
