//! What becomes of a key after it was made: another name, other restrictions, no older secrets.

use super::restrictions::checked_name;
use super::{ChangeError, KeyState, Keys, NewKey, Restrictions, RevokeError, store};
use crate::ids::{AccountId, KeyId};

impl Keys {
    /// Gives the name as it is now.
    pub async fn rename(
        &self,
        account: &AccountId,
        id: &KeyId,
        name: &str,
    ) -> Result<String, ChangeError> {
        let name = checked_name(name)?;
        match store::rename(&self.db, account, id, &name)
            .await
            .map_err(ChangeError::Store)?
        {
            true => Ok(name),
            false => Err(ChangeError::NotFound),
        }
    }

    /// Holds the key to the restrictions of `wanted` from the very next request on; its own name stays. A key that has
    /// ended stays as it was: neither revocation nor expiry is taken back. Gives them as they are now.
    pub async fn restrict(
        &self,
        account: &AccountId,
        id: &KeyId,
        wanted: &NewKey,
    ) -> Result<Restrictions, ChangeError> {
        let quota = store::quota(&self.db, account)
            .await
            .map_err(ChangeError::Store)?;
        let mut transaction = self.db.begin().await.map_err(ChangeError::Store)?;
        let (key, _) = store::hold(&mut transaction, account, id)
            .await
            .map_err(ChangeError::Store)?
            .ok_or(ChangeError::NotFound)?;
        let now = self.clock.now();
        match key.state(now) {
            KeyState::Active => {}
            KeyState::Expired => return Err(ChangeError::Expired),
            KeyState::Revoked => return Err(ChangeError::Revoked),
        }
        let restrictions = wanted.restrictions(now, quota)?;
        store::restrict(&mut transaction, account, id, &restrictions)
            .await
            .map_err(ChangeError::Store)?;
        transaction.commit().await.map_err(ChangeError::Store)?;
        self.forget(id).await;
        Ok(restrictions)
    }

    /// From here on only the key's present secret is taken. Where no older one is left, this changes nothing.
    pub async fn end_old_secrets(
        &self,
        account: &AccountId,
        id: &KeyId,
    ) -> Result<(), RevokeError> {
        let mut transaction = self.db.begin().await.map_err(RevokeError::Store)?;
        store::hold(&mut transaction, account, id)
            .await
            .map_err(RevokeError::Store)?
            .ok_or(RevokeError::NotFound)?;
        store::end_retired(&mut transaction, id, self.clock.now())
            .await
            .map_err(RevokeError::Store)?;
        transaction.commit().await.map_err(RevokeError::Store)?;
        self.forget(id).await;
        Ok(())
    }
}
