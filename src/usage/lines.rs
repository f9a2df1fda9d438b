//! The lines of a journal: `{crc32 in hex} {json}` for what has ended, `{crc32 in hex} begun {json}` for what has begun.

use std::fs;
use std::io;
use std::path::Path;

use super::Record;

const BEGUN: &[u8] = b"begun ";

/// What a file holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    pub(super) ended: Vec<Record>,
    pub(super) begun: Vec<Record>,
    /// How many lines were damaged. A torn last line was never acknowledged.
    pub(super) damaged: usize,
}

pub(super) fn read(path: &Path) -> io::Result<Lines> {
    fs::read(path).map(|bytes| of(&bytes))
}

/// What bytes hold, whatever they are.
fn of(bytes: &[u8]) -> Lines {
    let mut lines = Lines::default();
    let split = bytes.split(|byte| *byte == b'\n');
    for line in split.filter(|line| !line.is_empty()) {
        match decode(line) {
            Some((true, record)) => lines.begun.push(record),
            Some((false, record)) => lines.ended.push(record),
            None => lines.damaged += 1,
        }
    }
    lines
}

pub(super) fn ended(record: &Record) -> io::Result<String> {
    Ok(line(&serde_json::to_string(record)?))
}

pub(super) fn begun(record: &Record) -> io::Result<String> {
    let json = serde_json::to_string(record)?;
    Ok(line(&format!("begun {json}")))
}

fn line(text: &str) -> String {
    format!("{:08x} {text}\n", crc32fast::hash(text.as_bytes()))
}

/// Whether it has only begun, and the record.
fn decode(line: &[u8]) -> Option<(bool, Record)> {
    let (sum, rest) = line.split_at_checked(8)?;
    let text = rest.strip_prefix(b" ")?;
    let sum = u32::from_str_radix(std::str::from_utf8(sum).ok()?, 16).ok()?;
    if sum != crc32fast::hash(text) {
        return None;
    }
    let json = text.strip_prefix(BEGUN);
    let record = serde_json::from_slice(json.unwrap_or(text)).ok()?;
    Some((json.is_some(), record))
}

#[cfg(test)]
mod tests {
    use super::super::journal::tests::record;
    use super::*;

    #[test]
    fn a_torn_or_changed_line_is_told_from_a_whole_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("000000000001.log");
        let whole = ended(&record("req_1")).unwrap();
        let begins = begun(&record("req_4")).unwrap();
        let changed = ended(&record("req_2")).unwrap().replace("req_2", "req_3");
        let torn = &whole[..whole.len() / 2];
        fs::write(&path, format!("{whole}{begins}{changed}{torn}")).unwrap();
        let expected = Lines {
            ended: vec![record("req_1")],
            begun: vec![record("req_4")],
            damaged: 2,
        };
        assert_eq!(read(&path).unwrap(), expected);
    }
}

#[cfg(test)]
mod fuzz {
    use super::super::journal::tests::record;
    use super::*;

    #[test]
    fn a_journal_of_any_bytes_is_read_and_what_was_whole_is_in_it() {
        bolero::check!(name = "journal").for_each(|input: &[u8]| {
            let found = of(input);
            let written = input.split(|byte| *byte == b'\n');
            let written = written.filter(|line| !line.is_empty()).count();
            assert_eq!(
                found.ended.len() + found.begun.len() + found.damaged,
                written
            );
            // What follows a torn or foreign line is there all the same.
            let whole = ended(&record("req_1")).unwrap();
            let behind = of(&[input, b"\n", whole.as_bytes()].concat());
            assert_eq!(behind.ended.last(), Some(&record("req_1")));
            assert_eq!(behind.damaged, found.damaged);
            // What was read is written as it can be read again.
            let again: String = found.ended.iter().map(|it| ended(it).unwrap()).collect();
            assert_eq!(of(again.as_bytes()).ended, found.ended);
            // Damage to a line's content is seen: bytes that are sound by chance are not random.
            let mut changed = whole.into_bytes();
            if let Some((at, rest)) = input.split_first() {
                let at = usize::from(*at) % (changed.len() - 1);
                let flipped = changed[at] ^ rest.first().copied().unwrap_or(1).max(1);
                changed[at] = flipped;
                assert!(of(&changed).ended.iter().all(|it| *it == record("req_1")));
            }
        });
    }
}
