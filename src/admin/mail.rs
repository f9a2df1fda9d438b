//! The outbox.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::record::{event_of, write};
use super::{AdminError, Said};
use crate::audit::{Action, Audit};
use crate::ids::MailId;
use crate::mail::{Item, Outbox, RetryError, State};
use crate::print::Table;

/// More than these are looked for in the database.
const MOST_LISTED: u32 = 1_000;

#[derive(Debug, Args)]
pub struct MailArgs {
    #[command(subcommand)]
    command: Option<MailCommand>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum MailCommand {
    /// List the mails of the last 30 days, those that are not sent first
    List,
    /// Try a mail at once, also one that was given up; a running service sends it
    Retry {
        /// As list shows it: mail_…
        id: String,
    },
}

impl MailArgs {
    /// Whether it changes anything.
    pub(super) fn is_act(&self) -> bool {
        matches!(self.command, Some(MailCommand::Retry { .. }))
    }
}

pub(super) async fn perform(
    args: MailArgs,
    outbox: &Outbox,
    audit: &Audit,
) -> Result<Said, AdminError> {
    match args.command.unwrap_or(MailCommand::List) {
        MailCommand::List => list(outbox, args.json).await,
        MailCommand::Retry { id } => retry(outbox, audit, id).await,
    }
}

async fn list(outbox: &Outbox, as_json: bool) -> Result<Said, AdminError> {
    let all = outbox.list(MOST_LISTED).await.map_err(AdminError::Mail)?;
    if as_json {
        let all: Vec<Value> = all.iter().map(in_json).collect();
        return Ok(Said::only(format!("{:#}", Value::from(all))));
    }
    if all.is_empty() {
        return Ok(Said::only("No mail was written in the last 30 days."));
    }
    let mut table = Table::with_heading([
        "ID",
        "WRITTEN (UTC)",
        "STATE",
        "TO",
        "SUBJECT",
        "LAST ERROR",
    ]);
    for item in all {
        let state = match (item.state, item.tries) {
            (State::Waiting, 1..) => format!("next {}", item.due.to_minute()),
            (state, _) => state.as_str().to_owned(),
        };
        table.row([
            item.id.to_string(),
            item.created.to_minute(),
            state,
            item.recipient,
            item.subject,
            item.last_error.unwrap_or_default(),
        ]);
    }
    Ok(Said::only(table.to_string()))
}

fn in_json(item: &Item) -> Value {
    json!({
        "id": item.id.as_str(),
        "to": item.recipient,
        "subject": item.subject,
        "state": item.state.as_str(),
        "tries": item.tries,
        "written_ms": item.created.0,
        "sent_ms": item.sent.map(|at| at.0),
        "next_try_ms": (item.state == State::Waiting).then_some(item.due.0),
        "last_error": item.last_error,
    })
}

async fn retry(outbox: &Outbox, audit: &Audit, id: String) -> Result<Said, AdminError> {
    let retried = outbox.retry(&MailId::from_stored(&id)).await;
    retried.map_err(|error| AdminError::from_retry(error, &id))?;
    write(audit, event_of(Action::MailRetried, &id)).await?;
    Ok(Said::only(format!(
        "{id} is tried within a few seconds, if a service runs."
    )))
}

impl AdminError {
    fn from_retry(error: RetryError, id: &str) -> Self {
        let id = id.to_owned();
        match error {
            RetryError::Unknown => AdminError::NoMail { id },
            RetryError::Sent => AdminError::MailSent { id },
            RetryError::RunOut => AdminError::MailRunOut { id },
            error @ RetryError::Store(_) => AdminError::Retry(error),
        }
    }
}
