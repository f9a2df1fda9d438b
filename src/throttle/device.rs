//! What a browser is known again by.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::subject::{Subject, hex};

const BYTES: usize = 32;

/// A cookie's value, which only its browser has. It has no `Debug`, so that no log can show it.
#[derive(Clone)]
pub struct Device(String);

impl Device {
    pub(super) fn generate() -> Self {
        Device(BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; BYTES]>()))
    }

    /// What a browser shows, if it can be one of ours.
    pub fn parse(shown: &str) -> Option<Self> {
        let decoded = BASE64_URL_SAFE_NO_PAD.decode(shown).ok()?;
        (decoded.len() == BYTES).then(|| Device(shown.to_owned()))
    }

    /// To be put into a cookie.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(super) fn hash(&self) -> String {
        hex(self.0.as_bytes())
    }

    pub(super) fn subject(&self) -> Subject {
        Subject(self.hash())
    }
}
