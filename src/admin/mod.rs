//! `assisters admin`: what an operator does from a shell, beside a running service or without one.

mod accounts;
mod error;
mod fleet;
mod keys;
mod log;
mod mail;
mod record;
mod requests;
mod second_factor;
mod secrets;
#[cfg(test)]
mod tests;
mod when;
mod workers;

use std::io::{Write, stderr, stdout};
use std::time::Duration;

use clap::Subcommand;

use crate::accounts::{Account, Accounts, Password};
use crate::audit::{Action, Audit};
use crate::clock::Clock;
use crate::config::{WorkerKey, WorkerSettings};
use crate::db::Db;
use crate::keys::Keys;
use crate::mail::Outbox;
use crate::pool::Roster;
use crate::principal::Tier;
use crate::second_factor::SecondFactors;
use crate::sessions;
pub use error::AdminError;
pub use keys::KeyArgs;
pub use log::LogArgs;
pub use mail::MailArgs;
pub use workers::WorkersArgs;

#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Make an account; its password is asked for, or read from the first line of standard input
    CreateAccount {
        email: String,
        /// One of free, developer, startup, enterprise
        #[arg(long, default_value_t = Tier::Free)]
        tier: Tier,
        /// Let the account administer this service
        #[arg(long)]
        admin: bool,
    },
    /// Make a key for an account, and print it: it cannot be had again
    CreateKey {
        email: String,
        /// Says where it is used, such as "laptop"
        name: String,
        #[command(flatten)]
        restrictions: KeyArgs,
    },
    /// List an account's keys, those that can be used first
    ListKeys {
        email: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Give a key a new secret, and print it: it cannot be had again. The id and the restrictions stay
    RotateKey {
        email: String,
        /// As list-keys shows it: key_…
        key_id: String,
        /// How long the old secret is taken beside the new one: 0 to 7d
        #[arg(long, value_name = "TIME", default_value = "24h", value_parser = when::overlap)]
        overlap: Duration,
    },
    /// Refuse a key from now on, by all its secrets
    RevokeKey {
        email: String,
        /// As list-keys shows it: key_…
        key_id: String,
    },
    /// Turn off the second factor of an account whose owner has lost app and recovery codes, and end its sessions. Make sure
    /// first that it is the owner who asks
    ResetSecondFactor { email: String },
    /// List who has asked for Enterprise, and for what; set-tier answers it
    ListRequests {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Refuse an account's keys from now on, and sign it out; its data stays
    Suspend {
        email: String,
        /// Shown to whoever signs in, such as "unpaid since March"
        #[arg(long)]
        reason: String,
    },
    /// Take a suspended account's keys again
    Resume { email: String },
    /// List the accounts, newest first
    ListAccounts {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print what is on record, newest first: who did what, when, from where
    AuditLog(LogArgs),
    /// Put an account on a tier
    SetTier {
        email: String,
        /// One of free, developer, startup, enterprise
        tier: Tier,
        /// Requests per minute for this account alone; without it, the tier's
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        rpm: Option<u32>,
        /// Tokens per minute for this account alone; without it, the tier's
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=i64::MAX.unsigned_abs()))]
        tpm: Option<u64>,
    },
    /// List the mails that were written, or try one again
    Mail(MailArgs),
    /// List the workers; or add, drain, resume and remove them
    Workers(WorkersArgs),
}

/// What was asked for unseen.
#[derive(Default)]
struct Secrets {
    password: Option<Password>,
    worker_key: Option<WorkerKey>,
}

/// What a command has to say.
#[derive(Debug)]
struct Said {
    /// For standard output, where a script reads it.
    out: String,
    /// For standard error, where only a person does.
    note: Option<String>,
}

impl Said {
    fn only(out: impl Into<String>) -> Self {
        let out = out.into();
        Said { out, note: None }
    }
}

/// Does what `command` says beside the workers that are `configured`, and prints what was done.
pub async fn run(
    command: AdminCommand,
    configured: &[WorkerSettings],
    db: Db,
    clock: Clock,
) -> Result<(), AdminError> {
    let mut secrets = Secrets::default();
    match &command {
        AdminCommand::CreateAccount { .. } => secrets.password = Some(secrets::password()?),
        AdminCommand::Workers(args) if args.wants_key() => {
            secrets.worker_key = Some(secrets::worker_key()?);
        }
        _ => {}
    }
    let roster = Roster::new(configured, db.clone(), clock.clone());
    let said = perform(command, secrets, &roster, db, clock).await?;
    writeln!(stdout(), "{}", said.out).map_err(AdminError::Output)?;
    if let Some(note) = said.note {
        writeln!(stderr(), "{note}").map_err(AdminError::Output)?;
    }
    Ok(())
}

impl AdminCommand {
    /// Whether it changes anything.
    fn is_act(&self) -> bool {
        match self {
            AdminCommand::ListKeys { .. }
            | AdminCommand::ListRequests { .. }
            | AdminCommand::ListAccounts { .. }
            | AdminCommand::AuditLog(_) => false,
            AdminCommand::Mail(args) => args.is_act(),
            AdminCommand::Workers(args) => args.is_act(),
            AdminCommand::CreateAccount { .. }
            | AdminCommand::CreateKey { .. }
            | AdminCommand::RotateKey { .. }
            | AdminCommand::RevokeKey { .. }
            | AdminCommand::ResetSecondFactor { .. }
            | AdminCommand::Suspend { .. }
            | AdminCommand::Resume { .. }
            | AdminCommand::SetTier { .. } => true,
        }
    }
}

