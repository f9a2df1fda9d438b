//! From tokens to text that may be shown: whole characters only, and never a part of a stop string.

use tokenizers::{
    DecoderWrapper, ModelWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper,
    Tokenizer,
};

/// Turns tokens into text as they come; a character spread over several tokens waits for its last.
pub struct Characters<'a> {
    stream: tokenizers::DecodeStream<
        'a,
        ModelWrapper,
        NormalizerWrapper,
        PreTokenizerWrapper,
        PostProcessorWrapper,
        DecoderWrapper,
    >,
}

impl<'a> Characters<'a> {
    pub fn new(tokenizer: &'a Tokenizer) -> Self {
        Characters {
            stream: tokenizer.decode_stream(true),
        }
    }

    pub fn push(&mut self, token: u32) -> tokenizers::Result<String> {
        Ok(self.stream.step(token)?.unwrap_or_default())
    }
}

/// Ends text before the first stop string, and holds back what may become one.
pub struct StopMatcher {
    stops: Vec<String>,
    held: String,
    found: bool,
}

impl StopMatcher {
    pub fn new(stops: Vec<String>) -> Self {
        StopMatcher {
            stops,
            held: String::new(),
            found: false,
        }
    }

    /// Takes the next text and returns what may be shown by now.
    pub fn push(&mut self, text: &str) -> String {
        if self.found {
            return String::new();
        }
        self.held.push_str(text);
        if let Some(at) = self
            .stops
            .iter()
            .filter_map(|stop| self.held.find(stop))
            .min()
        {
            self.found = true;
            self.held.truncate(at);
            return std::mem::take(&mut self.held);
        }
        let undecided = self.undecided();
        let rest = self.held.split_off(self.held.len() - undecided);
        std::mem::replace(&mut self.held, rest)
    }

    /// Whether a stop string has come; nothing is shown after it.
    pub fn found(&self) -> bool {
        self.found
    }

    /// No more text will come: what was held back did not become a stop string.
    pub fn finish(self) -> String {
        self.held
    }

    /// The length of the longest end of the text that some stop string begins with.
    fn undecided(&self) -> usize {
        let begins = |tail: &str| self.stops.iter().any(|stop| stop.starts_with(tail));
        let longest = self.stops.iter().map(String::len).max().unwrap_or(0);
        let from = self.held.len().saturating_sub(longest);
        (from..self.held.len())
            .filter(|&at| self.held.is_char_boundary(at))
            .find(|&at| begins(&self.held[at..]))
            .map_or(0, |at| self.held.len() - at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokenizers::models::bpe::BPE;
    use tokenizers::pre_tokenizers::byte_level::ByteLevel;

    /// A tokenizer with one token for each byte.
    fn bytes() -> Tokenizer {
        let mut alphabet: Vec<char> = ByteLevel::alphabet().into_iter().collect();
        alphabet.sort_unstable();
        let vocab = alphabet
            .iter()
            .map(char::to_string)
            .zip(0..)
            .collect::<Vec<_>>();
        let bpe = BPE::builder().vocab_and_merges(
            vocab
                .into_iter()
                .collect::<tokenizers::models::bpe::Vocab>(),
            vec![],
        );
        let mut tokenizer = Tokenizer::new(bpe.build().unwrap());
        let bytes = ByteLevel::new(false, true, false);
        tokenizer.with_pre_tokenizer(Some(bytes));
        tokenizer.with_decoder(Some(bytes));
        tokenizer
    }

    #[test]
    fn characters_wait_until_they_are_whole() {
        let tokenizer = bytes();
        let text = "né 🎉 日本!";
        let tokens = tokenizer.encode(text, false).unwrap();
        assert_eq!(tokens.get_ids().len(), text.len());
        let mut characters = Characters::new(&tokenizer);
        let pieces: Vec<String> = tokens
            .get_ids()
            .iter()
            .map(|&token| characters.push(token).unwrap())
            .collect();
        assert_eq!(pieces.concat(), text);
        assert!(pieces.iter().all(|piece| !piece.contains('\u{fffd}')));
        assert_eq!(
            pieces.iter().filter(|piece| !piece.is_empty()).count(),
            text.chars().count()
        );
    }

    #[test]
    fn half_a_character_at_the_end_is_not_shown() {
        let tokenizer = bytes();
        let tokens = tokenizer.encode("a🎉", false).unwrap();
        let mut characters = Characters::new(&tokenizer);
        let shown: String = tokens.get_ids()[..4]
            .iter()
            .map(|&token| characters.push(token).unwrap())
            .collect();
        assert_eq!(shown, "a");
    }

    fn shown(stops: &[&str], pieces: &[&str]) -> (Vec<String>, bool) {
        let mut matcher = StopMatcher::new(stops.iter().map(|stop| (*stop).to_owned()).collect());
        let mut shown: Vec<String> = pieces.iter().map(|piece| matcher.push(piece)).collect();
        let found = matcher.found();
        shown.push(matcher.finish());
        (shown, found)
    }

    #[test]
    fn a_stop_string_across_pieces_is_never_shown() {
        let (text, found) = shown(&["END", "\n\n"], &["one E", "N", "D two", "three"]);
        assert_eq!((text.concat().as_str(), found), ("one ", true));
        assert_eq!(text[0], "one ");
    }

    #[test]
    fn what_only_looked_like_a_stop_string_is_shown_later() {
        let (text, found) = shown(&["aab"], &["xa", "a", "a", "c"]);
        assert_eq!(
            (text, found),
            (
                vec!["x".into(), "".into(), "a".into(), "aac".into(), "".into()],
                false
            )
        );
        assert_eq!(shown(&["END"], &["the EN"]).0, ["the ", "EN"]);
    }

    #[test]
    fn the_earliest_stop_string_wins() {
        assert_eq!(shown(&["c", "bcd"], &["abcd"]).0.concat(), "a");
        assert_eq!(shown(&["é"], &["caf", "é!"]).0.concat(), "caf");
        assert_eq!(shown(&[], &["all", " of it"]).0, ["all", " of it", ""]);
    }
}
