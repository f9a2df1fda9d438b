//! Which names a query means, the likeliest first.

/// The places in `names` of those that hold all words of `query`, best first; of equals, in their order.
pub fn rank<'a>(query: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<usize> {
    let query = query.to_lowercase();
    let words: Vec<_> = query.split_whitespace().collect();
    let mut hits: Vec<_> = names
        .into_iter()
        .enumerate()
        .filter_map(|(at, name)| {
            let name = name.to_lowercase();
            let costs = words.iter().map(|word| cost(&name, word));
            Some((costs.sum::<Option<u32>>()?, at))
        })
        .collect();
    hits.sort_unstable();
    hits.into_iter().map(|(_, at)| at).collect()
}

/// How far `word` is from being how `name` begins; `None` where its letters do not stand there in this order.
fn cost(name: &str, word: &str) -> Option<u32> {
    if name.starts_with(word) {
        return Some(0);
    }
    let begins = |(at, _)| {
        let before: Option<char> = name[..at].chars().next_back();
        before.is_some_and(|before| !before.is_alphanumeric())
    };
    if name.match_indices(word).any(begins) {
        return Some(1);
    }
    if name.contains(word) {
        return Some(2);
    }
    let mut letters = name.chars();
    word.chars()
        .all(|wanted| letters.any(|letter| letter == wanted))
        .then_some(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 6] = [
        "Go to home",
        "Go to keys",
        "Create key",
        "prod-web",
        "Monkey business",
        "Idempotency keys",
    ];

    fn found(query: &str) -> Vec<&'static str> {
        let places = rank(query, NAMES);
        places.into_iter().map(|at| NAMES[at]).collect()
    }

    #[test]
    fn nothing_typed_means_everything_in_its_order() {
        assert_eq!(found(" "), NAMES);
    }

    #[test]
    fn a_beginning_comes_before_a_word_and_a_word_before_a_part() {
        let names = ["Monkey", "Create key", "Keys"];
        assert_eq!(rank("KEY", names), [2, 1, 0]);
    }

    #[test]
    fn all_words_count_in_any_order() {
        assert_eq!(found("key create"), ["Create key"]);
        assert_eq!(found("web"), ["prod-web"]);
        assert_eq!(found("create web"), [""; 0]);
    }

    #[test]
    fn letters_left_out_are_forgiven_last() {
        assert_eq!(found("idmp"), ["Idempotency keys"]);
        assert_eq!(found("gtk"), ["Go to keys"]);
        assert_eq!(rank("key", ["k e y", "a key"]), [1, 0]);
    }

    #[test]
    fn letters_of_any_script_are_compared_whole() {
        assert_eq!(rank("schlüssel", ["Grüner Schlüssel", "日本"]), [0]);
        assert_eq!(rank("本", ["日本"]), [0]);
        assert!(rank("'; --", NAMES).is_empty());
    }
}
