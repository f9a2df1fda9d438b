//! Mail: what is written to people, and the links by which they show that an address is theirs.
//!
//! A mail is written down first, in one transaction with the hash of its link's secret, and delivered by a task that
//! tries again. Without a mail server it ends as a file in the outbox folder.

mod deliver;
mod letter;
mod link;
mod outbox;
mod store;
#[cfg(test)]
mod tests;
mod way;

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use rand::rand_core::OsError;
use tokio::sync::Notify;

use crate::clock::{Clock, UnixMs};
use crate::config::MailSettings;
use crate::db::Db;
use crate::ids::{AccountId, MailId};
use way::Way;

pub use letter::Letter;
use link::Secret;
pub use outbox::{Item, Outbox, RetryError, State};
pub use way::{OUTBOX, WayError, answers};

/// Mails of one purpose to one address or account within [`SPELL`]; what is asked for beyond them is not written. NIST SP
/// 800-63B-4 (3.2.2) wants tries to be few, and nobody's mailbox is to be filled through us.
pub const MOST_IN_A_SPELL: i64 = 3;
pub const SPELL: Duration = Duration::from_secs(15 * 60);
/// What has no link that runs out is tried for so long.
const PATIENCE: Duration = Duration::from_secs(24 * 3_600);
/// For so long a mail is listed.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3_600);

/// What a mail is for, and its link good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To show that the address of an account is its owner's.
    Verify,
    /// To tell one who has an account that somebody wanted another with its address.
    AccountExists,
    /// To set a new password.
    ResetPassword,
    /// To show that the address that an account is to have is its owner's.
    ChangeEmail,
    /// To tell the address of before of that.
    EmailChanging,
    EmailChanged,
    PasswordChanged,
    SecondFactorChanged,
}

impl Purpose {
    const ALL: [Purpose; 8] = [
        Purpose::Verify,
        Purpose::AccountExists,
        Purpose::ResetPassword,
        Purpose::ChangeEmail,
        Purpose::EmailChanging,
        Purpose::EmailChanged,
        Purpose::PasswordChanged,
        Purpose::SecondFactorChanged,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Purpose::Verify => "verify",
            Purpose::AccountExists => "account_exists",
            Purpose::ResetPassword => "reset_password",
            Purpose::ChangeEmail => "change_email",
            Purpose::EmailChanging => "email_changing",
            Purpose::EmailChanged => "email_changed",
            Purpose::PasswordChanged => "password_changed",
            Purpose::SecondFactorChanged => "second_factor_changed",
        }
    }

    /// For how long its link is good, if it has one: no longer than NIST SP 800-63B-4 gives to what is mailed for an address
    /// (24 hours, 3.1.3.2 and 4.2.1.2), and for a password as short as the OWASP Forgot Password cheat sheet wants it.
    fn link(self) -> Option<Duration> {
        match self {
            Purpose::Verify | Purpose::ChangeEmail => Some(Duration::from_secs(24 * 3_600)),
            Purpose::ResetPassword => Some(Duration::from_secs(30 * 60)),
            _ => None,
        }
    }

    /// Whether anybody can have it mailed. What tells of a change always goes out.
    fn is_asked_for(self) -> bool {
        !matches!(
            self,
            Purpose::EmailChanged | Purpose::PasswordChanged | Purpose::SecondFactorChanged
        )
    }
}

impl FromStr for Purpose {
    type Err = UnknownPurpose;

    fn from_str(text: &str) -> Result<Self, UnknownPurpose> {
        let known = Purpose::ALL.into_iter().find(|one| one.as_str() == text);
        known.ok_or(UnknownPurpose)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("this is no purpose of a mail")]
pub struct UnknownPurpose;

/// Whom a link was mailed to, for which account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    pub account: AccountId,
    pub address: String,
}

/// The mail of this service; cheap to clone.
#[derive(Clone)]
pub struct Mail {
    db: Db,
    clock: Clock,
    way: Arc<Way>,
    /// The site as users see it, without a slash at its end. Never what a request says: a link must not lead elsewhere.
    site: Arc<str>,
    written: Arc<Notify>,
}

impl Mail {
    pub fn new(
        settings: &MailSettings,
        data_dir: &Path,
        site: Arc<str>,
        db: Db,
        clock: Clock,
    ) -> Result<Self, WayError> {
        Ok(Mail {
            db,
            clock,
            way: Arc::new(Way::new(settings, data_dir)?),
            site,
            written: Arc::default(),
        })
    }

    /// The same, as a part of an act.
    pub fn within(&self, act: &Db) -> Self {
        Mail {
            db: act.clone(),
            ..self.clone()
        }
    }

    /// Whether mails leave this machine. Else nobody can be asked to follow a link before they come in.
    pub fn is_sent(&self) -> bool {
        self.way.is_sent()
    }