/// What a command changes is one act, which is done with its record or not at all.
async fn perform(
    command: AdminCommand,
    secrets: Secrets,
    roster: &Roster,
    db: Db,
    clock: Clock,
) -> Result<Said, AdminError> {
    if !command.is_act() {
        return perform_on(db, command, secrets, roster, clock).await;
    }
    let act = db.act();
    let (within, roster) = (act.db().clone(), roster.within(act.db()));
    let said = perform_on(within, command, secrets, &roster, clock).await?;
    act.commit().await.map_err(AdminError::Undone)?;
    Ok(said)
}

async fn perform_on(
    db: Db,
    command: AdminCommand,
    secrets: Secrets,
    roster: &Roster,
    clock: Clock,
) -> Result<Said, AdminError> {
    let accounts = Accounts::new(db.clone(), clock.clone());
    let audit = Audit::new(db.clone(), clock.clone());
    let outbox = Outbox::new(db.clone(), clock.clone());
    let (keys, now) = (Keys::new(db.clone(), clock.clone()), clock.now());
    match command {
        AdminCommand::CreateAccount { email, tier, admin } => {
            let password = secrets.password.ok_or(AdminError::PasswordMissing)?;
            let made = accounts.create(&email, password, tier, admin).await;
            let made = made.map_err(|error| AdminError::from_account(error, email))?;
            let event = record::event_about(&made, Action::AccountCreated)
                .told("tier", made.tier.as_str())
                .told("is_admin", made.is_admin);
            record::write(&audit, event).await?;
            let role = if made.is_admin {
                ", as an administrator"
            } else {
                ""
            };
            Ok(Said::only(format!(
                "{} has an account now, on the tier {}{role}.",
                made.email, made.tier
            )))
        }
        AdminCommand::CreateKey {
            email,
            name,
            restrictions,
        } => {
            let account = find(&accounts, email).await?;
            keys::create(&keys, &audit, &account, name, restrictions, now).await
        }
        AdminCommand::ListKeys { email, json } => {
            keys::list(&keys, &find(&accounts, email).await?, json, now).await
        }
        AdminCommand::RotateKey {
            email,
            key_id,
            overlap,
        } => {
            let account = find(&accounts, email).await?;
            keys::rotate(&keys, &audit, &account, key_id, overlap).await
        }
        AdminCommand::RevokeKey { email, key_id } => {
            let account = find(&accounts, email).await?;
            keys::revoke(&keys, &audit, &account, key_id).await
        }
        AdminCommand::SetTier {
            email,
            tier,
            rpm,
            tpm,
        } => {
            let account = find(&accounts, email).await?;
            let changed = accounts
                .set_tier(&account.id, tier, rpm, tpm)
                .await
                .map_err(AdminError::Accounts)?;
            let Some(changed) = changed else {
                let email = account.email;
                return Err(AdminError::NoAccount { email });
            };
            let action = match account.tier == changed.tier {
                true => Action::LimitsChanged,
                false => Action::TierChanged,
            };
            let event = record::event_about(&account, action)
                .changed("tier", account.tier.as_str(), changed.tier.as_str())
                .changed("rpm", account.quota.rpm, changed.quota.rpm)
                .changed("tpm", account.quota.tpm, changed.quota.tpm);
            record::write(&audit, event).await?;
            let Account {
                email, tier, quota, ..
            } = changed;
            Ok(Said::only(format!(
                "{email} is on the tier {tier} now: {} requests and {} tokens a minute. A running service follows \
                 within 5 seconds.",
                quota.rpm, quota.tpm
            )))
        }
        AdminCommand::Suspend { email, reason } => {
            let account = find(&accounts, email).await?;
            let sessions = sessions::Store::new(db, clock);
            accounts::suspend(&accounts, &sessions, &audit, &account, &reason).await
        }
        AdminCommand::Resume { email } => {
            let account = find(&accounts, email).await?;
            accounts::resume(&accounts, &audit, &account).await
        }
        AdminCommand::ListAccounts { json } => accounts::list(&accounts, json).await,
        AdminCommand::AuditLog(args) => log::print(args, &accounts, &audit).await,
        AdminCommand::ResetSecondFactor { email } => {
            let account = find(&accounts, email).await?;
            let sessions = sessions::Store::new(db.clone(), clock.clone());
            second_factor::reset(&SecondFactors::new(db, clock), &sessions, &audit, account).await
        }
        AdminCommand::ListRequests { json } => requests::list(&accounts, json).await,
        AdminCommand::Mail(args) => mail::perform(args, &outbox, &audit).await,
        AdminCommand::Workers(args) => {
            workers::perform(args, secrets.worker_key, roster, &audit, now).await
        }
    }
}

async fn find(accounts: &Accounts, email: String) -> Result<Account, AdminError> {
    accounts
        .find_by_email(&email)
        .await
        .map_err(AdminError::Accounts)?
        .ok_or(AdminError::NoAccount { email })
}
