//! Text to a BERT's tokens: pieces of words, between a mark for the whole and a mark for its end.

use std::path::Path;

use tokenizers::Tokenizer;
use wire::EmbeddingInput;

pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// How much of a text is looked at first. Nearly always more than a model reads, and far less than a text may be long.
const HEAD: usize = 16 << 10;

/// Farther than this no text is looked at, though all of it so far were spaces: that is work which nobody pays for.
const FARTHEST: usize = 256 << 10;

/// No word is more tokens than this; longer ones become one unknown token.
const LONGEST_WORD: usize = 100;

/// A BERT's tokenizer.
pub struct Pieces {
    tokenizer: Tokenizer,
    /// The most tokens in one row, the marks included.
    most: usize,
    whole: u32,
    end: u32,
}

/// What the network reads at once: one text, or two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    pub tokens: Vec<u32>,
    /// How many of the tokens are the first text's, with its marks.
    pub first: usize,
}

impl Row {
    fn one(tokens: Vec<u32>) -> Self {
        let first = tokens.len();
        Row { tokens, first }
    }
}

impl Pieces {
    /// Reads a `tokenizer.json`, for rows of up to `most` tokens.
    pub fn open(path: &Path, most: u32) -> Result<Self, Error> {
        let mut tokenizer = Tokenizer::from_file(path)?;
        // What the file says of lengths is about its makers' training.
        tokenizer.with_padding(None).with_truncation(None)?;
        let mark = |text: &str| tokenizer.token_to_id(text).ok_or("a mark is missing");
        Ok(Pieces {
            most: most as usize,
            whole: mark("[CLS]")?,
            end: mark("[SEP]")?,
            tokenizer,
        })
    }

    /// The number of tokens that there are; their ids begin at 0.
    pub fn vocabulary(&self) -> u32 {
        u32::try_from(self.tokenizer.get_vocab_size(true)).unwrap_or(u32::MAX)
    }

    /// The beginning of `text`, as far as it is read.
    pub fn text(&self, text: &str) -> Result<Row, Error> {
        Ok(self.framed(&self.head(text, self.most - 2)?))
    }

    /// The whole of `text`, part by part, each in as many rows as it takes.
    pub fn whole_text<'a>(
        &'a self,
        text: &'a str,
    ) -> impl Iterator<Item = Result<Vec<Row>, Error>> + 'a {
        parts(text).map(|part| {
            let encoding = self.tokenizer.encode_fast(part, false)?;
            let rows = encoding.get_ids().chunks(self.most - 2);
            Ok(rows.map(|row| self.framed(row)).collect())
        })
    }

    /// Tokens that the client has made, with or without the marks.
    pub fn tokens(&self, tokens: &[u32]) -> Row {
        let inner = tokens.strip_prefix(&[self.whole]).unwrap_or(tokens);
        let inner = inner.strip_suffix(&[self.end]).unwrap_or(inner);
        self.framed(&inner[..inner.len().min(self.most - 2)])
    }

    /// A row for each item of `input`, which is checked elsewhere.
    pub fn rows<'a>(
        &'a self,
        input: &'a EmbeddingInput,
    ) -> Box<dyn Iterator<Item = Result<Row, Error>> + 'a> {
        match input {
            EmbeddingInput::Text(text) => Box::new(std::iter::once_with(|| self.text(text))),
            EmbeddingInput::Texts(texts) => Box::new(texts.iter().map(|text| self.text(text))),
            EmbeddingInput::Tokens(tokens) => {
                Box::new(std::iter::once_with(|| Ok(self.tokens(tokens))))
            }
            EmbeddingInput::TokenLists(lists) => {
                Box::new(lists.iter().map(|tokens| Ok(self.tokens(tokens))))
            }
        }
    }

    /// The tokens of a query, to be paired.
    pub fn query(&self, text: &str) -> Result<Vec<u32>, Error> {
        self.head(text, self.most - 3)
    }

    /// `query` and `document` in one row; if they are too long for it, the longer one is cut.
    pub fn pair(&self, query: &[u32], document: &str) -> Result<Row, Error> {
        let room = self.most - 3;
        let document = self.head(document, room)?;
        let (kept, rest) = share(room, query.len(), document.len());
        let mut tokens = self.framed(&query[..kept]).tokens;
        let first = tokens.len();
        tokens.extend_from_slice(&document[..rest]);
        tokens.push(self.end);
        Ok(Row { tokens, first })
    }

    fn framed(&self, tokens: &[u32]) -> Row {
        let mut framed = Vec::with_capacity(tokens.len() + 2);
        framed.push(self.whole);
        framed.extend_from_slice(tokens);
        framed.push(self.end);
        Row::one(framed)
    }

    /// The first `most` tokens of `text`, without looking at much more of it than that.
    fn head(&self, text: &str, most: usize) -> Result<Vec<u32>, Error> {
        let mut looked_at = HEAD;
        loop {
            let part = &text[..text.floor_char_boundary(looked_at)];
            let encoding = self.tokenizer.encode_fast(part, false)?;
            let tokens = encoding.get_ids();
            // The cut may have gone through a word, whose tokens are then others.
            let is_enough = tokens.len() >= most + LONGEST_WORD;
            if is_enough || part.len() == text.len() || looked_at >= FARTHEST {
                return Ok(tokens[..tokens.len().min(most)].to_vec());
            }
            looked_at *= 4;
        }
    }
}

/// Cuts `text` between words, or where a word has no end, so that no part takes long.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let most = rest.floor_char_boundary(HEAD);
        let end = match rest[..most].rfind(char::is_whitespace) {
            Some(space) if most < rest.len() && space > 0 => space,
            _ => most,
        };
        let (part, after) = rest.split_at(end);
        rest = after;
        (!part.is_empty()).then_some(part)
    })
}

/// How much of two texts of these lengths fits into `room`: the longer one gives way.
fn share(room: usize, first: usize, second: usize) -> (usize, usize) {
    let half = room / 2;
    if first + second <= room {
        (first, second)
    } else if first <= half {
        (first, room - first)
    } else if second <= room - half {
        (room - second, second)
    } else {
        (half, room - half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_texts_the_longer_one_gives_way() {
        for (lengths, kept) in [
            ((3, 4), (3, 4)),
            ((3, 20), (3, 7)),
            ((20, 3), (7, 3)),
            ((20, 30), (5, 5)),
        ] {
            assert_eq!(share(10, lengths.0, lengths.1), kept);
        }
        assert_eq!(share(9, 20, 5), (4, 5));
    }

    #[test]
    fn a_long_text_is_cut_between_words_and_nothing_is_lost() {
        let words = "hen and fox ".repeat(5_000);
        let endless = "ü".repeat(50_000);
        let spaces = " ".repeat(40_000);
        for text in ["", "hen", &words, &endless, &spaces] {
            let parts: Vec<&str> = parts(text).collect();
            assert_eq!(parts.concat(), text);
            assert!(parts.iter().all(|part| part.len() <= HEAD));
        }
        assert!(parts(&words).skip(1).all(|part| part.starts_with(' ')));
    }
}
