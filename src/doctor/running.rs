//! What a running service can ask of itself while it serves: the checks that are quick and disturb nobody.

use std::path::Path;
use std::time::Duration;

use super::{Finding, files, records};
use crate::config::Config;
use crate::print::sentence;

/// Of the disk that holds the data, less than so many bytes is bad, and less than so many is soon.
const LEAST_BYTES: u64 = 256 << 20;
const FEW_BYTES: u64 = 2 << 30;
/// A database that answers later than this holds up everything.
const SLOW: Duration = Duration::from_millis(100);

/// The data directory, the disk, the database's tables, the journal.
pub async fn of_running(config: &Config) -> Vec<Finding> {
    let (database, db) = records::database(config).await;
    if let Some(db) = db {
        db.pool().close().await;
    }
    vec![
        files::data_dir(&config.data_dir),
        disk(&config.data_dir),
        database,
        files::journal(&config.data_dir).await,
    ]
}

/// How long the database took to answer, if it did.
pub fn latency(took: Option<Duration>) -> Finding {
    let name = "database latency";
    match took {
        None => Finding::failed(
            name,
            "it does not answer",
            "see whether it runs, and what it says in its own log",
        ),
        Some(took) if took > SLOW => Finding::warning(
            name,
            format!("{} ms for one query", took.as_millis()),
            "see what else keeps its disk or its machine busy",
        ),
        Some(took) => Finding::ok(
            name,
            format!("{:.1} ms for one query", took.as_secs_f64() * 1e3),
        ),
    }
}

fn disk(dir: &Path) -> Finding {
    let name = "disk";
    let place = match rustix::fs::statvfs(dir) {
        Ok(place) => place,
        Err(error) => {
            let seen = format!("its room cannot be told: {}", sentence(&error));
            return Finding::warning(name, seen, "look at it on the machine itself");
        }
    };
    let bytes = |blocks: u64| blocks.saturating_mul(place.f_frsize);
    told(bytes(place.f_bavail), bytes(place.f_blocks))
}

fn told(free: u64, all: u64) -> Finding {
    let name = "disk";
    let seen = format!(
        "{} of {} are free for the data directory",
        size(free),
        size(all)
    );
    match free {
        0..LEAST_BYTES => Finding::failed(
            name,
            seen,
            "make room at once: when it is full nothing can be stored, and requests are refused",
        ),
        LEAST_BYTES..FEW_BYTES => Finding::warning(
            name,
            seen,
            "make room, or move ASSISTERS_DATA_DIR to a larger disk",
        ),
        _ => Finding::ok(name, seen),
    }
}

/// As people read it: `1.5 GiB`.
pub fn size(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{:.1} {name}", bytes as f64 / unit as f64),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_disk_that_fills_is_told_of_before_it_is_full() {
        for (free, state) in [
            (0, State::Failed),
            (1 << 30, State::Warning),
            (9 << 30, State::Ok),
        ] {
            let finding = told(free, 10 << 30);
            assert_eq!(finding.state, state, "{free}");
            assert_eq!(finding.advice.is_some(), state != State::Ok);
        }
        let dir = tempfile::tempdir().unwrap();
        assert!(disk(dir.path()).seen.contains("are free"));
        assert_eq!(disk(&dir.path().join("gone")).state, State::Warning);
    }

    #[test]
    fn a_database_that_is_slow_or_silent_is_told_of() {
        assert_eq!(latency(None).state, State::Failed);
        assert_eq!(latency(Some(Duration::from_millis(3))).state, State::Ok);
        assert_eq!(latency(Some(Duration::from_secs(2))).state, State::Warning);
        assert_eq!(size(1_536 << 20), "1.5 GiB");
        assert_eq!(size(12), "12 B");
    }
}
