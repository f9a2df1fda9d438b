//! Reads the words that the moderation model knows out of the pickle of a Keras tokenizer.
//!
//! A pickle is a program. This one is not run: no name in it is looked up and nothing is called. Of what the program
//! would build only strings, whole numbers and dictionaries are kept; four names may be mentioned, of which two mean an
//! empty dictionary; any other name, and any instruction that this file has no need of, is refused.

use std::collections::HashMap;

/// Why a pickle was refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PickleError {
    #[error("the pickle ends too early")]
    Short,
    #[error("the pickle has the instruction {0:#04x}, which is not followed")]
    Instruction(u8),
    #[error("the pickle names `{0}`, which is not looked up")]
    Name(String),
    #[error("the pickle calls or builds something that is not a dictionary")]
    Call,
    #[error("the pickle does not fit together")]
    Nonsense,
    #[error("the pickle has no word index")]
    NoIndex,
}

/// The names that may be mentioned.
const DICTIONARIES: [(&str, &str); 2] = [
    ("collections", "OrderedDict"),
    ("collections", "defaultdict"),
];
const OTHERS: [(&str, &str); 2] = [
    ("keras.src.legacy.preprocessing.text", "Tokenizer"),
    ("builtins", "int"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value<'a> {
    Text(&'a str),
    Number(i64),
    Dictionary(usize),
    /// The name of something that makes dictionaries.
    Maker,
    /// Mentioned, and nothing more.
    Other,
}

#[derive(Default)]
struct Reader<'a> {
    rest: &'a [u8],
    stack: Vec<Value<'a>>,
    /// Where in the stack a group begins.
    marks: Vec<usize>,
    memo: Vec<Value<'a>>,
    dictionaries: Vec<Vec<(Value<'a>, Value<'a>)>>,
}

/// The `word_index` of the tokenizer: each word with its rank, 1 being the most frequent; ranks of `most` and above are
/// left out.
pub fn word_index(pickle: &[u8], most: i64) -> Result<HashMap<String, usize>, PickleError> {
    let mut reader = Reader {
        rest: pickle,
        ..Reader::default()
    };
    while reader.step()? {}
    let index = reader
        .dictionaries
        .iter()
        .flatten()
        .find_map(|entry| match entry {
            (Value::Text("word_index"), Value::Dictionary(at)) => reader.dictionaries.get(*at),
            _ => None,
        });
    let ranked = index.ok_or(PickleError::NoIndex)?.iter();
    let known = ranked.filter_map(|entry| match *entry {
        (Value::Text(word), Value::Number(rank)) if (1..most).contains(&rank) => {
            Some((word.to_owned(), usize::try_from(rank).ok()?))
        }
        _ => None,
    });
    Ok(known.collect())
}

impl<'a> Reader<'a> {
    /// Follows one instruction; false after the last.
    fn step(&mut self) -> Result<bool, PickleError> {
        match self.bytes(1)?[0] {
            // PROTO and FRAME say how the rest is packed.
            0x80 => drop(self.bytes(1)?),
            0x95 => drop(self.bytes(8)?),
            b'.' => return Ok(false),
            b'(' => self.marks.push(self.stack.len()),
            b'}' => self.dictionary(),
            b')' | b'N' | 0x88 | 0x89 => self.stack.push(Value::Other),
            // TUPLE1
            0x85 => {
                self.pop()?;
                self.stack.push(Value::Other);
            }
            b'K' => self.number(1)?,
            b'M' => self.number(2)?,
            b'J' => self.number(4)?,
            0x8c => self.text(1)?,
            b'X' => self.text(4)?,
            0x94 => self.memo.push(self.top()?),
            b'h' => self.recall(1)?,
            b'j' => self.recall(4)?,
            b'u' => self.set_items()?,
            0x93 => self.name()?,
            b'R' => self.call()?,
            0x81 => self.object()?,
            // BUILD: the object's state is left beside it.
            b'b' => drop(self.pop()?),
            other => return Err(PickleError::Instruction(other)),
        }
        Ok(true)
    }

    fn bytes(&mut self, count: usize) -> Result<&'a [u8], PickleError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(PickleError::Short)?;
        self.rest = rest;
        Ok(taken)
    }

    /// A little-endian number without a sign, of `count` bytes.
    fn size(&mut self, count: usize) -> Result<usize, PickleError> {
        let bytes = self.bytes(count)?.iter().rev();
        Ok(bytes.fold(0, |size, &byte| size << 8 | usize::from(byte)))
    }

    fn number(&mut self, count: usize) -> Result<(), PickleError> {
        let number = self.size(count)? as i64;
        // Only the one of four bytes has a sign.
        let signed = if count == 4 {
            i64::from(number as i32)
        } else {
            number
        };
        self.stack.push(Value::Number(signed));
        Ok(())
    }

    fn text(&mut self, length: usize) -> Result<(), PickleError> {
        let length = self.size(length)?;
        let text = str::from_utf8(self.bytes(length)?).map_err(|_| PickleError::Nonsense)?;
        self.stack.push(Value::Text(text));
        Ok(())
    }

    fn top(&self) -> Result<Value<'a>, PickleError> {
        self.stack.last().copied().ok_or(PickleError::Nonsense)
    }

    fn pop(&mut self) -> Result<Value<'a>, PickleError> {
        self.stack.pop().ok_or(PickleError::Nonsense)
    }

    fn recall(&mut self, width: usize) -> Result<(), PickleError> {
        let at = self.size(width)?;
        let value = self.memo.get(at).ok_or(PickleError::Nonsense)?;
        self.stack.push(*value);
        Ok(())
    }

    fn dictionary(&mut self) {
        self.stack.push(Value::Dictionary(self.dictionaries.len()));
        self.dictionaries.push(Vec::new());
    }

    fn set_items(&mut self) -> Result<(), PickleError> {
        let mark = self.marks.pop().ok_or(PickleError::Nonsense)?;
        if mark > self.stack.len() {
            return Err(PickleError::Nonsense);
        }
        let items = self.stack.split_off(mark);
        let Value::Dictionary(at) = self.top()? else {
            return Err(PickleError::Nonsense);
        };
        let (pairs, odd) = items.as_chunks::<2>();
        if !odd.is_empty() {
            return Err(PickleError::Nonsense);
        }
        self.dictionaries[at].extend(pairs.iter().map(|&[key, value]| (key, value)));
        Ok(())
    }

    fn name(&mut self) -> Result<(), PickleError> {
        let (Value::Text(name), Value::Text(module)) = (self.pop()?, self.pop()?) else {
            return Err(PickleError::Nonsense);
        };
        let meant = if DICTIONARIES.contains(&(module, name)) {
            Value::Maker
        } else if OTHERS.contains(&(module, name)) {
            Value::Other
        } else {
            return Err(PickleError::Name(format!("{module}.{name}")));
        };
        self.stack.push(meant);
        Ok(())
    }

    /// A call of what makes dictionaries is taken for an empty one.
    fn call(&mut self) -> Result<(), PickleError> {
        self.pop()?;
        if self.pop()? != Value::Maker {
            return Err(PickleError::Call);
        }
        self.dictionary();
        Ok(())
    }

    /// The tokenizer itself, of which nothing is made.
    fn object(&mut self) -> Result<(), PickleError> {
        if (self.pop()?, self.pop()?) != (Value::Other, Value::Other) {
            return Err(PickleError::Call);
        }
        self.stack.push(Value::Other);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `{"word_index": {"the": 1, "hen": 300, "rare": 70000}}`
    const INDEX: &[u8] =
        b"\x80\x04}\x94(\x8c\x0aword_index\x94}\x94(\x8c\x03the\x94K\x01\x8c\x03hen\x94M\x2c\x01\
        \x8c\x04rare\x94J\x70\x11\x01\0uu.";

    #[test]
    fn words_come_with_their_ranks_and_rare_ones_are_left_out() {
        let index = word_index(INDEX, 20_000).unwrap();
        let expected = HashMap::from([("the".to_owned(), 1), ("hen".to_owned(), 300)]);
        assert_eq!(index, expected);
    }

    #[test]
    fn a_call_of_a_known_dictionary_is_an_empty_one() {
        let pickle =
            b"\x8c\x0bcollections\x8c\x0bOrderedDict\x93)R(\x8c\x0aword_index}(\x8c\x01aK\x05uu.";
        assert_eq!(word_index(pickle, 10).unwrap()["a"], 5);
    }

    #[test]
    fn no_name_is_looked_up() {
        let stack_global = b"\x8c\x02os\x8c\x06system\x93\x8c\x02ls\x85R.";
        let refused = word_index(stack_global, 10).unwrap_err();
        assert_eq!(refused, PickleError::Name("os.system".into()));
        let global = b"cos\nsystem\n(S'ls'\ntR.";
        assert_eq!(
            word_index(global, 10).unwrap_err(),
            PickleError::Instruction(b'c')
        );
        // An extension's number, an instance of a named class, a persistent id.
        for instruction in [0x82, b'i', b'o', b'P', b'Q', 0x92, b'g', b'q', b'a', b'e'] {
            let refused = word_index(&[instruction, 0, b'.'], 10).unwrap_err();
            assert_eq!(refused, PickleError::Instruction(instruction));
        }
    }

    #[test]
    fn nothing_is_called() {
        let int = b"\x8c\x08builtins\x8c\x03int\x93K\x01\x85R.";
        assert_eq!(word_index(int, 10).unwrap_err(), PickleError::Call);
        assert_eq!(
            word_index(b"\x8c\x02ls)R.", 10).unwrap_err(),
            PickleError::Call
        );
        let object = b"\x8c\x0bcollections\x8c\x0bOrderedDict\x93)\x81.";
        assert_eq!(word_index(object, 10).unwrap_err(), PickleError::Call);
    }

    #[test]
    fn what_is_cut_or_crooked_is_refused_without_a_panic() {
        for end in 0..INDEX.len() {
            assert!(word_index(&INDEX[..end], 10).is_err(), "cut at {end}");
        }
        for crooked in [
            &b"u."[..],
            b"(u.",
            b"}(K\x01u.",
            b"h\x05.",
            b"\x93.",
            b"R.",
            b"b.",
            b"(}\x30.",
        ] {
            assert!(word_index(crooked, 10).is_err(), "{crooked:?}");
        }
        assert_eq!(word_index(b"}.", 10).unwrap_err(), PickleError::NoIndex);
    }
}
