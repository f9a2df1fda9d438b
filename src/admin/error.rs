//! Why a command was not done, and the way out.

use crate::accounts;
use crate::audit;
use crate::keys;
use crate::mail;
use crate::pool::{self, Fleet, Origin};
use crate::second_factor;
use crate::sessions;

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
        "{email} is the last administrator who is not suspended; make another with `assisters admin create-account --admin` first"
    )]
    LastAdministrator { email: String },
    #[error("a reason has 1 to {max} characters; it is shown to whoever signs in")]
    Reason { max: usize },
    #[error("the account is as it was")]
    Administer(#[source] accounts::AdministerError),
    #[error("its sessions could not be ended, and so nothing was done")]
    Sessions(#[source] sessions::StoreError),
    #[error(
        "no password came on standard input; pipe in a line that holds it, or run this in a terminal to be asked"
    )]
    PasswordMissing,
    #[error("the two passwords differ; run this again and type the same one twice")]
    PasswordsDiffer,
    #[error("the password {0}")]
    Password(accounts::Weakness),
    #[error(transparent)]
    KeyInvalid(keys::Invalid),
    #[error("the account has {max} keys; revoke one of them first")]
    TooManyKeys { max: usize },
    #[error("{email} has no key {id}; `assisters admin list-keys {email}` lists those that it has")]
    NoKey { email: String, id: String },
    #[error(
        "the key {id} was revoked and has no use any more; make another with `assisters admin create-key`"
    )]
    KeyRevoked { id: String },
    #[error("the key {id} has expired; make another with `assisters admin create-key`")]
    KeyExpired { id: String },
    #[error(
        "{max} older secrets of the key are still taken; wait until one of them ends, or have the present one end at \
         once with --overlap 0"
    )]
    TooManySecrets { max: usize },
    #[error(
        "no key came on standard input; pipe in a line that holds it, or run this in a terminal to be asked"
    )]
    WorkerKeyMissing,
    #[error("a worker's key is of visible ASCII characters alone; this one is not")]
    WorkerKeyInvalid,
    #[error(
        "{url} does not say what it serves ({reason}); start it, correct the address, give its key with --key-stdin, or \
         add it as it is with --unchecked"
    )]
    WorkerSilent { url: String, reason: String },
    #[error("{id} is a worker already; `assisters admin workers` lists all")]
    WorkerExists { id: String },
    #[error("there is no worker {id}; {}", those(.known))]
    NoWorker { id: String, known: Vec<String> },
    #[error(
        "{id} stands in the settings; change or remove it in assisters.toml or ASSISTERS_WORKERS and start the service \
         anew, or have it finish with `assisters admin workers drain {id}`"
    )]
    WorkerConfigured { id: String },
    #[error(
        "the local worker is there, as it is, for as long as the settings name none; `assisters admin workers drain \
         local` gives it nothing new"
    )]
    WorkerLocal,
    #[error("the key could not be read")]
    WorkerKeyInput(#[source] std::io::Error),
    #[error("the workers are as they were")]
    WorkerChange(#[source] pool::ChangeError),
    #[error(transparent)]
    Workers(pool::StoreError),
    #[error("there is no mail {id}; `assisters admin mail list` lists those that there are")]
    NoMail { id: String },
    #[error("{id} is sent already")]
    MailSent { id: String },
    #[error("the link in {id} has run out; whoever needs one asks for it again")]
    MailRunOut { id: String },
    #[error("the mails could not be listed")]
    Mail(#[source] mail::MailError),
    #[error("the mail is as it was")]
    Retry(#[source] mail::RetryError),
    #[error("the password could not be read")]
    Input(#[source] std::io::Error),
    #[error("it was done, but what came of it could not be printed")]
    Output(#[source] std::io::Error),
    #[error("the account could not be made")]
    Account(#[source] accounts::CreateError),
    #[error("the key could not be made")]
    Key(#[source] keys::CreateError),
    #[error("the key has kept the secret that it had")]
    Rotate(#[source] keys::RotateError),
    #[error("the key is not revoked")]
    Revoke(#[source] keys::RevokeError),
    #[error("the keys could not be listed")]
    Keys(#[source] keys::StoreError),
    #[error(
        "it could not be put on record, and so it was not done; see what the database says, and try again"
    )]
    Unrecorded(#[source] audit::StoreError),
    #[error("nothing was done; see what the database says, and try again")]
    Undone(#[source] sqlx::Error),
    #[error("the audit log could not be read")]
    Audit(#[source] audit::StoreError),
    #[error("{email} has no second factor; its password alone signs it in")]
    NoSecondFactor { email: String },
    #[error("the second factor is as it was")]
    SecondFactor(#[source] second_factor::StoreError),
    #[error("the accounts could not be read or written")]
    Accounts(#[source] accounts::StoreError),
}

fn those(ids: &[String]) -> String {
    match ids {
        [] => "none is known".to_owned(),
        [one] => format!("the only one is {one}"),
        many => format!("those that there are: {}", many.join(", ")),
    }
}

impl AdminError {
    pub(super) fn no_worker(id: String, fleet: &Fleet) -> Self {
        let known = fleet.workers.iter();
        let known = known.filter(|worker| worker.origin != Origin::Removed);
        AdminError::NoWorker {
            id,
            known: known.map(|worker| worker.id.to_string()).collect(),
        }
    }

    pub(super) fn from_account(error: accounts::CreateError, email: String) -> Self {
        use accounts::CreateError as E;
        match error {
            E::EmailInvalid => AdminError::EmailInvalid { email },
            E::EmailTaken => AdminError::EmailTaken { email },
            E::Password(weakness) => AdminError::Password(weakness),
            error @ (E::Hash(_) | E::Store(_)) => AdminError::Account(error),
        }
    }

    pub(super) fn from_key(error: keys::CreateError) -> Self {
        use keys::CreateError as E;
        match error {
            E::Invalid(invalid) => AdminError::KeyInvalid(invalid),
            E::TooMany { max } => AdminError::TooManyKeys { max },
            error @ (E::Randomness(_) | E::Store(_)) => AdminError::Key(error),
        }
    }

    pub(super) fn from_rotation(error: keys::RotateError, email: String, id: String) -> Self {
        use keys::RotateError as E;
        match error {
            E::NotFound => AdminError::NoKey { email, id },
            E::Revoked => AdminError::KeyRevoked { id },
            E::Expired => AdminError::KeyExpired { id },
            E::TooManySecrets { max } => AdminError::TooManySecrets { max },
            error @ (E::OverlapTooLong { .. } | E::Randomness(_) | E::Store(_)) => {
                AdminError::Rotate(error)
            }
        }
    }

    pub(super) fn from_revocation(error: keys::RevokeError, email: String, id: String) -> Self {
        match error {
            keys::RevokeError::NotFound => AdminError::NoKey { email, id },
            error @ keys::RevokeError::Store(_) => AdminError::Revoke(error),
        }
    }
}
