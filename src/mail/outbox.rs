//! The outbox, as who looks after the service sees it.

use std::str::FromStr;

use super::{MailError, PATIENCE, Purpose, store};
use crate::clock::{Clock, UnixMs};
use crate::db::Db;
use crate::ids::{AccountId, MailId};

/// How far a mail has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// To be delivered, or tried again.
    Waiting,
    /// A server has taken it, or it lies in the outbox folder.
    Sent,
    /// Given up.
    Failed,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Sent => "sent",
            State::Failed => "failed",
        }
    }
}

impl FromStr for State {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        match text {
            "waiting" => Ok(State::Waiting),
            "sent" => Ok(State::Sent),
            "failed" => Ok(State::Failed),
            _ => Err(UnknownState),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("this is no state of a mail")]
pub struct UnknownState;

/// A mail without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub id: MailId,
    pub purpose: Purpose,
    pub recipient: String,
    pub subject: String,
    pub state: State,
    pub tries: u32,
    pub created: UnixMs,
    /// When it is tried next, while it waits.
    pub due: UnixMs,
    /// When it is given up.
    pub until: UnixMs,
    pub sent: Option<UnixMs>,
    pub last_error: Option<String>,
}

/// All mails of the last thirty days; cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    db: Db,
    clock: Clock,
}

impl Outbox {
    pub fn new(db: Db, clock: Clock) -> Self {
        Outbox { db, clock }
    }

    /// The newest `most`, latest first; those that are not sent come before all others.
    pub async fn list(&self, most: u32) -> Result<Vec<Item>, MailError> {
        store::list(&self.db, most).await.map_err(MailError::Store)
    }

    pub async fn of_account(&self, account: &AccountId) -> Result<Vec<Item>, MailError> {
        store::list_of(&self.db, account)
            .await
            .map_err(MailError::Store)
    }

    pub async fn find(&self, id: &MailId) -> Result<Option<Item>, MailError> {
        store::find(&self.db, id).await.map_err(MailError::Store)
    }

    /// Has a mail tried at once, also one that was given up, if it is still good for something then.
    pub async fn retry(&self, id: &MailId) -> Result<(), RetryError> {
        let now = self.clock.now();
        let found = store::find(&self.db, id).await.map_err(RetryError::Store)?;
        let mail = found.ok_or(RetryError::Unknown)?;
        if mail.state == State::Sent {
            return Err(RetryError::Sent);
        }
        let until = match mail.purpose.link() {
            Some(_) if mail.until <= now => return Err(RetryError::RunOut),
            Some(_) => mail.until,
            None => now.plus(PATIENCE),
        };
        store::retry(&self.db, id, now, until)
            .await
            .map_err(RetryError::Store)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    #[error("there is no such mail")]
    Unknown,
    #[error("the mail is sent already")]
    Sent,
    #[error("the link in the mail has run out")]
    RunOut,
    #[error("the outbox could not be reached")]
    Store(#[source] sqlx::Error),
}
