//! One file, read piece by piece: a key that lies across two pieces is found, and a file may be larger than memory.

use std::io::{self, Read};

use memchr::memchr_iter;
use memchr::memrchr;

use super::Place;
use crate::keys::{BEFORE, WHOLE, find_keys};

const PIECE: usize = 1 << 18;

/// Reads files one after another, all into the same memory.
pub(super) struct Reader {
    buffer: Vec<u8>,
    /// How much is read at a time.
    piece: usize,
}

/// How far a file has been counted in lines.
struct Position {
    /// Lines that have ended.
    lines: u64,
    /// Bytes of the line that has not.
    column: u64,
}

impl Position {
    fn pass(&mut self, bytes: &[u8]) {
        let ended = memchr_iter(b'\n', bytes).count();
        let rest = match memrchr(b'\n', bytes) {
            Some(last) => bytes.len() - last - 1,
            None => bytes.len() + usize::try_from(self.column).unwrap_or(usize::MAX),
        };
        self.lines += ended as u64;
        self.column = rest as u64;
    }
}

impl Reader {
    pub(super) fn new() -> Self {
        Reader::with_piece(PIECE)
    }

    fn with_piece(piece: usize) -> Self {
        Reader {
            buffer: Vec::with_capacity(piece + WHOLE + BEFORE),
            piece,
        }
    }

    pub(super) fn places(&mut self, mut source: impl Read) -> io::Result<Vec<Place>> {
        let mut places = vec![];
        let mut position = Position {
            lines: 0,
            column: 0,
        };
        // What stands before it was looked at with the piece before; it is kept to tell where a word begins.
        let mut unseen = 0;
        self.buffer.clear();
        loop {
            let piece = u64::try_from(self.piece).unwrap_or(u64::MAX);
            let read = (&mut source).take(piece).read_to_end(&mut self.buffer)?;
            let at_end = read < self.piece;
            // A key that begins behind this may not be here whole, with what follows it.
            let seen = match at_end {
                true => self.buffer.len(),
                false => (self.buffer.len() + 1).saturating_sub(WHOLE).max(unseen),
            };
            let mut counted = 0;
            for found in find_keys(&self.buffer) {
                if (unseen..seen).contains(&found.at) {
                    position.pass(&self.buffer[counted..found.at]);
                    counted = found.at;
                    places.push(Place {
                        line: position.lines + 1,
                        column: position.column + 1,
                        masked: found.masked,
                    });
                }
            }
            if at_end {
                return Ok(places);
            }
            let kept = seen.saturating_sub(BEFORE).max(counted);
            position.pass(&self.buffer[counted..kept]);
            self.buffer.drain(..kept);
            unseen = seen - kept;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In two parts, so that this file holds no key itself.
    const KEY: [&str; 2] = ["ask_0123456789ABCDEFGHIJKLMNOP", "339YvB"];

    #[test]
    fn a_key_is_found_once_wherever_pieces_are_cut() {
        let key = KEY.concat();
        for lead in 0..120 {
            let text = format!("é\n{}\\n{key}\n{key}0 t{key}\n\n  {key}", "x".repeat(lead));
            for piece in [1, 7, 36, 37, 38, 64, 1_000] {
                let places = Reader::with_piece(piece).places(text.as_bytes()).unwrap();
                let places: Vec<_> = places.iter().map(|it| (it.line, it.column)).collect();
                let expected = [(2, lead as u64 + 3), (5, 3)];
                assert_eq!(places, expected, "{lead} before, {piece} at a time");
            }
        }
    }

    #[test]
    fn a_file_larger_than_a_piece_is_counted_to_its_end() {
        let mut text = "0123456789\n".repeat(PIECE / 5).into_bytes();
        text.extend(KEY.concat().as_bytes());
        let mut reader = Reader::new();
        for _ in 0..2 {
            let places = reader.places(&*text).unwrap();
            let expected = (PIECE / 5 + 1) as u64;
            assert_eq!((places[0].line, places[0].column), (expected, 1));
            assert_eq!(places.len(), 1);
        }
        assert_eq!(reader.places(&b"nothing"[..]).unwrap(), []);
    }
}
