//! The ledger and its journal as seen from outside, beside a service that may be running: nothing is locked or moved.

mod store;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::store::UsageError;
use super::{JOURNAL, journal, lines};
use crate::db::Db;
pub use store::Difference;

/// A service that runs has moved a file long before it is so old.
const STALE: Duration = Duration::from_secs(60);

/// What lies in a journal.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// Records that are still to be moved into the database.
    pub waiting: usize,
    /// Those of them that should have been moved by now, were a service running.
    pub stale: usize,
    /// Files that were set aside, because lines of them were damaged.
    pub damaged: Vec<PathBuf>,
}

pub fn leftovers(data_dir: &Path) -> io::Result<Leftovers> {
    let dir = data_dir.join(JOURNAL);
    if !dir.exists() {
        return Ok(Leftovers::default());
    }
    let mut found = Leftovers::default();
    for (_, path) in journal::numbered(&dir)? {
        let looked = lines::read(&path).and_then(|read| Ok((read, fs::metadata(&path)?)));
        let (lines::Lines { ended: records, .. }, file) = match looked {
            Ok(looked) => looked,
            // Moved meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        found.waiting += records.len();
        if file.modified()?.elapsed().is_ok_and(|age| age > STALE) {
            found.stale += records.len();
        }
    }
    for entry in fs::read_dir(&dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == journal::DAMAGED) {
            found.damaged.push(path);
        }
    }
    found.damaged.sort();
    Ok(found)
}

/// What sums are wrong, and where that shows first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// `usage_hourly`, against the ledger's rows.
    Hour(Difference),
    /// `usage_daily`, against `usage_hourly`.
    Day(Difference),
}

/// The earliest place at which the ledger's rows and their sums differ; times are compared too.
pub async fn first_difference(db: &Db) -> Result<Option<Wrong>, UsageError> {
    if let Some(hour) = store::first_of_hours(db).await? {
        return Ok(Some(Wrong::Hour(hour)));
    }
    Ok(store::first_of_days(db).await?.map(Wrong::Day))
}
