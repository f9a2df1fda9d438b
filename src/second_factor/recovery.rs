//! Codes for when the authenticator app is lost, each good once.

use rand::rand_core::{OsError, TryRngCore};
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};

/// What an account has at a time.
pub const CODES: usize = 10;
/// 125 random bits. From 112 on, NIST SP 800-63B-4 (3.1.2.2) and OWASP ASVS 5.0 (6.5.2) take a plain hash for enough.
const CHARS: usize = 25;
const GROUP: usize = 5;
/// Crockford's: without the letters that are taken for digits, and without U.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// One in the open. It has neither `Debug` nor `Display`, so that no log can show it.
pub struct RecoveryCode(String);

impl RecoveryCode {
    pub(super) fn generate() -> Result<Self, OsError> {
        let mut random = [0; CHARS];
        OsRng.try_fill_bytes(&mut random)?;
        // Each byte gives five bits: 32 characters, none of them favoured.
        let chars = random
            .iter()
            .filter_map(|byte| ALPHABET.get(usize::from(byte & 31)));
        Ok(RecoveryCode(chars.map(|&char| char::from(char)).collect()))
    }

    /// As it was shown, or as somebody has written it down.
    pub(super) fn parse(typed: &str) -> Option<Self> {
        let typed = typed.chars().filter(|c| !c.is_whitespace() && *c != '-');
        let code: String = typed
            .take(CHARS + 1)
            .map(|char| match char.to_ascii_lowercase() {
                'o' => '0',
                'i' | 'l' => '1',
                char => char,
            })
            .collect();
        let known = code.bytes().all(|byte| ALPHABET.contains(&byte));
        (code.len() == CHARS && known).then_some(RecoveryCode(code))
    }

    /// To be shown this once: `k3mw2-…`.
    pub fn expose(&self) -> String {
        let groups: Vec<_> = self
            .0
            .as_bytes()
            .chunks(GROUP)
            .map(String::from_utf8_lossy)
            .collect();
        groups.join("-")
    }

    /// What the database knows it by.
    pub(super) fn hash(&self) -> String {
        let digest = Sha256::digest(&self.0);
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_again_however_it_was_written_down() {
        let code = RecoveryCode(format!(
            "01{}",
            &"abcdefghjkmnpqrstvwxyz23456789"[..CHARS - 2]
        ));
        let shown = code.expose();
        assert_eq!(shown, "01abc-defgh-jkmnp-qrstv-wxyz2");
        for typed in [
            shown.clone(),
            shown.to_uppercase(),
            shown.replace('-', " "),
            shown.replace('-', ""),
            format!(" {}\n", shown.replace('1', "l").replace('0', "O")),
        ] {
            let again = RecoveryCode::parse(&typed).map(|code| code.hash());
            assert_eq!(again, Some(code.hash()), "{typed}");
        }
        for bad in [
            "",
            "123456",
            &shown[1..],
            &format!("{shown}0"),
            &shown.replace('a', "u"),
        ] {
            assert!(RecoveryCode::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn no_two_are_alike() {
        let made: std::collections::HashSet<_> = (0..100)
            .map(|_| RecoveryCode::generate().unwrap().expose())
            .collect();
        assert_eq!(made.len(), 100);
        assert!(
            made.iter()
                .all(|code| code.len() == CHARS + CHARS / GROUP - 1)
        );
    }
}
