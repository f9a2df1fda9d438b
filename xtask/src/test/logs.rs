//! The stage `logs`: what the services of the stages before have logged, with everything logged, is looked through for
//! secrets. What is found is named by its line, and not shown.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::count::Count;
use super::{Bench, Outcome};
use crate::tree::Tree;

/// Words of the tests' passwords, as they are typed, and as forms carry them. Each stage's tests have their own.
const PASSWORDS: [&str; 2] = [
    "a sentence that is long enough",
    "another sentence that is long",
];
/// What a key begins with, and how many characters follow.
const KEY: (&str, usize) = ("ask_", 32);
/// What stands before a cookie's value, and how long that is at the least.
const COOKIES: [(&str, usize); 2] = [("assisters=", 16), ("assisters-device=", 32)];
const BEARER: (&str, usize) = ("Bearer ", 16);

/// Where logs are kept from the end of their stage on.
pub fn folder(tree: &Tree) -> PathBuf {
    tree.target.join("tmp").join("logs")
}

pub fn prove(bench: &Bench<'_>) -> Result<Outcome> {
    let folder = folder(bench.tree);
    let logs = match fs::read_dir(&folder) {
        Ok(logs) => logs,
        Err(_) => return Ok(Outcome::Skipped("no stage has left a log".to_owned())),
    };
    let mut passed = 0;
    for log in logs {
        let log = log?.path();
        let found = secrets(&log)?;
        if !found.is_empty() {
            bail!(
                "there are secrets in {}:\n{}",
                log.display(),
                found.join("\n")
            );
        }
        passed += 1;
    }
    if passed == 0 {
        return Ok(Outcome::Skipped("no stage has left a log".to_owned()));
    }
    fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    Ok(Outcome::Passed(Count {
        passed,
        ..Count::default()
    }))
}

/// Lines with secrets, and what kind each is of.
fn secrets(log: &Path) -> Result<Vec<String>> {
    let file = File::open(log).with_context(|| format!("cannot read {}", log.display()))?;
    let mut reader = BufReader::new(file);
    let (mut line, mut number, mut found) = (Vec::new(), 0, vec![]);
    while reader.read_until(b'\n', &mut line)? > 0 {
        number += 1;
        if let Some(kind) = secret(&String::from_utf8_lossy(&line)) {
            found.push(format!("line {number}: {kind}"));
        }
        line.clear();
    }
    Ok(found)
}

fn secret(line: &str) -> Option<&'static str> {
    let follows = |(mark, least): (&str, usize)| {
        line.match_indices(mark).any(|(at, _)| {
            let rest = line[at + mark.len()..].bytes();
            let word = rest.take_while(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte));
            word.count() >= least
        })
    };
    let is_typed = |words: &str| {
        line.contains(words)
            || line.contains(&words.replace(' ', "+"))
            || line.contains(&words.replace(' ', "%20"))
    };
    match () {
        () if follows(KEY) => Some("a key"),
        () if COOKIES.into_iter().any(follows) => Some("a cookie"),
        () if follows(BEARER) => Some("an authorization"),
        () if PASSWORDS.into_iter().any(is_typed) => Some("a password"),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_shape() {
        let key = format!("ask_{}", "a1B2".repeat(8));
        for (line, kind) in [
            (format!("TRACE key={key}"), Some("a key")),
            (format!("headers: {{\"x\": \"{key}\"}}"), Some("a key")),
            ("TRACE key=ask_a1B2…cdef".to_owned(), None),
            (
                "cookie: assisters=AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
                Some("a cookie"),
            ),
            (
                format!("__Host-assisters-device={}", "A".repeat(43)),
                Some("a cookie"),
            ),
            ("set-cookie: assisters=; Max-Age=0".to_owned(), None),
            ("starting: listen=127.0.0.1:3000 workers=1".to_owned(), None),
            (
                "authorization: Bearer abcdefghijklmnop".to_owned(),
                Some("an authorization"),
            ),
            (
                "password=a+sentence+that+is+long+enough&x".to_owned(),
                Some("a password"),
            ),
            (
                "a%20sentence%20that%20is%20long%20enough".to_owned(),
                Some("a password"),
            ),
        ] {
            assert_eq!(secret(&line), kind, "{line}");
        }
    }

    #[test]
    fn a_line_is_named_and_not_shown() {
        let folder = std::env::temp_dir().join(format!("logs-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let log = folder.join("service.log");
        fs::write(&log, b"fine\n\xff assisters=AAAAAAAAAAAAAAAAAAAAAA\nfine\n").unwrap();
        assert_eq!(secrets(&log).unwrap(), ["line 2: a cookie"]);
        fs::remove_dir_all(&folder).unwrap();
    }
}
