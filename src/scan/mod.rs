//! `assisters scan`: finds our keys in files, so that a hook can stop a commit before it takes one along.

mod reader;
mod walk;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::print::printable;
use walk::Outcome;

#[derive(Args, Debug)]
pub struct ScanArgs {
    /// Files, and folders with all that is in them but `.git`; links are not followed
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What a scan came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Clean,
    KeysFound,
    /// No key was found, but not all could be read.
    Unread,
}

/// A key in a file. The column counts bytes, as compilers and grep do.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    line: u64,
    column: u64,
    masked: String,
}

/// Scans what `args` names; findings go to `out`, as they are made unless they are wanted as JSON, and what could not
/// be scanned to `notes`.
pub fn run(args: &ScanArgs, out: &mut impl Write, notes: &mut impl Write) -> io::Result<Verdict> {
    let (mut found, mut unread) = (vec![], vec![]);
    for path in &args.paths {
        for outcome in walk::scan(path) {
            match outcome {
                Outcome::Found(path, place) => {
                    if !args.json {
                        let Place {
                            line,
                            column,
                            masked,
                        } = &place;
                        writeln!(out, "{}:{line}:{column}: {masked}", shown(&path))?;
                    }
                    found.push((path, place));
                }
                Outcome::Passed(path, what) => {
                    writeln!(
                        notes,
                        "scan: {} is {what} and was passed over",
                        shown(&path)
                    )?;
                }
                Outcome::Unread(path, error) => {
                    writeln!(notes, "scan: {} cannot be read: {error}", shown(&path))?;
                    unread.push((path, error));
                }
            }
        }
    }
    if args.json {
        writeln!(out, "{:#}", in_json(&found, &unread))?;
    }
    Ok(match (found.is_empty(), unread.is_empty()) {
        (false, _) => Verdict::KeysFound,
        (true, false) => Verdict::Unread,
        (true, true) => Verdict::Clean,
    })
}

fn in_json(found: &[(PathBuf, Place)], unread: &[(PathBuf, io::Error)]) -> serde_json::Value {
    let found = found.iter().map(|(path, place)| {
        json!({
            "path": path.to_string_lossy(),
            "line": place.line,
            "column": place.column,
            "key": place.masked,
        })
    });
    let unread = unread
        .iter()
        .map(|(path, error)| json!({"path": path.to_string_lossy(), "reason": error.to_string()}));
    json!({"found": found.collect::<Vec<_>>(), "unread": unread.collect::<Vec<_>>()})
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}
