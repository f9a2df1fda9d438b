//! The account's keys.

mod form;
mod show;

use std::time::Duration;

use app::console::{Key, KeyActs, KeyChoices, KeyConsole, KeyForm, NewKey, Overlap, Problem};
use async_trait::async_trait;

use super::account::AccountConsole;
use super::internal;
use super::record::in_words;
use crate::audit::Action;
use crate::clock::{HOUR_MS, UnixMs};
use crate::ids::KeyId;
use crate::keys::{self, ChangeError, CreateError, LONGEST_OVERLAP, RevokeError, RotateError};
use crate::principal::Endpoint;
use form::{problem_of, wanted};
use show::{HOURS, hours_of, shown};

impl AccountConsole {
    pub(super) async fn own_keys(&self) -> Result<Vec<keys::Key>, Problem> {
        self.dashboard
            .keys
            .list(&self.account.id)
            .await
            .map_err(|error| internal(&error))
    }

    /// A form that a browser posted by itself has only the next page to show its secret on.
    fn keep_for_the_next_page(&self, new: &NewKey) {
        if let Some(session) = self.session.filter(|_| self.posted_without_wasm) {
            let now = self.dashboard.clock.now();
            self.dashboard.fresh.put(session, new.clone(), now);
        }
    }

    /// Such a form is answered with its own page, which would ask again for what is done.
    fn back_to_the_list(&self) {
        if self.posted_without_wasm {
            leptos_axum::redirect("/keys");
        }
    }
}

#[async_trait]
impl KeyConsole for AccountConsole {
    async fn keys(&self) -> Result<Vec<Key>, Problem> {
        let keys = self.own_keys().await?;
        let now = self.dashboard.clock.now();
        let first = UnixMs(now.hour().0 - (HOURS - 1) * HOUR_MS);
        let uses = self
            .dashboard
            .usage
            .hours_by_key(&self.account.id, first)
            .await
            .map_err(|error| internal(&error))?;
        let shown = keys.iter().map(|key| Key {
            hours: hours_of(key, &uses, first),
            ..shown(key, now)
        });
        Ok(shown.collect())
    }

    async fn key_choices(&self) -> Result<KeyChoices, Problem> {
        let models = self.dashboard.pool.models();
        Ok(KeyChoices {
            endpoints: Endpoint::ALL.iter().map(Endpoint::to_string).collect(),
            models: models.into_iter().map(|model| model.id).collect(),
            rpm: self.account.quota.rpm.into(),
            tpm: self.account.quota.tpm,
        })
    }

    async fn fresh_key(&self) -> Result<Option<NewKey>, Problem> {
        Ok(self.session.and_then(|session| {
            self.dashboard
                .fresh
                .take(session, self.dashboard.clock.now())
        }))
    }

    async fn rename_key(&self, id: String, name: String) -> Result<(), Problem> {
        let key = self.own_key(&KeyId::from_stored(&id)).await?;
        let act = self.dashboard.act();
        let renamed = act.keys.rename(&self.account.id, &key.id, &name);
        let name = renamed.await.map_err(unchanged)?;
        let event = self.event_of_key(Action::KeyChanged, &key);
        act.done(event.changed("name", key.name, name)).await?;
        self.back_to_the_list();
        Ok(())
    }

    async fn restrict_key(&self, id: String, restrictions: KeyForm) -> Result<(), Problem> {
        let wanted = wanted(restrictions, self.dashboard.clock.now())?;
        let key = self.own_key(&KeyId::from_stored(&id)).await?;
        let act = self.dashboard.act();
        let now = act.keys.restrict(&self.account.id, &key.id, &wanted);
        let now = now.await.map_err(unchanged)?;
        let (from, to) = (in_words(&key.restrictions), in_words(&now));
        let event = self.event_of_key(Action::KeyChanged, &key);
        act.done(event.changed("restrictions", from, to)).await?;
        self.back_to_the_list();
        Ok(())
    }

    async fn end_old_secrets(&self, id: String) -> Result<(), Problem> {
        let key = self.own_key(&KeyId::from_stored(&id)).await?;
        let act = self.dashboard.act();
        let ended = act.keys.end_old_secrets(&self.account.id, &key.id);
        ended.await.map_err(unrevoked)?;
        let event = self.event_of_key(Action::KeySecretsEnded, &key);
        act.done(event.told("secrets", key.retired.len())).await?;
        self.back_to_the_list();
        Ok(())
    }

