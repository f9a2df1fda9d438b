//! What letters mean.

use super::super::shortcuts::Sheet;

/// Where a letter leads that follows `g`.
pub const LETTERS: [(char, &str); 9] = [
    ('h', "/"),
    ('p', "/playground"),
    ('k', "/keys"),
    ('u', "/usage"),
    ('l', "/logs"),
    ('i', "/limits"),
    ('d', "/docs"),
    ('a', "/audit-log"),
    ('s', "/settings"),
];

pub const CREATE: &str = "/keys?create";

#[derive(Debug, PartialEq, Eq)]
pub enum Meant {
    Nothing,
    Go(&'static str),
    /// Into the field by which the page is searched or filtered.
    Search,
    Open(Sheet),
}

pub fn meant(letter: char, after_g: bool) -> Meant {
    let place = LETTERS.iter().find(|(one, _)| *one == letter);
    match (letter, place) {
        (_, Some((_, place))) if after_g => Meant::Go(place),
        ('c', _) => Meant::Go(CREATE),
        ('/', _) => Meant::Search,
        ('?', _) => Meant::Open(Sheet::Shortcuts),
        _ => Meant::Nothing,
    }
}

/// How to come to a page by keys, as it is shown.
pub fn keys_to(place: &str) -> Option<String> {
    let (letter, _) = LETTERS.iter().find(|(_, to)| *to == place)?;
    Some(format!("g {letter}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_leads_to_its_page_after_g_alone() {
        for (letter, place) in LETTERS {
            assert_eq!(meant(letter, true), Meant::Go(place));
            assert_eq!(meant(letter, false), Meant::Nothing);
            assert_eq!(keys_to(place), Some(format!("g {letter}")));
        }
        assert_eq!(meant('x', true), Meant::Nothing);
    }

    #[test]
    fn no_two_pages_have_one_letter_and_none_is_taken() {
        for (at, (letter, place)) in LETTERS.iter().enumerate() {
            assert!(!['g', 'c', '/', '?'].contains(letter), "{letter}");
            for (other, elsewhere) in &LETTERS[at + 1..] {
                assert!(letter != other && place != elsewhere, "{letter}");
            }
        }
    }

    #[test]
    fn other_keys_do_what_the_sheet_says() {
        assert_eq!(meant('c', false), Meant::Go(CREATE));
        assert_eq!(meant('/', true), Meant::Search);
        assert_eq!(meant('?', false), Meant::Open(Sheet::Shortcuts));
    }
}
