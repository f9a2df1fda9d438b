//! Secrets that are configured: they are compared, and never shown.

use std::fmt;

use subtle::ConstantTimeEq;

/// What somebody must know. It cannot be printed.
#[derive(Clone)]
pub struct Secret(String);

/// Fewer characters could be guessed.
const SHORTEST: usize = 16;

impl Secret {
    pub fn parse(text: &str) -> Option<Self> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        (visible && text.len() >= SHORTEST).then(|| Secret(text.to_owned()))
    }

    /// Whether `told` is it. How long that takes tells nothing of where the two differ.
    pub fn is(&self, told: &str) -> bool {
        self.0.as_bytes().ct_eq(told.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_again_whole_and_never_shown() {
        let secret = Secret::parse("0123456789abcdef").unwrap();
        assert!(secret.is("0123456789abcdef"));
        for other in [
            "",
            "0123456789abcde",
            "0123456789abcdeF",
            "0123456789abcdef0",
        ] {
            assert!(!secret.is(other), "{other}");
        }
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    #[test]
    fn what_could_be_guessed_or_not_be_sent_is_none() {
        for wrong in [
            "",
            "0123456789abcde",
            "0123456789 abcdef",
            "0123456789abcdé",
        ] {
            assert!(Secret::parse(wrong).is_none(), "{wrong}");
        }
    }
}
