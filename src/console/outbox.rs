//! The outbox, for administrators.

use app::console::{MailActs, MailAdmin, MailItem, MailState, Outbox, Problem};
use async_trait::async_trait;

use super::admin::AdminConsole;
use super::internal;
use crate::audit::Action;
use crate::ids::MailId;
use crate::mail::{Item, RetryError, State};

/// More than anybody reads on one page.
const MOST_LISTED: u32 = 200;

#[async_trait]
impl MailAdmin for AdminConsole {
    async fn mails(&self) -> Result<Outbox, Problem> {
        let mail = &self.dashboard.mail;
        let listed = mail.outbox().list(MOST_LISTED).await;
        let listed = listed.map_err(|error| internal(&error))?;
        Ok(Outbox {
            mails: listed.into_iter().map(shown).collect(),
            is_sent: mail.is_sent(),
        })
    }
}

#[async_trait]
impl MailActs for AdminConsole {
    async fn mail(&self, id: String) -> Result<String, Problem> {
        let read = self.dashboard.mail.read(&MailId::from_stored(&id)).await;
        read.map_err(|error| internal(&error))?.ok_or_else(gone)
    }

    async fn retry_mail(&self, id: String) -> Result<(), Problem> {
        let act = self.dashboard.act();
        let retried = act.mail.retry(&MailId::from_stored(&id)).await;
        retried.map_err(|error| match error {
            RetryError::Unknown => gone(),
            RetryError::Sent => Problem::new("This mail is sent already."),
            RetryError::RunOut => Problem::new(
                "The link in this mail has run out. Whoever needs one asks for it again.",
            ),
            RetryError::Store(_) => internal(&error),
        })?;
        let event = self.event(Action::MailRetried).target(id.as_str(), "");
        act.done(event).await
    }

    async fn delete_mail(&self, id: String) -> Result<(), Problem> {
        let act = self.dashboard.act();
        let deleted = act.mail.delete(&MailId::from_stored(&id)).await;
        if !deleted.map_err(|error| internal(&error))? {
            return Err(gone());
        }
        let event = self.event(Action::MailDeleted).target(id.as_str(), "");
        act.done(event).await
    }
}

fn gone() -> Problem {
    Problem::new("There is no such mail. Reload the page to see those that there are.")
}

fn shown(item: Item) -> MailItem {
    MailItem {
        id: item.id.to_string(),
        recipient: item.recipient,
        subject: item.subject,
        state: match (item.state, item.sent) {
            (State::Sent, at) => MailState::Sent {
                at_ms: at.unwrap_or(item.created).0,
            },
            (State::Failed, _) => MailState::Failed,
            (State::Waiting, _) => MailState::Waiting { due_ms: item.due.0 },
        },
        created_ms: item.created.0,
        tries: item.tries,
        last_error: item.last_error,
    }
}
