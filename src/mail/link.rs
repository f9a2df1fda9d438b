//! The secret in a mailed link.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::rand_core::{OsError, TryRngCore};
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};

/// Far more than the 128 that OWASP ASVS 5.0 (7.2.3, 11.5.1) asks of what must not be guessed: no slower hash is needed.
const BYTES: usize = 32;
/// What is longer is no secret of ours, and is not looked at.
const MOST_CHARS: usize = 64;

/// It has neither `Debug` nor `Display`, so that no log can show it.
pub(super) struct Secret(String);

impl Secret {
    pub(super) fn generate() -> Result<Self, OsError> {
        let mut bytes = [0; BYTES];
        OsRng.try_fill_bytes(&mut bytes)?;
        Ok(Secret(URL_SAFE_NO_PAD.encode(bytes)))
    }

    pub(super) fn parse(presented: &str) -> Option<Self> {
        let presented = presented.trim();
        (presented.len() <= MOST_CHARS).then_some(())?;
        let bytes = URL_SAFE_NO_PAD.decode(presented).ok()?;
        (bytes.len() == BYTES).then(|| Secret(presented.to_owned()))
    }

    /// What the database knows it by.
    pub(super) fn hash(&self) -> String {
        let digest = Sha256::digest(&self.0);
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_back_and_no_two_are_alike() {
        let (one, other) = (Secret::generate().unwrap(), Secret::generate().unwrap());
        assert_eq!(one.expose().len(), 43);
        assert_ne!(one.hash(), other.hash());
        let read = Secret::parse(&format!(" {}\n", one.expose())).unwrap();
        assert_eq!(read.hash(), one.hash());
        assert!(!one.hash().contains(one.expose()));
    }

    #[test]
    fn what_cannot_be_one_is_not_looked_up() {
        let long = "a".repeat(10_000);
        let whole = Secret::generate().unwrap();
        for wrong in ["", "a", "=", &long, &whole.expose()[1..], "é"] {
            assert!(Secret::parse(wrong).is_none(), "{wrong}");
        }
    }
}
