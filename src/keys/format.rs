//! What a key looks like: `ask_`, 26 random base62 characters, and 6 that check them, so that a key which was mistyped
//! or cut is known for it without a look-up.

use rand::rand_core::{OsError, TryRngCore};
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};

pub(super) const PREFIX: &str = "ask_";
const RANDOM_CHARS: usize = 26;
const CHECK_CHARS: usize = 6;
/// How much of a key is checked: all but the check itself.
const CHECKED: usize = PREFIX.len() + RANDOM_CHARS;
/// A whole key.
pub(super) const CHARS: usize = CHECKED + CHECK_CHARS;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A key's secret in the open. It has neither `Debug` nor `Display`, so that no log can show it.
pub struct PlainKey(String);

/// A key's SHA-256: what the database knows it by. 154 random bits need no slower hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct HashedKey([u8; 32]);

/// Not a key at all: mistyped, cut, or something else.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed;

impl PlainKey {
    pub(super) fn generate() -> Result<Self, OsError> {
        let mut text = String::with_capacity(CHARS);
        text.push_str(PREFIX);
        let mut random = [0; 2 * RANDOM_CHARS];
        while text.len() < CHECKED {
            OsRng.try_fill_bytes(&mut random)?;
            // Six bits give 0 to 63. What lies beyond the alphabet is thrown away: wrapped round, it would favour the
            // first characters.
            let chars = random
                .iter()
                .filter_map(|byte| ALPHABET.get(usize::from(byte >> 2)));
            text.extend(
                chars
                    .map(|&char| char::from(char))
                    .take(CHECKED - text.len()),
            );
        }
        text.push_str(&check(&text));
        Ok(PlainKey(text))
    }

    pub fn parse(presented: &str) -> Result<Self, Malformed> {
        let (checked, check_chars) = presented.split_at_checked(CHECKED).ok_or(Malformed)?;
        let random = checked.strip_prefix(PREFIX).ok_or(Malformed)?;
        let sound = random.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && check_chars == check(checked);
        sound
            .then(|| PlainKey(presented.to_owned()))
            .ok_or(Malformed)
    }

    /// The secret, to be shown this once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(super) fn hash(&self) -> HashedKey {
        HashedKey(Sha256::digest(&self.0).into())
    }

    /// The first 8 and last 4 characters, by which its owner knows it again.
    pub(super) fn ends(&self) -> (&str, &str) {
        (&self.0[..8], &self.0[CHARS - 4..])
    }
}

impl HashedKey {
    pub(super) fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// CRC32 in base62, padded to its full width.
fn check(checked: &str) -> String {
    let mut rest = crc32fast::hash(checked.as_bytes()) as usize;
    let mut chars = [ALPHABET[0]; CHECK_CHARS];
    for char in chars.iter_mut().rev() {
        *char = ALPHABET[rest % ALPHABET.len()];
        rest /= ALPHABET.len();
    }
    chars.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    /// Made with Python's zlib.crc32, so that a key made here is checked the same elsewhere.
    const KNOWN: &str = "ask_0123456789ABCDEFGHIJKLMNOP";

    #[test]
    fn the_check_is_crc32_in_base62() {
        assert_eq!(check(KNOWN), "339YvB");
        assert_eq!(
            check("ask_00000000000000000000000017"),
            "009NDw",
            "padded to six"
        );
    }

    #[test]
    fn a_new_key_has_36_characters_and_is_a_key() {
        let keys: HashSet<String> = (0..200).map(|_| PlainKey::generate().unwrap().0).collect();
        assert_eq!(keys.len(), 200);
        for key in &keys {
            assert_eq!(key.len(), 36, "{key}");
            assert!(PlainKey::parse(key).is_ok(), "{key}");
        }
        // 5,200 characters: one of 62 that never comes would be a fault, not chance.
        let seen: HashSet<u8> = keys.iter().flat_map(|key| key[4..30].bytes()).collect();
        assert_eq!(seen.len(), ALPHABET.len());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let key = PlainKey::generate().unwrap().0;
        for presented in [
            "",
            "ask_",
            &key[..35],
            &format!("{key}0"),
            &format!(" {key}"),
            &key.replace("ask_", "sk__"),
        ] {
            assert_eq!(
                PlainKey::parse(presented).err(),
                Some(Malformed),
                "{presented}"
            );
        }
        let dash = format!("ask_{}", "-".repeat(26));
        let dashes = format!("{dash}{}", check(&dash));
        assert_eq!(
            PlainKey::parse(&dashes).err(),
            Some(Malformed),
            "outside the alphabet"
        );
    }

    #[test]
    fn a_key_is_stored_as_the_hex_of_its_sha_256() {
        let key = PlainKey("abc".into());
        assert_eq!(
            key.hash().hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    proptest! {
        #[test]
        fn one_wrong_character_is_noticed(at in 0..36_usize, wrong in "[ -~é]") {
            let key = PlainKey::generate().unwrap().0;
            prop_assume!(key[at..=at] != wrong);
            let mistyped = format!("{}{wrong}{}", &key[..at], &key[at + 1..]);
            prop_assert_eq!(PlainKey::parse(&mistyped).err(), Some(Malformed));
        }

        #[test]
        fn no_text_makes_parsing_panic(presented in any::<String>()) {
            prop_assert!(PlainKey::parse(&presented).is_err());
        }
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;

    #[test]
    fn any_text_is_a_key_or_is_none() {
        bolero::check!(name = "key").for_each(|input: &[u8]| {
            let text = String::from_utf8_lossy(input);
            if let Ok(key) = PlainKey::parse(&text) {
                assert_eq!(key.expose(), text);
                assert_eq!(text.len(), CHARS);
                let (first, last) = key.ends();
                assert!(text.starts_with(first) && text.ends_with(last));
            }
            // Made whole by its check, what has the form of a key is one; with any character changed it is none.
            let random = input.iter().chain(&[0; RANDOM_CHARS]).take(RANDOM_CHARS);
            let random = random.map(|&byte| char::from(ALPHABET[usize::from(byte) % 62]));
            let checked: String = PREFIX.chars().chain(random).collect();
            let whole = checked.clone() + &check(&checked);
            assert!(PlainKey::parse(&whole).is_ok());
            let at = input.first().map_or(0, |&byte| usize::from(byte)) % CHARS;
            let mut changed = whole.into_bytes();
            changed[at] ^= input.last().map_or(1, |&byte| (byte & 0x7f).max(1));
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(PlainKey::parse(&changed).err(), Some(Malformed));
        });
    }
}
