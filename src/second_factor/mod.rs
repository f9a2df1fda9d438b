//! Second factors: what an account asks for beside its password. A secret that it shares with an authenticator app, and
//! recovery codes for when the app is lost.

mod recovery;
mod store;
#[cfg(test)]
mod tests;
mod totp;

use rand::rand_core::OsError;

use crate::clock::{Clock, HOUR_MS, UnixMs};
use crate::config::SecondFactorOf;
use crate::db::Db;
use crate::ids::AccountId;

pub use recovery::{CODES, RecoveryCode};
pub use totp::Secret;

/// Of the app's codes, so many may be tried in an hour without a right one among them: whoever has found out the password
/// would need years to guess one (each try fits with 3 in a million). Recovery codes cannot be guessed, and are taken all the
/// same, so that nobody is locked out.
const MOST_TRIES: i64 = 10;

/// The second factors of this service's accounts; cheap to clone.
#[derive(Clone)]
pub struct SecondFactors {
    db: Db,
    clock: Clock,
    asked_of: SecondFactorOf,
}

/// How an account's second factor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub since: UnixMs,
    /// Recovery codes that were not used yet.
    pub codes_left: u32,
}

/// What somebody typed turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The app's code.
    Code,
    /// A recovery code, which is used up.
    Recovery,
    Wrong,
    /// Nobody looked: too many codes were wrong within the hour. A recovery code would be taken.
    TooMany,
}

impl Answer {
    pub fn is_right(self) -> bool {
        matches!(self, Answer::Code | Answer::Recovery)
    }
}

impl SecondFactors {
    pub fn new(db: Db, clock: Clock) -> Self {
        SecondFactors {
            db,
            clock,
            asked_of: SecondFactorOf::default(),
        }
    }

    /// From now on of those of whom `asked_of` says so.
    pub fn asked(self, asked_of: SecondFactorOf) -> Self {
        SecondFactors { asked_of, ..self }
    }

    /// Whether an account that is, or is not, an administrator's has to have one.
    pub fn is_asked(&self, is_admin: bool) -> bool {
        self.asked_of.asks(is_admin)
    }

    /// Whether the account has to have one, and has none: then nobody may be let in to it by less.
    pub async fn is_missing(
        &self,
        account: &AccountId,
        is_admin: bool,
    ) -> Result<bool, StoreError> {
        Ok(self.is_asked(is_admin) && self.standing(account).await?.is_none())
    }

    /// The same, as a part of an act.
    pub fn within(&self, act: &Db) -> Self {
        SecondFactors {
            db: act.clone(),
            ..self.clone()
        }
    }

    /// How the account's second factor stands, if it has one.
    pub async fn standing(&self, account: &AccountId) -> Result<Option<Standing>, StoreError> {
        let found = store::standing(&self.db, account).await;
        let found = found.map_err(StoreError)?;
        Ok(found.map(|(since, codes)| Standing {
            since,
            codes_left: u32::try_from(codes).unwrap_or(u32::MAX),
        }))
    }

    /// Turns the second factor on for who has `secret` in an app, which `typed` proves. The code is used with that. Gives
    /// the recovery codes, which nobody can have again.
    pub async fn turn_on(
        &self,
        account: &AccountId,
        secret: &Secret,
        typed: &str,
    ) -> Result<Vec<RecoveryCode>, TurnOnError> {
        let now = self.clock.now();
        let step = secret.step_of(typed, now, i64::MIN);
        let step = step.ok_or(TurnOnError::WrongCode)?;
        let (codes, hashes) = new_codes().map_err(TurnOnError::Randomness)?;
        let stored = secret.expose();
        let inserted = store::insert(&self.db, account, &stored, step, &hashes, now).await;
        match inserted.map_err(TurnOnError::Store)? {
            true => Ok(codes),
            false => Err(TurnOnError::IsOn),
        }
    }

    /// Takes what was typed, once: the app's code or a recovery code. It is wrong, too, where it was taken before, or the
    /// account has no second factor.
    pub async fn take(&self, account: &AccountId, typed: &str) -> Result<Answer, StoreError> {
        if let Some(code) = RecoveryCode::parse(typed) {
            let taken = store::take_code(&self.db, account, &code.hash()).await;
            return Ok(match taken.map_err(StoreError)? {
                true => Answer::Recovery,
                false => Answer::Wrong,
            });
        }
        let now = self.clock.now();
        let since = UnixMs(now.0 - HOUR_MS);
        let found = store::take_try(&self.db, account, now, since).await;
        let Some((stored, last)) = found.map_err(StoreError)? else {
            let is_on = self.standing(account).await?.is_some();
            return Ok(if is_on {
                Answer::TooMany
            } else {
                Answer::Wrong
            });
        };
        let secret = Secret::parse(&stored);
        let step = secret.and_then(|secret| secret.step_of(typed, now, last));
        let Some(step) = step else {
            return Ok(Answer::Wrong);
        };
        let taken = store::take_step(&self.db, account, &stored, step).await;
        Ok(match taken.map_err(StoreError)? {
            true => Answer::Code,
            false => Answer::Wrong,
        })
    }

    /// New recovery codes in the place of those before; `None` where there is no second factor.
    pub async fn renew_codes(
        &self,
        account: &AccountId,
    ) -> Result<Option<Vec<RecoveryCode>>, RenewError> {
        let (codes, hashes) = new_codes().map_err(RenewError::Randomness)?;
        let renewed = store::renew_codes(&self.db, account, &hashes, self.clock.now()).await;
        Ok(renewed.map_err(RenewError::Store)?.then_some(codes))
    }

    /// Turns it off, with its recovery codes, and says whether it was on.
    pub async fn turn_off(&self, account: &AccountId) -> Result<bool, StoreError> {
        store::delete(&self.db, account).await.map_err(StoreError)
    }
}

/// As many as an account has, and their hashes.
fn new_codes() -> Result<(Vec<RecoveryCode>, Vec<String>), OsError> {
    let codes: Result<Vec<_>, _> = (0..CODES).map(|_| RecoveryCode::generate()).collect();
    let codes = codes?;
    let hashes = codes.iter().map(RecoveryCode::hash).collect();
    Ok((codes, hashes))
}

#[derive(Debug, thiserror::Error)]
pub enum TurnOnError {
    #[error("the code is not the secret's")]
    WrongCode,
    #[error("the account has a second factor already")]
    IsOn,
    #[error("the system gave no random bytes")]
    Randomness(#[source] OsError),
    #[error("the second factor could not be stored")]
    Store(#[source] sqlx::Error),
}

#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    #[error("the system gave no random bytes")]
    Randomness(#[source] OsError),
    #[error("the recovery codes could not be stored")]
    Store(#[source] sqlx::Error),
}

#[derive(Debug, thiserror::Error)]
#[error("the second factors could not be reached")]
pub struct StoreError(#[source] sqlx::Error);
