//! What goes on record of what is done from a shell.

use super::AdminError;
use crate::accounts::Account;
use crate::audit::{Action, Actor, Audit, Event, Party};

/// Somebody at a shell does `action` to `account`.
pub(super) fn event_about(account: &Account, action: Action) -> Event {
    Event::new(action, Actor::Shell).about(Party::new(&account.id, &account.email))
}

/// And to what is no account.
pub(super) fn event_of(action: Action, id: &str) -> Event {
    Event::new(action, Actor::Shell).target(id, id)
}

pub(super) async fn write(audit: &Audit, event: Event) -> Result<(), AdminError> {
    let written = audit.try_record(&event).await;
    written.map_err(AdminError::Unrecorded)
}
