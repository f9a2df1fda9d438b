//! The workers, from a shell: which there are, how the gateways that run see them, and changes of them.

use std::num::{NonZeroU32, NonZeroUsize};

use clap::{Args, Subcommand};
use serde_json::Value;

use super::fleet;
use super::{AdminError, Said, record};
use crate::audit::{Action, Audit, Event};
use crate::clock::UnixMs;
use crate::config::{WorkerKey, WorkerSettings};
use crate::pool::{self, Change, ChangeError, Fleet, Roster};
use crate::print::sentence;

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct WorkersArgs {
    #[command(flatten)]
    list: ListArgs,
    #[command(subcommand)]
    command: Option<WorkersCommand>,
}

#[derive(Args, Debug)]
struct ListArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum WorkersCommand {
    /// List the workers, and how each gateway that runs sees them
    List(ListArgs),
    /// Add a worker that serves an OpenAI-compatible API, for every gateway on this database
    Add(AddArgs),
    /// Have a worker finish what it has, and give it nothing new, also after a restart
    Drain {
        /// As `list` shows it, or the worker's address
        id: String,
    },
    /// Give a drained worker requests again
    Resume {
        /// As `list` shows it, or the worker's address
        id: String,
    },
    /// Change what is said of a worker that was added
    Change(ChangeArgs),
    /// Remove a worker that was added; what it has, it finishes
    Remove {
        /// As `list` shows it, or the worker's address
        id: String,
    },
}

#[derive(Args, Debug)]
struct AddArgs {
    /// Such as http://10.0.0.5:8000
    url: WorkerSettings,
    /// Its share of the requests, against the others': 1 to 1000
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    weight: u32,
    /// The most requests that it is given at once; without it, as many as come
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_in_flight: Option<u32>,
    /// Send it a key, which is asked for, or read from the first line of standard input
    #[arg(long)]
    key_stdin: bool,
    /// Add it without asking it what it serves, as one that is yet to be started
    #[arg(long)]
    unchecked: bool,
}

#[derive(Args, Debug)]
#[group(skip)]
#[command(group = clap::ArgGroup::new("changes").required(true).multiple(true).args(["weight", "max_in_flight", "key_stdin", "no_key"]))]
struct ChangeArgs {
    /// As `list` shows it, or the worker's address
    id: String,
    /// Its share of the requests, against the others': 1 to 1000
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    weight: Option<u32>,
    /// The most requests that it is given at once; 0 for as many as come
    #[arg(long, value_name = "N")]
    max_in_flight: Option<usize>,
    /// Send it another key, which is asked for, or read from the first line of standard input
    #[arg(long)]
    key_stdin: bool,
    /// Send it no key
    #[arg(long, conflicts_with = "key_stdin")]
    no_key: bool,
}

impl ChangeArgs {
    fn change(&self, key: Option<WorkerKey>) -> Change {
        Change {
            weight: self.weight.and_then(NonZeroU32::new),
            max_in_flight: self.max_in_flight.map(NonZeroUsize::new),
            key: match (key, self.no_key) {
                (Some(key), _) => Some(Some(key)),
                (None, true) => Some(None),
                (None, false) => None,
            },
        }
    }
}

impl ChangeArgs {
    /// For the record: what was asked for, and of a key only that it is another.
    fn event(&self, is_keyed: bool) -> Event {
        let event = record::event_of(Action::WorkerChanged, &self.id);
        let told = |event: Event, name: &str, value: Option<Value>| match value {
            Some(value) => event.told(name, value),
            None => event,
        };
        let event = told(event, "weight", self.weight.map(Value::from));
        let event = told(event, "max_in_flight", self.max_in_flight.map(Value::from));
        let key = match (is_keyed, self.no_key) {
            (true, _) => Some("another"),
            (false, true) => Some("none"),
            (false, false) => None,
        };
        told(event, "key", key.map(Value::from))
    }
}

impl WorkersArgs {
    /// Whether it changes anything.
    pub(super) fn is_act(&self) -> bool {
        !matches!(self.command, None | Some(WorkersCommand::List(_)))
    }

    /// Whether a worker's key is to be asked for.
    pub(super) fn wants_key(&self) -> bool {
        match &self.command {
            Some(WorkersCommand::Add(add)) => add.key_stdin,
            Some(WorkersCommand::Change(change)) => change.key_stdin,
            _ => false,
        }
    }
}

