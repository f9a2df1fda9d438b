//! What a client calls its request, and how two requests are told to be the same.

use std::fmt;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::ids::AccountId;

const LONGEST: usize = 255;

/// A client's own name for a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key has 1 to {LONGEST} visible characters")]
pub struct MalformedKey;

impl IdempotencyKey {
    /// Takes 1 to 255 visible ASCII characters, bare or in quotes; both forms name the same request
    /// (draft-ietf-httpapi-idempotency-key-header has it quoted, most clients send it bare).
    pub fn parse(text: &str) -> Result<Self, MalformedKey> {
        let bare = text
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or(text);
        let sound =
            (1..=LONGEST).contains(&bare.len()) && bare.bytes().all(|byte| byte.is_ascii_graphic());
        sound
            .then(|| IdempotencyKey(bare.to_owned()))
            .ok_or(MalformedKey)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Within what a key names one request: an account, and the path that it was posted to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    pub account: AccountId,
    pub path: &'static str,
    pub key: IdempotencyKey,
}

/// The SHA-256 of what a body says, however it is written: spaces and the order of fields make no difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Of a JSON body; one that cannot be read is known by its bytes.
    pub fn of(body: &[u8]) -> Self {
        // A map of serde_json's is sorted by its keys.
        let canonical = serde_json::from_slice::<Value>(body)
            .map_or_else(|_| body.to_vec(), |value| value.to_string().into_bytes());
        let hash = Sha256::digest(canonical);
        Fingerprint(hash.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_with_and_without_quotes() {
        assert_eq!(
            IdempotencyKey::parse("\"a-1\""),
            IdempotencyKey::parse("a-1")
        );
        assert_eq!(IdempotencyKey::parse("a-1").unwrap().as_str(), "a-1");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let long = "k".repeat(256);
        for bad in ["", "\"\"", "a b", "\u{e4}", "a\tb", &long] {
            assert_eq!(IdempotencyKey::parse(bad), Err(MalformedKey), "{bad:?}");
        }
        assert!(IdempotencyKey::parse(&long[1..]).is_ok());
        assert!(IdempotencyKey::parse(&format!("\"{}\"", &long[1..])).is_ok());
    }

    #[test]
    fn a_fingerprint_is_of_what_is_said_not_how_it_is_written() {
        let of = |body: &str| Fingerprint::of(body.as_bytes());
        assert_eq!(
            of(r#"{"a":1,"b":{"c":2,"d":[1,2]}}"#),
            of("{ \"b\": {\"d\":[1, 2],\"c\":2},\n\"a\":1}")
        );
        assert_ne!(of(r#"{"a":[1,2]}"#), of(r#"{"a":[2,1]}"#));
        assert_ne!(of(r#"{"a":1}"#), of(r#"{"a":"1"}"#));
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;

    #[test]
    fn of_any_two_bodies_the_fingerprints_are_equal_if_they_say_the_same() {
        bolero::check!(name = "fingerprint").for_each(|input: &[u8]| {
            let (one, other) = input.split_at(input.len() / 2);
            let read = |body| serde_json::from_slice::<Value>(body).ok();
            let same = match (read(one), read(other)) {
                (Some(one), Some(other)) => one == other,
                (None, None) => one == other,
                _ => false,
            };
            assert_eq!(Fingerprint::of(one) == Fingerprint::of(other), same);
            if let Some(value) = read(input) {
                let written = serde_json::to_vec_pretty(&value).unwrap();
                assert_eq!(Fingerprint::of(&written), Fingerprint::of(input));
            }
        });
    }
}
