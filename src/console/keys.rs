//! The account's keys.

use app::console::{Key, KeyConsole, NewKey, Problem};
use async_trait::async_trait;

use super::account::AccountConsole;
use super::internal;
use crate::ids::KeyId;
use crate::keys::{self, CreateError, Invalid, RevokeError};

impl AccountConsole {
    pub(super) async fn own_keys(&self) -> Result<Vec<keys::Key>, Problem> {
        self.dashboard
            .keys
            .list(&self.account.id)
            .await
            .map_err(|error| internal(&error))
    }
}

#[async_trait]
impl KeyConsole for AccountConsole {
    async fn keys(&self) -> Result<Vec<Key>, Problem> {
        Ok(self.own_keys().await?.iter().map(shown).collect())
    }

    async fn create_key(&self, name: String) -> Result<NewKey, Problem> {
        let created = self
            .dashboard
            .keys
            .create(&self.account.id, keys::NewKey::named(name))
            .await;
        let (key, secret) = created.map_err(|error| match error {
            CreateError::Invalid(Invalid::NameMissing) => Problem::field(
                "name",
                "Give the key a name, such as the program that will use it.",
            ),
            CreateError::Invalid(Invalid::NameTooLong { max }) => {
                Problem::field("name", format!("Use at most {max} characters."))
            }
            CreateError::Invalid(invalid) => Problem::field(invalid.field(), format!("{invalid}.")),
            CreateError::TooMany { max } => Problem::field(
                "name",
                format!("You have {max} keys, which is the most. Revoke one that is not used."),
            ),
            error @ (CreateError::Randomness(_) | CreateError::Store(_)) => internal(&error),
        })?;
        let new = NewKey {
            key: shown(&key),
            secret: secret.expose().to_owned(),
        };
        if let Some(session) = self.session.filter(|_| self.posted_without_wasm) {
            self.dashboard
                .fresh
                .put(session, new.clone(), self.dashboard.clock.now());
        }
        Ok(new)
    }

    async fn fresh_key(&self) -> Result<Option<NewKey>, Problem> {
        Ok(self.session.and_then(|session| {
            self.dashboard
                .fresh
                .take(session, self.dashboard.clock.now())
        }))
    }

    async fn revoke_key(&self, id: String) -> Result<(), Problem> {
        let revoked = self
            .dashboard
            .keys
            .revoke(&self.account.id, &KeyId::from_stored(&id))
            .await;
        revoked.map_err(|error| match error {
            RevokeError::NotFound => {
                Problem::new("There is no such key. Reload the page to see those that there are.")
            }
            RevokeError::Store(_) => internal(&error),
        })
    }
}

fn shown(key: &keys::Key) -> Key {
    Key {
        id: key.id.to_string(),
        name: key.name.clone(),
        masked: key.masked(),
        created_ms: key.created.0,
        last_used_ms: key.last_used.map(|moment| moment.0),
        revoked_ms: key.revoked.map(|moment| moment.0),
    }
}
