//! What the rooms refuse, as a client is to hear it.

use std::time::Duration;

use super::{ApiError, Code, rounded_up};
use crate::idempotency::ClaimError;
use crate::keys::Refusal;
use crate::limits::{BucketName, Holder, Refused};

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Mistyped => ApiError::new(
                Code::InvalidApiKey,
                "The API key is mistyped or cut: its checksum does not match. Copy it again, all 36 characters.",
            ),
            Refusal::Unknown => ApiError::new(
                Code::InvalidApiKey,
                "The API key is not known here. Make one on the dashboard's Keys page.",
            ),
            Refusal::Revoked => ApiError::new(
                Code::ApiKeyRevoked,
                "The API key was revoked. Use another, or make one on the dashboard's Keys page.",
            ),
            Refusal::Expired => ApiError::new(
                Code::ApiKeyExpired,
                "The API key has expired, or was replaced and its time beside the new one is over. Use another, or \
                 make one on the dashboard's Keys page.",
            ),
            Refusal::Suspended => ApiError::account_suspended(),
            Refusal::IpNotAllowed => ApiError::new(
                Code::IpNotAllowed,
                "The API key may not be used from your IP address. Call from one that it allows, or use another key.",
            ),
            Refusal::Store(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a key could not be looked up"
                );
                // Whatever was wrong with the database, the key may be good.
                ApiError::overloaded()
            }
        }
    }
}

impl From<ClaimError> for ApiError {
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::OtherBody => ApiError::new(
                Code::IdempotencyMismatch,
                "This Idempotency-Key was used with another body. Send the first body again, or use a new key.",
            ),
            ClaimError::InFlight => ApiError {
                retry_after: Some(Duration::from_secs(1)),
                ..ApiError::new(
                    Code::IdempotencyInFlight,
                    "The first request with this Idempotency-Key is still running. Try again after the time in Retry-After.",
                )
            },
            ClaimError::Store(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "an idempotency key could not be looked up"
                );
                ApiError::of_database(&error)
            }
        }
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        let (name, bucket) = match refused.bucket {
            BucketName::Requests => ("requests", refused.standing.requests),
            BucketName::Tokens => ("tokens", refused.standing.tokens),
        };
        let (limit, used, asked) = (bucket.limit, bucket.used, refused.asked);
        let (whose, remedy) = match refused.holder {
            Holder::Account => ("your limit", "choose a higher tier"),
            Holder::Key => ("this key's own limit", "use a key with a higher one"),
        };
        match refused.retry_after {
            Some(wait) => ApiError {
                retry_after: Some(wait),
                ..ApiError::new(
                    Code::RateLimitExceeded,
                    format!(
                        "Rate limit reached: {whose} is {limit} {name} per minute, of which {used} are used and this \
                         request asks for {asked}. Try again in {} s.",
                        rounded_up(wait, Duration::from_secs(1))
                    ),
                )
            },
            None => ApiError {
                never_retry: true,
                ..ApiError::new(
                    Code::RequestTooLarge,
                    format!(
                        "This request asks for {asked} {name}, more than {whose} of {limit} {name} per minute. \
                         Shorten the prompt, lower `max_tokens`, or {remedy}."
                    ),
                )
            },
        }
    }
}
