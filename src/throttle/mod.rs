//! Throttles: how often a stranger may try what can be guessed, or what costs us, told by the database, so that it holds
//! through restarts and for all gateways on it.
//!
//! Every try is counted before it is looked at, in one statement: a hundred at once get no more than one after the other.

mod device;
mod store;
mod subject;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::clock::{Clock, DAY_MS, HOUR_MS};
use crate::db::Db;
use crate::ids::AccountId;

pub use device::Device;
pub use subject::Subject;

/// Tries of a password that cost no waiting: as many as people need who mistype, or try their two or three passwords.
const FREE: i64 = 5;
/// The same of all that come from one address, whatever account they are for: an office, or a mobile network, can stand
/// behind one.
const FREE_OF_ADDRESS: i64 = 20;
/// After the last free one 1 s, then 2 s, 4 s … up to this: some hundred tries in the first day and four in each hour from then
/// on, where NIST SP 800-63B-4 (3.2.2) has an account closed after 100. Never longer, so that nobody can lock out another.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// What failed is forgotten this long after the last try of an account's password, and of an address's.
const REMEMBERED: Duration = Duration::from_millis(DAY_MS.unsigned_abs());
const REMEMBERED_OF_ADDRESS: Duration = Duration::from_millis(HOUR_MS.unsigned_abs());
const HOUR: Duration = Duration::from_millis(HOUR_MS.unsigned_abs());
/// A browser counts as known for this long after its last sign-in.
const DEVICE_KEPT: Duration = Duration::from_millis(180 * DAY_MS.unsigned_abs());
/// Browsers that one account is known in; the one not seen for longest goes for one more.
const MOST_DEVICES: i64 = 50;
/// Counts that are kept at most: beyond, those go that hold back least.
const MOST_ROWS: i64 = 100_000;

/// The throttles; cheap to clone.
#[derive(Clone)]
pub struct Throttle {
    db: Db,
    clock: Clock,
    sign_ups: u32,
}

/// What may be done so often an hour by one address, or one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A new account: each costs a hash and a row.
    SignUp,
    /// Each sends a mail to somebody who may not have asked for it.
    ForgottenPassword,
    /// Likewise.
    Verification,
    /// The password once more, of somebody who is signed in: whoever has taken the session may guess it no faster.
    Confirmation,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Purpose::SignUp => "sign_up",
            Purpose::ForgottenPassword => "forgotten_password",
            Purpose::Verification => "verification",
            Purpose::Confirmation => "confirmation",
        }
    }
}

/// Mails that one address may have us send in an hour; people ask twice or thrice when one is late.
const MAILS: u32 = 6;
const CONFIRMATIONS: u32 = 10;

/// Why something is not done now.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("tried too often; the next try is taken in {0:?}")]
    Wait(Duration),
    #[error("the throttle could not be asked")]
    Store(#[source] sqlx::Error),
}

#[derive(Debug, thiserror::Error)]
#[error("the throttle could not be written")]
pub struct StoreError(#[source] sqlx::Error);

/// One who tries to sign in.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    /// As typed.
    pub email: &'a str,
    /// Whose that is, if anyone's.
    pub account: Option<&'a AccountId>,
    pub from: &'a Subject,
    /// The cookie that the browser shows, if any.
    pub device: Option<&'a Device>,
}

/// A try that was counted. Dropped, it stays counted: it has failed.
#[must_use = "a try that has succeeded is to be taken back"]
pub struct Attempt {
    throttle: Throttle,
    /// Of the account, or of its known browser.
    own: store::Counted,
    /// Not where the browser is known.
    of_address: Option<store::Counted>,
}

impl Throttle {
    /// `sign_ups` is how many accounts one address may make in an hour.
    pub fn new(db: Db, clock: Clock, sign_ups: u32) -> Self {
        Throttle {
            db,
            clock,
            sign_ups,
        }
    }

    /// The same, as a part of an act.
    pub fn within(&self, act: &Db) -> Self {
        Throttle {
            db: act.clone(),
            ..self.clone()
        }
    }

