//! What goes on record of what pages do: whoever acts, from where, and what was changed.
//!
//! Verbs run to their end even if their page is closed. What one changes is an [`Act`], which is done with its record or not at
//! all; what could not be taken back, or was refused, is recorded for itself.

use std::ops::Deref;

use app::console::Problem;

use super::account::AccountConsole;
use super::admin::AdminConsole;
use super::keys::no_such_key;
use super::{Dashboard, internal};
use crate::accounts::Account;
use crate::audit::{Action, Actor, Client, Event, Party};
use crate::db;
use crate::ids::KeyId;
use crate::keys;
use crate::mail::Letter;
use crate::sessions::Visitor;

pub(super) fn party(account: &Account) -> Party {
    Party::new(&account.id, &account.email)
}

pub(super) fn client(visitor: &Visitor) -> Client {
    Client {
        ip: visitor.ip,
        agent: visitor.agent.clone(),
    }
}

/// `account` does `action` from where `visitor` is.
pub(super) fn event_of(account: &Account, visitor: &Visitor, action: Action) -> Event {
    Event::new(action, Actor::Account(party(account))).client(&client(visitor))
}

/// What a key is restricted to, its end included.
pub(super) fn in_words(restrictions: &keys::Restrictions) -> String {
    match restrictions.expires {
        Some(expires) => format!("{restrictions}; until {} UTC", expires.to_minute()),
        None => restrictions.to_string(),
    }
}

/// With what is another of an account's tier and limits.
pub(super) fn changes_of_limits(event: Event, before: &Account, now: &Account) -> Event {
    event
        .changed("tier", before.tier.as_str(), now.tier.as_str())
        .changed("rpm", before.quota.rpm, now.quota.rpm)
        .changed("tpm", before.quota.tpm, now.quota.tpm)
}

/// Something that is about to be done, by the dashboard that this is. Until it is done nobody else can write: what is slow, or
/// goes through another dashboard, comes before or after.
#[must_use = "what is not done is not done at all"]
pub(super) struct Act {
    within: Dashboard,
    act: db::Act,
}

impl Dashboard {
    pub(super) fn act(&self) -> Act {
        let act = self.db.act();
        Act {
            within: self.within(act.db()),
            act,
        }
    }

    /// Records what cannot be done in one step with its record, before it is done.
    pub(super) async fn record_first(&self, event: Event) -> Result<(), Problem> {
        self.act().done(event).await
    }
}

impl Act {
    /// Does it, with its record, where it leaves one.
    pub(super) async fn done(self, event: impl Into<Option<Event>>) -> Result<(), Problem> {
        if let Some(event) = event.into() {
            let recorded = self.audit.try_record(&event).await;
            recorded.map_err(|error| internal(&error))?;
        }
        let done = self.act.commit().await;
        done.map_err(|error| internal(&error))
    }

    /// Tells the account of it by mail.
    pub(super) async fn tell(&self, account: &Account, letter: &Letter<'_>) -> Result<(), Problem> {
        let written = self.mail.post(&account.id, &account.email, letter).await;
        written.map(drop).map_err(|error| internal(&error))
    }
}

impl Deref for Act {
    type Target = Dashboard;

    fn deref(&self) -> &Dashboard {
        &self.within
    }
}

impl AccountConsole {
    /// This account does `action` to itself.
    pub(super) fn event(&self, action: Action) -> Event {
        event_of(&self.account, &self.visitor, action)
    }

    pub(super) async fn record(&self, event: Event) {
        self.dashboard.audit.record(event).await;
    }

    /// The account's key as it is now.
    pub(super) async fn own_key(&self, id: &KeyId) -> Result<keys::Key, Problem> {
        let keys = self.own_keys().await?;
        let key = keys.into_iter().find(|key| key.id == *id);
        key.ok_or_else(no_such_key)
    }

    /// This account does `action` to `key`.
    pub(super) fn event_of_key(&self, action: Action, key: &keys::Key) -> Event {
        self.event(action).target(key.id.as_str(), &key.name)
    }
}

impl AdminConsole {
    /// This administrator does `action` to what is no account.
    pub(super) fn event(&self, action: Action) -> Event {
        event_of(&self.account, &self.visitor, action).about(None)
    }
}
