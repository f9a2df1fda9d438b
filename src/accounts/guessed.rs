//! What is guessed first: passwords that many have, and what anyone knows of the account.

use std::collections::HashSet;
use std::io::Read;
use std::sync::LazyLock;

use flate2::read::GzDecoder;

/// Nobody is asked for it, so it is no part of anyone's own words.
const SERVICE: &str = "assisters";
/// What is made of fewer characters than this, again and again, is as good as empty.
const LEAST_UNIT: usize = 4;

static COMMON: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let mut text = String::new();
    let mut packed = GzDecoder::new(&include_bytes!("common/passwords.txt.gz")[..]);
    // A test reads it to its end.
    let _ = packed.read_to_string(&mut text);
    text.lines().map(str::to_owned).collect()
});

/// Whether `password`, or what it repeats, is one of those that leaked most often.
pub(super) fn is_common(password: &str) -> bool {
    let password = password.to_lowercase();
    let unit = unit(&password);
    unit.chars().count() < LEAST_UNIT
        || [password.as_str(), unit, unit.trim()]
            .iter()
            .any(|word| COMMON.contains(*word))
}

/// Whether `password` is the account's address, a part of that, or the service's name, once or again and again.
pub(super) fn is_known(password: &str, email: &str) -> bool {
    let password = password.to_lowercase();
    let (local, domain) = email.split_once('@').unwrap_or((email, email));
    let known = [email, local, domain, SERVICE];
    [password.trim(), unit(&password).trim()]
        .iter()
        .any(|word| known.contains(word))
}

/// The shortest beginning of `text` that makes all of it when it is written again and again: `1234567890` of
/// `123456789012345`.
fn unit(text: &str) -> &str {
    let ends = text.char_indices().map(|(at, _)| at).skip(1);
    let mut ends = ends.filter(|end| text.starts_with(&text[*end..]));
    ends.next().map_or(text, |end| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole() {
        assert_eq!(COMMON.len(), 19_640);
        assert!(COMMON.contains("1q2w3e4r5t6y7u8i") && COMMON.contains("password"));
    }

    #[test]
    fn what_many_have_is_common_however_often_it_is_written() {
        for common in [
            "1Q2w3e4r5t6y7u8i",
            "passwordpassword",
            "password password ",
            "123456789012345",
            "aaaaaaaaaaaaaaaa",
            "abcabcabcabcabca",
        ] {
            assert!(is_common(common), "{common}");
        }
        for rare in [
            "correct horse battery",
            "a sentence that is long enough",
            "éàéàé éàéàé é",
        ] {
            assert!(!is_common(rare), "{rare}");
        }
    }

    #[test]
    fn what_anyone_knows_of_the_account_is_told_from_what_only_names_it() {
        for known in [
            "Ada.Lovelace@example.org",
            "ada.lovelaceada.lovelace",
            "assistersassisters",
            " example.org example.org",
        ] {
            assert!(is_known(known, "ada.lovelace@example.org"), "{known}");
        }
        assert!(!is_known("ada likes assisters", "ada@example.org"));
    }

    #[test]
    fn a_unit_ends_between_characters() {
        for (text, of) in [
            ("", ""),
            ("é", "é"),
            ("éé", "é"),
            ("abcab", "abc"),
            ("abcd", "abcd"),
        ] {
            assert_eq!(unit(text), of);
        }
    }
}
