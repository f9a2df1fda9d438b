//! What goes on record of what pages do: whoever acts, from where, and what was changed.
//!
//! Verbs run to their end even if their page is closed, and each records what it did before it answers.

use app::console::Problem;

use super::account::AccountConsole;
use super::admin::AdminConsole;
use super::keys::no_such_key;
use crate::accounts::Account;
use crate::audit::{Action, Actor, Client, Event, Party};
use crate::ids::KeyId;
use crate::keys;
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

    pub(super) async fn record(&self, event: Event) {
        self.dashboard.audit.record(event).await;
    }
}