    /// Counts one `purpose` of `whom`, or says how long to wait for that.
    pub async fn take(&self, purpose: Purpose, whom: impl Into<Subject>) -> Result<(), Refused> {
        let most = match purpose {
            Purpose::SignUp => self.sign_ups,
            Purpose::ForgottenPassword | Purpose::Verification => MAILS,
            Purpose::Confirmation => CONFIRMATIONS,
        };
        let whom = whom.into();
        let now = self.clock.now();
        store::take(&self.db, purpose.name(), &whom, now, HOUR, most).await
    }

    /// Takes back what [`Throttle::take`] has counted: it came to nothing, or was proved right.
    pub async fn give_back(
        &self,
        purpose: Purpose,
        whom: impl Into<Subject>,
    ) -> Result<(), StoreError> {
        let given_back = store::give_back(&self.db, purpose.name(), &whom.into()).await;
        given_back.map_err(StoreError)
    }

    /// Counts a try of `candidate`'s, which is then to be looked at, or says how long to wait for the next one.
    ///
    /// A browser that the account is known in is counted for itself, and strangers' tries do not hold it back: so nobody locks out
    /// an account's owner by guessing (OWASP's device cookies).
    pub async fn sign_in(&self, candidate: Candidate<'_>) -> Result<Attempt, Refused> {
        // Asked for whatever the account, so that an unknown one answers no sooner.
        let known_in = match candidate.device {
            Some(device) => self.account_of(device).await.map_err(Refused::Store)?,
            None => None,
        };
        let device = candidate
            .device
            .filter(|_| known_in.is_some() && known_in.as_ref() == candidate.account);
        let now = self.clock.now();
        if let Some(device) = device {
            let of_device = store::Rule::new("sign_in_device", FREE, REMEMBERED);
            let own = store::count(&self.db, of_device, &device.subject(), now).await?;
            return Ok(Attempt {
                throttle: self.clone(),
                own,
                of_address: None,
            });
        }
        let of_address =
            store::Rule::new("sign_in_address", FREE_OF_ADDRESS, REMEMBERED_OF_ADDRESS);
        let of_account = store::Rule::new("sign_in", FREE, REMEMBERED);
        let email = Subject::typed(candidate.email);
        let of_address = store::count(&self.db, of_address, candidate.from, now).await?;
        match store::count(&self.db, of_account, &email, now).await {
            Ok(own) => Ok(Attempt {
                throttle: self.clone(),
                own,
                of_address: Some(of_address),
            }),
            Err(refused) => {
                // It is not looked at, and so was no try.
                let taken_back = store::take_back(&self.db, &of_address, now).await;
                taken_back.map_err(Refused::Store)?;
                Err(refused)
            }
        }
    }

    /// The browser's own cookie from now on: the one that it shows, if `account` is known by it, or a new one.
    pub async fn remember(
        &self,
        account: &AccountId,
        shown: Option<Device>,
    ) -> Result<Device, StoreError> {
        let now = self.clock.now();
        if let Some(shown) = shown
            && store::saw(&self.db, &shown, account, now)
                .await
                .map_err(StoreError)?
        {
            return Ok(shown);
        }
        let device = Device::generate();
        let added = store::add_device(&self.db, &device, account, now, MOST_DEVICES).await;
        added.map_err(StoreError)?;
        Ok(device)
    }

    /// All browsers are strangers to `account` again.
    pub async fn forget_devices(&self, account: &AccountId) -> Result<(), StoreError> {
        let forgotten = store::forget_devices(&self.db, account).await;
        forgotten.map_err(StoreError)
    }

    /// Deletes what no longer matters, and what is too much.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let swept = store::sweep(&self.db, now, DEVICE_KEPT, MOST_ROWS).await;
        swept.map_err(StoreError)
    }

    async fn account_of(&self, device: &Device) -> Result<Option<AccountId>, sqlx::Error> {
        store::account_of(&self.db, device, self.clock.now(), DEVICE_KEPT).await
    }
}

impl Attempt {
    /// The password was right: what failed before it does not count any more (NIST SP 800-63B-4, 3.2.2). At its address others
    /// may be guessing, so there it is this try alone that is taken back.
    pub async fn succeeded(self) -> Result<(), StoreError> {
        let db = &self.throttle.db;
        let taken_back = async {
            store::forget(db, &self.own).await?;
            match &self.of_address {
                Some(counted) => store::take_back(db, counted, self.throttle.clock.now()).await,
                None => Ok(()),
            }
        };
        taken_back.await.map_err(StoreError)
    }
}
