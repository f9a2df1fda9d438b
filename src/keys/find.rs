//! Finds keys in any bytes by their form and their check, without a look-up: for whoever must not let one slip out.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::format::{CHARS, PREFIX, PlainKey};
use super::masked;

static START: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(PREFIX));

/// Bytes before a key that are looked at, to tell where a word begins.
pub const BEFORE: usize = 3;
/// A key and the byte behind it: with so many bytes at hand, it can be told from a longer word.
pub const WHOLE: usize = CHARS + 1;

/// A key among other bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it begins.
    pub at: usize,
    /// As shown: `ask_7Hq2…k3Qa`.
    pub masked: String,
}

/// The keys in `bytes`, in order. A key that touches other letters or digits is part of a longer word, and is none.
pub fn find_keys(bytes: &[u8]) -> impl Iterator<Item = Found> {
    START.find_iter(bytes).filter_map(|at| {
        let text = str::from_utf8(bytes.get(at..at + CHARS)?).ok()?;
        let key = PlainKey::parse(text).ok()?;
        let goes_on = bytes.get(at + CHARS).is_some_and(u8::is_ascii_alphanumeric);
        if goes_on || !begins_word(&bytes[..at]) {
            return None;
        }
        let (prefix, suffix) = key.ends();
        let masked = masked(prefix, suffix);
        Some(Found { at, masked })
    })
}

/// Whether a word can begin behind `before`. What looks like a letter there may be the end of an escape: `\n` in a
/// string of source or JSON, `%3D` in an address.
fn begins_word(before: &[u8]) -> bool {
    match before {
        [.., b'\\', b'n' | b'r' | b't'] => true,
        [.., b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => true,
        [.., last] => !last.is_ascii_alphanumeric(),
        [] => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> String {
        PlainKey::generate().unwrap().expose().to_owned()
    }

    fn places(text: impl AsRef<[u8]>) -> Vec<usize> {
        find_keys(text.as_ref()).map(|found| found.at).collect()
    }

    #[test]
    fn a_key_is_found_wherever_a_word_can_begin_and_end() {
        let key = key();
        for (before, after) in [
            ("", ""),
            ("KEY=", "\n"),
            ("\"", "\""),
            ("Bearer ", "\\n"),
            ("key_", "_old"),
            ("line\\n", "\\nline"),
            ("?key%3D", "&x"),
            ("é", "é"),
        ] {
            let text = format!("{before}{key}{after}");
            assert_eq!(places(&text), [before.len()], "{text}");
        }
        let mut binary = vec![0xff, 0, 0xc3];
        binary.extend(key.as_bytes());
        binary.extend([0x80, 0]);
        assert_eq!(places(&binary), [3]);
    }

    #[test]
    fn what_is_no_key_is_not_found() {
        let key = key();
        let changed = if key.as_bytes()[9] == b'a' { "b" } else { "a" };
        for text in [
            key[..35].to_owned(),
            format!("{}{changed}{}", &key[..9], &key[10..]),
            format!("t{key}"),
            format!("3D{key}"),
            format!("{key}0"),
            key.replace("ask_", "ASK_"),
            "ask_0123456789ABCDEFGHIJKLMNOP000000".to_owned(),
        ] {
            assert_eq!(places(&text), [0; 0], "{text}");
        }
    }

    #[test]
    fn all_keys_are_found_and_none_is_told() {
        let keys = [key(), key()];
        let text = format!("ask_ask_{} {} ask_", keys[0], keys[1]);
        let found: Vec<Found> = find_keys(text.as_bytes()).collect();
        assert_eq!(found.len(), 2);
        for (found, key) in found.iter().zip(&keys) {
            assert_eq!(&text[found.at..found.at + CHARS], key);
            assert_eq!(found.masked, format!("{}…{}", &key[..8], &key[32..]));
        }
    }
}