    pub fn outbox(&self) -> Outbox {
        Outbox::new(self.db.clone(), self.clock.clone())
    }

    /// Writes `letter` to `to`, about `account`; it is delivered in its turn. Its link voids those of before with the same
    /// purpose. Says whether it was written: what is asked for too often is not.
    pub async fn post(
        &self,
        account: &AccountId,
        to: &str,
        letter: &Letter<'_>,
    ) -> Result<bool, MailError> {
        let (now, purpose) = (self.clock.now(), letter.purpose());
        let secret = match purpose.link() {
            Some(_) => Some(Secret::generate().map_err(MailError::Random)?),
            None => None,
        };
        let until = now.plus(purpose.link().unwrap_or(PATIENCE));
        let mail = store::NewMail {
            id: MailId::new(),
            account,
            purpose,
            recipient: to,
            subject: letter.subject(),
            body: letter.body(&self.site),
            secret: secret.as_ref(),
            created: now,
            until,
            most: match purpose.is_asked_for() {
                true => MOST_IN_A_SPELL,
                false => i64::MAX,
            },
            spell_from: UnixMs(now.0.saturating_sub(millis(SPELL))),
        };
        let written = store::insert(&self.db, &mail)
            .await
            .map_err(MailError::Store)?;
        match written {
            true => self.look().await,
            false => tracing::info!(
                purpose = purpose.as_str(),
                "a mail was asked for too often, and not written"
            ),
        }
        Ok(written)
    }

    /// Whose link `secret` is, without using it up.
    pub async fn find_link(
        &self,
        secret: &str,
        purpose: Purpose,
    ) -> Result<Option<Bearer>, MailError> {
        let Some(secret) = Secret::parse(secret) else {
            return Ok(None);
        };
        let found = store::find_link(&self.db, &secret, purpose, self.clock.now());
        found.await.map_err(MailError::Store)
    }

    /// Uses the link up. Of many who try at once, one is told whose it was.
    pub async fn redeem(
        &self,
        secret: &str,
        purpose: Purpose,
    ) -> Result<Option<Bearer>, MailError> {
        let Some(secret) = Secret::parse(secret) else {
            return Ok(None);
        };
        let redeemed = store::redeem(&self.db, &secret, purpose, self.clock.now());
        redeemed.await.map_err(MailError::Store)
    }

    /// Voids all links of the account: what it is signed in by has changed.
    pub async fn void(&self, account: &AccountId) -> Result<(), MailError> {
        store::void(&self.db, account)
            .await
            .map_err(MailError::Store)
    }

    /// The mails of the account, whose files [`Mail::erase`] removes once the account is gone.
    pub async fn ids_of(&self, account: &AccountId) -> Result<Vec<MailId>, MailError> {
        store::ids_of(&self.db, account)
            .await
            .map_err(MailError::Store)
    }

    /// Removes what lies of these mails in the outbox folder.
    pub async fn erase(&self, mails: &[MailId]) {
        for id in mails {
            self.way.erase(id).await;
        }
    }

    /// Deletes a mail, sent or not, and says whether there was one.
    pub async fn delete(&self, id: &MailId) -> Result<bool, MailError> {
        let deleted = store::delete(&self.db, id)
            .await
            .map_err(MailError::Store)?;
        let (way, id) = (self.way.clone(), id.clone());
        self.db.then(async move { way.erase(&id).await }).await;
        Ok(deleted)
    }

    /// Tries a mail at once, also one that was given up.
    pub async fn retry(&self, id: &MailId) -> Result<(), RetryError> {
        self.outbox().retry(id).await?;
        self.look().await;
        Ok(())
    }

    /// Has it looked at once what is to be delivered.
    async fn look(&self) {
        let written = self.written.clone();
        self.db.then(async move { written.notify_one() }).await;
    }

    /// The whole mail, as a mail program reads it. While mails are sent, who reads them here is not who they were written
    /// to, so the secret of a link is left out.
    pub async fn read(&self, id: &MailId) -> Result<Option<String>, MailError> {
        let found = store::find_whole(&self.db, id)
            .await
            .map_err(MailError::Store)?;
        Ok(found.map(|mail| match self.is_sent() {
            true => mail.body,
            false => mail.text(),
        }))
    }

    /// Clears away links and secrets that have run out, and mails that are old.
    pub async fn sweep(&self) -> Result<(), MailError> {
        let now = self.clock.now();
        let swept = async {
            store::forget_links(&self.db, now).await?;
            store::forget_secrets(&self.db, now).await?;
            store::forget_mails(&self.db, UnixMs(now.0.saturating_sub(millis(KEPT)))).await
        };
        let gone = swept.await.map_err(MailError::Store)?;
        self.erase(&gone).await;
        Ok(())
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("the outbox could not be reached")]
    Store(#[source] sqlx::Error),
    #[error("the system gave no randomness for a link")]
    Random(#[source] OsError),
}