    async fn revoke_key(&self, id: String) -> Result<(), Problem> {
        let key = self.own_key(&KeyId::from_stored(&id)).await?;
        let act = self.dashboard.act();
        let revoked = act.keys.revoke(&self.account.id, &key.id);
        revoked.await.map_err(unrevoked)?;
        act.done(self.event_of_key(Action::KeyRevoked, &key)).await
    }
}

#[async_trait]
impl KeyActs for AccountConsole {
    async fn create_key(&self, name: String, restrictions: KeyForm) -> Result<NewKey, Problem> {
        let now = self.dashboard.clock.now();
        let new = keys::NewKey {
            name,
            ..wanted(restrictions, now)?
        };
        let act = self.dashboard.act();
        let created = act.keys.create(&self.account.id, new).await;
        let (key, secret) = created.map_err(|error| match error {
            CreateError::Invalid(invalid) => problem_of(&invalid),
            CreateError::TooMany { max } => Problem::field(
                "name",
                format!("You have {max} keys, which is the most. Revoke one that is not used."),
            ),
            error @ (CreateError::Randomness(_) | CreateError::Store(_)) => internal(&error),
        })?;
        let event = self.event_of_key(Action::KeyCreated, &key);
        let event = event.told("restrictions", in_words(&key.restrictions));
        act.done(event).await?;
        let new = NewKey {
            key: shown(&key, now),
            secret: secret.expose().to_owned(),
        };
        self.keep_for_the_next_page(&new);
        Ok(new)
    }

    async fn rotate_key(&self, id: String, overlap: Overlap) -> Result<NewKey, Problem> {
        let overlap = match overlap {
            Overlap::None => Duration::ZERO,
            Overlap::Hour => Duration::from_secs(3_600),
            Overlap::Day => Duration::from_secs(86_400),
            Overlap::Week => LONGEST_OVERLAP,
        };
        let act = self.dashboard.act();
        let id = KeyId::from_stored(&id);
        let rotated = act.keys.rotate(&self.account.id, &id, overlap);
        let rotated = rotated.await.map_err(unrotated)?;
        let event = self.event_of_key(Action::KeyRotated, &rotated.key);
        let event = event.told("old_secret_ends", rotated.old.ends.to_rfc3339());
        act.done(event).await?;
        let now = self.dashboard.clock.now();
        let old = Some(rotated.old).filter(|old| old.ends > now);
        let key = keys::Key {
            retired: old.into_iter().collect(),
            ..rotated.key
        };
        let new = NewKey {
            key: shown(&key, now),
            secret: rotated.secret.expose().to_owned(),
        };
        self.keep_for_the_next_page(&new);
        Ok(new)
    }
}

fn unchanged(error: ChangeError) -> Problem {
    match error {
        ChangeError::Invalid(invalid) => problem_of(&invalid),
        ChangeError::NotFound => no_such_key(),
        ChangeError::Revoked => revoked(),
        ChangeError::Expired => expired(),
        error @ ChangeError::Store(_) => internal(&error),
    }
}

fn unrotated(error: RotateError) -> Problem {
    match error {
        RotateError::NotFound => no_such_key(),
        RotateError::Revoked => revoked(),
        RotateError::Expired => expired(),
        RotateError::TooManySecrets { max } => Problem::field(
            "overlap",
            format!(
                "{max} older secrets of this key still work, which is the most. End them first, or let the one before end at once."
            ),
        ),
        error @ (RotateError::OverlapTooLong { .. }
        | RotateError::Randomness(_)
        | RotateError::Store(_)) => internal(&error),
    }
}

fn unrevoked(error: RevokeError) -> Problem {
    match error {
        RevokeError::NotFound => no_such_key(),
        error @ RevokeError::Store(_) => internal(&error),
    }
}

pub(super) fn no_such_key() -> Problem {
    Problem::new("There is no such key. Reload the page to see those that there are.")
}

fn revoked() -> Problem {
    Problem::new("This key was revoked, and cannot be changed any more. Create another.")
}

fn expired() -> Problem {
    Problem::new("This key has expired, and cannot be changed any more. Create another.")
}