pub(super) async fn perform(
    args: WorkersArgs,
    key: Option<WorkerKey>,
    roster: &Roster,
    audit: &Audit,
    now: UnixMs,
) -> Result<Said, AdminError> {
    match args.command.unwrap_or(WorkersCommand::List(args.list)) {
        WorkersCommand::List(ListArgs { json }) => {
            let fleet = fleet_of(roster).await?;
            match json {
                true => Ok(Said::only(format!("{:#}", fleet::in_json(&fleet)))),
                false => Ok(listed(&fleet, now)),
            }
        }
        WorkersCommand::Add(wanted) => add(wanted, key, roster, audit).await,
        WorkersCommand::Drain { id } => {
            let id = set_draining(roster, id, true).await?;
            record::write(audit, record::event_of(Action::WorkerDrained, &id)).await?;
            let undo = format!("`assisters admin workers resume {id}` undoes that.");
            let done = format!("{id} finishes what it has, and gets nothing new. {undo}");
            followed(roster, done).await
        }
        WorkersCommand::Resume { id } => {
            let id = set_draining(roster, id, false).await?;
            record::write(audit, record::event_of(Action::WorkerResumed, &id)).await?;
            followed(roster, format!("{id} gets requests again.")).await
        }
        WorkersCommand::Change(wanted) => {
            let is_keyed = key.is_some();
            match roster.change(&wanted.id, wanted.change(key)).await {
                Ok(()) => {
                    record::write(audit, wanted.event(is_keyed)).await?;
                    followed(roster, format!("{} is changed.", wanted.id)).await
                }
                Err(error) => Err(refused(error, wanted.id, roster).await),
            }
        }
        WorkersCommand::Remove { id } => match roster.remove(&id).await {
            Ok(()) => {
                record::write(audit, record::event_of(Action::WorkerRemoved, &id)).await?;
                let done = format!("{id} is removed; what it has, it finishes.");
                followed(roster, done).await
            }
            Err(error) => Err(refused(error, id, roster).await),
        },
    }
}

fn listed(fleet: &Fleet, now: UnixMs) -> Said {
    let none = "No worker is known; `assisters admin workers add URL` adds one. Where the settings name none, `assisters \
                serve` starts one of its own.";
    let nobody = "No gateway runs on this database, so nobody knows how they stand.";
    Said {
        out: match fleet.workers.is_empty() {
            true => none.to_owned(),
            false => fleet::in_words(fleet, now),
        },
        note: (fleet.gateways.is_empty() && !fleet.workers.is_empty()).then(|| nobody.to_owned()),
    }
}

async fn add(
    wanted: AddArgs,
    key: Option<WorkerKey>,
    roster: &Roster,
    audit: &Audit,
) -> Result<Said, AdminError> {
    let has_key = key.is_some();
    let settings = WorkerSettings {
        key,
        weight: NonZeroU32::new(wanted.weight).unwrap_or(NonZeroU32::MIN),
        max_in_flight: wanted
            .max_in_flight
            .and_then(|most| usize::try_from(most).ok())
            .and_then(NonZeroUsize::new),
        ..wanted.url
    };
    let url = settings.url.as_str().trim_end_matches('/').to_owned();
    let serves = match wanted.unchecked {
        true => "It was not asked what it serves".to_owned(),
        false => match pool::models_at(&settings).await {
            Ok(models) if models.is_empty() => "It serves no model yet".to_owned(),
            Ok(models) => {
                let ids: Vec<_> = models.into_iter().map(|model| model.id).collect();
                format!("It serves {}", ids.join(", "))
            }
            Err(error) => {
                let reason = sentence(&error);
                return Err(AdminError::WorkerSilent { url, reason });
            }
        },
    };
    match roster.add(settings).await {
        Ok(id) => {
            let event = record::event_of(Action::WorkerAdded, id.as_str())
                .told("url", url)
                .told("weight", wanted.weight)
                .told("max_in_flight", wanted.max_in_flight)
                .told("has_key", has_key);
            record::write(audit, event).await?;
            followed(roster, format!("{id} is a worker now. {serves}.")).await
        }
        Err(error) => Err(refused(error, url, roster).await),
    }
}

/// Gives the id, by whatever name the worker was called.
async fn set_draining(
    roster: &Roster,
    id: String,
    is_draining: bool,
) -> Result<String, AdminError> {
    match roster.set_draining(&id, is_draining).await {
        Ok(()) => Ok(id),
        Err(error) => Err(refused(error, id, roster).await),
    }
}

/// What was done, and who follows it.
async fn followed(roster: &Roster, done: String) -> Result<Said, AdminError> {
    let gateways = fleet_of(roster).await?.gateways;
    let who = match gateways.as_slice() {
        [] => "No gateway runs on this database; one that starts will follow.".to_owned(),
        [one] => format!("The gateway {} follows within 2 seconds.", one.name),
        many => format!("The {} gateways follow within 2 seconds.", many.len()),
    };
    Ok(Said {
        out: done,
        note: Some(who),
    })
}

async fn fleet_of(roster: &Roster) -> Result<Fleet, AdminError> {
    roster.fleet().await.map_err(AdminError::Workers)
}

async fn refused(error: ChangeError, id: String, roster: &Roster) -> AdminError {
    match error {
        ChangeError::Exists => AdminError::WorkerExists { id },
        ChangeError::Configured => AdminError::WorkerConfigured { id },
        ChangeError::Local => AdminError::WorkerLocal,
        ChangeError::Unknown => match roster.fleet().await {
            Ok(fleet) => AdminError::no_worker(id, &fleet),
            Err(error) => AdminError::Workers(error),
        },
        error @ ChangeError::Store(_) => AdminError::WorkerChange(error),
    }
}
