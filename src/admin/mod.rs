//! `assisters admin`: what an operator does from a shell, beside a running service or without one.

mod password;
#[cfg(test)]
mod tests;

use std::io::{Write, stdout};

use clap::Subcommand;

use crate::accounts::{self, Account, Accounts, Password};
use crate::clock::Clock;
use crate::db::Db;
use crate::keys::{self, Keys};
use crate::principal::Tier;

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
    CreateKey { email: String, name: String },
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
}

/// Does what `command` says, and prints what was done.
pub async fn run(command: AdminCommand, db: Db, clock: Clock) -> Result<(), AdminError> {
    let password = match command {
        AdminCommand::CreateAccount { .. } => Some(password::ask()?),
        AdminCommand::CreateKey { .. } | AdminCommand::SetTier { .. } => None,
    };
    let said = perform(command, password, db, clock).await?;
    writeln!(stdout(), "{said}").map_err(AdminError::Output)
}

/// Does what `command` says; the line to print.
async fn perform(
    command: AdminCommand,
    password: Option<Password>,
    db: Db,
    clock: Clock,
) -> Result<String, AdminError> {
    let accounts = Accounts::new(db.clone(), clock.clone());
    match command {
        AdminCommand::CreateAccount { email, tier, admin } => {
            let password = password.ok_or(AdminError::PasswordMissing)?;
            let made = accounts.create(&email, password, tier, admin).await;
            let made = made.map_err(|error| AdminError::from_account(error, email))?;
            let role = if made.is_admin {
                ", as an administrator"
            } else {
                ""
            };
            Ok(format!(
                "{} has an account now, on the tier {}{role}.",
                made.email, made.tier
            ))
        }
        AdminCommand::CreateKey { email, name } => {
            let account = find(&accounts, email).await?;
            let (_, secret) = Keys::new(db, clock)
                .create(&account.id, keys::NewKey::named(name))
                .await
                .map_err(AdminError::from_key)?;
            Ok(secret.expose().to_owned())
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
            let Account {
                email, tier, quota, ..
            } = changed.ok_or(AdminError::NoAccount {
                email: account.email,
            })?;
            Ok(format!(
                "{email} is on the tier {tier} now: {} requests and {} tokens a minute. A running service follows \
                 within 5 seconds.",
                quota.rpm, quota.tpm
            ))
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

/// Why a command was not done, and the way out.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    #[error(
        "no account has the e-mail address {email}; make it with `assisters admin create-account {email}`"
    )]
    NoAccount { email: String },
    #[error(
        "{email} has an account already; its tier can be changed with `assisters admin set-tier`"
    )]
    EmailTaken { email: String },
    #[error("{email:?} is not an e-mail address; give one such as ada@example.org")]
    EmailInvalid { email: String },
    #[error(
        "no password came on standard input; pipe in a line that holds it, or run this in a terminal to be asked"
    )]
    PasswordMissing,
    #[error("the two passwords differ; run this again and type the same one twice")]
    PasswordsDiffer,
    #[error("the password is too short; choose one of at least {min} characters")]
    PasswordTooShort { min: usize },
    #[error("the password is too long; choose one of at most {max} characters")]
    PasswordTooLong { max: usize },
    #[error(transparent)]
    Invalid(keys::Invalid),
    #[error("the account has {max} keys; revoke one of them first")]
    TooManyKeys { max: usize },
    #[error("the password could not be read")]
    Input(#[source] std::io::Error),
    #[error("it was done, but what came of it could not be printed")]
    Output(#[source] std::io::Error),
    #[error("the account could not be made")]
    Account(#[source] accounts::CreateError),
    #[error("the key could not be made")]
    Key(#[source] keys::CreateError),
    #[error("the accounts could not be read or written")]
    Accounts(#[source] accounts::StoreError),
}

impl AdminError {
    fn from_account(error: accounts::CreateError, email: String) -> Self {
        use accounts::CreateError as E;
        match error {
            E::EmailInvalid => AdminError::EmailInvalid { email },
            E::EmailTaken => AdminError::EmailTaken { email },
            E::PasswordTooShort { min } => AdminError::PasswordTooShort { min },
            E::PasswordTooLong { max } => AdminError::PasswordTooLong { max },
            error @ (E::Hash(_) | E::Store(_)) => AdminError::Account(error),
        }
    }

    fn from_key(error: keys::CreateError) -> Self {
        use keys::CreateError as E;
        match error {
            E::Invalid(invalid) => AdminError::Invalid(invalid),
            E::TooMany { max } => AdminError::TooManyKeys { max },
            error @ (E::Randomness(_) | E::Store(_)) => AdminError::Key(error),
        }
    }
}
