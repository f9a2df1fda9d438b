//! Passwords: long enough, not among those that are guessed first, hashed with argon2id, never shown.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::available_parallelism;

use argon2::password_hash::Error::PasswordInvalid;
use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use unicode_normalization::UnicodeNormalization;

use super::guessed;

/// As NIST SP 800-63B-4 (3.1.1.2) has it where a password is all that is asked for: length counts, and what is known to
/// others is refused; which kinds of characters it has does not count.
pub const MIN_CHARS: usize = 15;
pub const MAX_CHARS: usize = 256;

/// Compared with where no account has the e-mail, so that the answer takes as long as for one that has. No password
/// is known to fit it.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWhhcy10aGlz$ls6Yz6vAoCO0gQhrmNk5FsS3a1eVwqcIXWxBjJ0kmCc";

/// A password as typed, in the one form (NFKC) in which keyboards that write the same characters differently agree. It has
/// no `Debug`, so that no log can show it.
pub struct Password(String);

impl Password {
    pub fn new(typed: impl AsRef<str>) -> Self {
        // What is too long to be one may be cut short of it: no more of it is looked at.
        let typed = typed.as_ref().chars().take(4 * MAX_CHARS);
        Password(typed.nfkc().collect())
    }

    /// Whether it may become the password of the account with `email`.
    pub(super) fn check(&self, email: &str) -> Result<(), Weakness> {
        match self.chars() {
            ..MIN_CHARS => Err(Weakness::TooShort { min: MIN_CHARS }),
            _ if self.is_too_long() => Err(Weakness::TooLong { max: MAX_CHARS }),
            _ if guessed::is_known(&self.0, email) => Err(Weakness::Known),
            _ if guessed::is_common(&self.0) => Err(Weakness::Common),
            _ => Ok(()),
        }
    }

    /// So that it can be nobody's.
    pub(super) fn is_too_long(&self) -> bool {
        self.chars() > MAX_CHARS
    }

    fn chars(&self) -> usize {
        self.0.chars().count()
    }
}

/// Why a password cannot become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    #[error("is too short; choose one of at least {min} characters")]
    TooShort { min: usize },
    #[error("is too long; choose one of at most {max} characters")]
    TooLong { max: usize },
    #[error("is among the first that are guessed; choose another, such as a few words in a row")]
    Common,
    #[error("is the account's e-mail address or the service's name; choose one that nobody knows")]
    Known,
}

#[derive(Debug, thiserror::Error)]
#[error("argon2id gave no result")]
pub struct HashError(#[source] Box<dyn Error + Send + Sync>);

/// Hashes and compares, as many at once as there are cores: each takes 19 MiB, and a flood of sign-ins waits in line
/// instead of taking all memory.
#[derive(Clone)]
pub(super) struct Hasher {
    turns: Arc<Semaphore>,
    done: Arc<AtomicU64>,
}

fn places() -> usize {
    available_parallelism().map_or(1, |cores| cores.get())
}

impl Hasher {
    pub(super) fn new() -> Self {
        Hasher {
            turns: Arc::new(Semaphore::new(places())),
            done: Arc::default(),
        }
    }

    /// How many were done.
    pub(super) fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// How many passwords are being hashed, and how many can be at once.
    pub(super) fn busy(&self) -> (usize, usize) {
        let places = places();
        (
            places.saturating_sub(self.turns.available_permits()),
            places,
        )
    }

    /// The hash in the PHC form, its salt and parameters included.
    pub(super) async fn hash(&self, password: Password) -> Result<String, HashError> {
        self.in_turn(move || Ok(argon2id().hash_password(password.0.as_bytes())?.to_string()))
            .await
    }

    /// Whether `password` fits `stored`, which takes as long where there is nothing stored.
    pub(super) async fn fits(
        &self,
        password: Password,
        stored: Option<String>,
    ) -> Result<bool, HashError> {
        self.in_turn(move || {
            let stored = PasswordHash::new(stored.as_deref().unwrap_or(NOBODYS))?;
            match argon2id().verify_password(password.0.as_bytes(), &stored) {
                Ok(()) => Ok(true),
                Err(PasswordInvalid) => Ok(false),
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, argon2::password_hash::Error> + Send + 'static,
    ) -> Result<T, HashError> {
        let turn = self
            .turns
            .clone()
            .acquire_owned()
            .await
            .map_err(|error| HashError(error.into()))?;
        self.done.fetch_add(1, Ordering::Relaxed);
        // The turn goes with the work: a client that leaves ends the waiting, not the work.
        let done = spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await
            .map_err(|error| HashError(error.into()))?
            .map_err(|error| HashError(error.into()))
    }
}

/// The parameters that OWASP asks for, which are the crate's own: 19 MiB, 2 passes, 1 lane.
fn argon2id() -> Argon2<'static> {
    Argon2::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_fits_its_password_only_and_names_its_parameters() {
        let hasher = Hasher::new();
        let hash = hasher.hash(Password::new("correct horse")).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert!(
            hasher
                .fits(Password::new("correct horse"), Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(
            !hasher
                .fits(Password::new("correct horsf"), Some(hash))
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    async fn nobodys_hash_can_be_compared_with_at_full_price() {
        let price = |hash: &str| hash.split('$').nth(3).map(str::to_owned);
        let hasher = Hasher::new();
        let hash = hasher.hash(Password::new("correct horse")).await.unwrap();
        assert_eq!(price(NOBODYS), price(&hash));
        assert!(
            !hasher
                .fits(Password::new("correct horse"), None)
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    async fn a_stored_hash_that_is_none_is_an_error_and_not_a_refusal() {
        assert!(
            Hasher::new()
                .fits(Password::new("correct horse"), Some("plain".into()))
                .await
                .is_err()
        );
    }
}
