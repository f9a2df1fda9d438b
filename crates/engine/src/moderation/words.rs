//! Text to words, as the moderation model's makers split it.

/// The words of `text` in lower case: what stands between spaces and punctuation, an apostrophe being part of a word.
pub fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    split(&lower).map(str::to_owned).collect()
}

/// How many words `text` has. All of them are read, those too that the model does not know.
pub fn count(text: &str) -> u64 {
    split(text).count() as u64
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    let between = |letter: char| {
        matches!(letter, ' ' | '\t' | '\n') || letter.is_ascii_punctuation() && letter != '\''
    };
    text.split(between).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn punctuation_separates_and_apostrophes_do_not() {
        let found = words("You're so-so, DUMB!\n\"Ünïcode\" & a_b`c {d}");
        let expected = ["you're", "so", "so", "dumb", "ünïcode", "a", "b", "c", "d"];
        assert_eq!(found, expected);
        assert_eq!(count("You're so-so, DUMB!"), 4);
        assert_eq!(count(" ... "), 0);
    }
}
