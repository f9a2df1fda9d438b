//! What the keys room could not do.

use std::time::Duration;

use rand::rand_core::OsError;

use super::Invalid;

#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error("the account has {max} keys already")]
    TooMany { max: usize },
    #[error("the system gave no random bytes")]
    Randomness(#[source] OsError),
    #[error("the key could not be stored")]
    Store(#[source] sqlx::Error),
}

#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error("the account has no such key")]
    NotFound,
    #[error("the key was revoked")]
    Revoked,
    #[error("the key has expired")]
    Expired,
    #[error("the key could not be changed")]
    Store(#[source] sqlx::Error),
}

#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    #[error("the account has no such key")]
    NotFound,
    #[error("the key was revoked")]
    Revoked,
    #[error("the key has expired")]
    Expired,
    #[error("an old secret can live on for {} days at most", max.as_secs() / 86_400)]
    OverlapTooLong { max: Duration },
    #[error("{max} older secrets of the key are still taken")]
    TooManySecrets { max: usize },
    #[error("the system gave no random bytes")]
    Randomness(#[source] OsError),
    #[error("the key could not be rotated")]
    Store(#[source] sqlx::Error),
}

#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    #[error("the account has no such key")]
    NotFound,
    #[error("the key could not be revoked")]
    Store(#[source] sqlx::Error),
}

/// Why a key was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("the key is mistyped or was cut")]
    Mistyped,
    #[error("there is no such key")]
    Unknown,
    #[error("the key was revoked")]
    Revoked,
    /// The key, or this one of its secrets since a rotation.
    #[error("the key has expired")]
    Expired,
    #[error("the key's account is suspended")]
    Suspended,
    #[error("the key may not be used from this address")]
    IpNotAllowed,
    #[error("the key could not be looked up")]
    Store(#[source] sqlx::Error),
}

#[derive(Debug, thiserror::Error)]
#[error("the keys could not be reached")]
pub struct StoreError(#[source] pub(super) sqlx::Error);
