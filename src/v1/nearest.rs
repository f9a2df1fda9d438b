//! Which name was meant, where one was asked for that nothing has.

/// No name is longer; and to compare takes as long as both are, multiplied.
const LONGEST: usize = 100;

/// Of `names`, the one that `asked` is most likely a slip of: by capitals, by an owner left out, by a letter in four.
pub(super) fn nearest<'a>(asked: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if asked.len() > LONGEST {
        return None;
    }
    let asked = bare(asked);
    let near = names.filter_map(|name| {
        let own = bare(name);
        let edits = edits(&asked, &own);
        (edits <= own.len().min(asked.len()) / 4).then_some((edits, name))
    });
    near.min().map(|(_, name)| name)
}

/// In small letters, and without the owner in front.
fn bare(name: &str) -> Vec<char> {
    let own = name.rsplit('/').next().unwrap_or_default();
    own.chars().flat_map(char::to_lowercase).collect()
}

/// How many letters must be put in, left out or changed to get from one to the other (Levenshtein).
fn edits(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.iter().enumerate() {
        let mut diagonal = at;
        row[0] = at + 1;
        for (column, own) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != own);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (one, other, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
            ("ab", "ba", 2),
        ] {
            assert_eq!(edits(&bare(one), &bare(other)), expected, "{one} {other}");
        }
    }

    #[test]
    fn a_slip_is_understood_and_another_name_is_not() {
        const NAMES: [&str; 4] = ["meta/Llama-3.1-8B", "llama-3.1-70b", "gte-small", "x"];
        let long = "l".repeat(LONGEST + 1);
        for (asked, expected) in [
            ("llama-3.1-8b", Some("meta/Llama-3.1-8B")),
            ("LLAMA-3.1-70B", Some("llama-3.1-70b")),
            ("other/lama3.1-70b", Some("llama-3.1-70b")),
            ("gte-smal", Some("gte-small")),
            ("gpt-4o", None),
            ("y", None),
            ("", None),
            (long.as_str(), None),
        ] {
            assert_eq!(nearest(asked, NAMES.into_iter()), expected, "{asked}");
        }
        assert_eq!(nearest("a", [].into_iter()), None);
    }
}
