//! The journal: records in append-only files, each line with its checksum, until they are in the database.
//!
//! One file is open for appending. To move records on, that file is sealed and a new one begun; a sealed file is deleted
//! only when all its records are in the database. A line is one `write`, so what the process wrote survives its death. A line
//! that a full disk cuts off is written again, whole, in a new file.
//!
//! A request that a worker is asked for is written down when it begins, too, as what it will have been if nothing more is
//! ever written of it. Such lines are carried from file to file until their request has ended; those that a process leaves
//! behind are what it died in.

mod disk;
mod sync;
#[cfg(test)]
pub(super) mod tests;

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::{Record, lines};
use crate::config::Fsync;
use disk::{Disk, Real};
use sync::Syncing;
pub(super) use sync::sync_in_groups;

/// How the name of a file ends that was set aside.
pub(super) const DAMAGED: &str = "damaged";

#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error(
        "another `assisters serve` is using {0}; stop it, or give this one its own ASSISTERS_DATA_DIR"
    )]
    InUse(String),
    #[error("the journal in {path} cannot be written: {source}")]
    Io { path: String, source: io::Error },
}

/// What of the journal is still to be moved into the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    pub bytes: u64,
    /// Since the oldest file of it was last written to.
    pub age: Duration,
}

#[derive(Debug)]
pub(super) struct Journal {
    dir: PathBuf,
    disk: Arc<dyn Disk>,
    fsync: Fsync,
    open: Mutex<Open>,
    dirty: Notify,
    syncing: Syncing,
    /// The number of this process's first file. What is in older ones was left by others, who are dead.
    first: u64,
    /// Held for as long as the process lives.
    _lock: File,
}

#[derive(Debug)]
struct Open {
    file: Arc<File>,
    number: u64,
    /// The number of the file after it.
    next: u64,
    /// Whether its last line may stand there in part: nothing must be written behind it.
    torn: bool,
    /// Records in this file.
    records: u64,
    /// Records ever appended by this process.
    written: u64,
    /// The lines of requests that have begun and not ended, by their ids.
    begun: HashMap<String, String>,
}

impl Journal {
    pub(super) fn open(dir: &Path, fsync: Fsync) -> Result<Journal, JournalError> {
        Journal::on(Arc::new(Real), dir, fsync)
    }

    fn on(disk: Arc<dyn Disk>, dir: &Path, fsync: Fsync) -> Result<Journal, JournalError> {
        let failed = |source| JournalError::Io {
            path: dir.display().to_string(),
            source,
        };
        fs::create_dir_all(dir).map_err(failed)?;
        let lock = File::create(dir.join("lock")).map_err(failed)?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => JournalError::InUse(dir.display().to_string()),
            fs::TryLockError::Error(error) => failed(error),
        })?;
        let number = numbered(dir)
            .map_err(failed)?
            .last()
            .map_or(1, |(number, _)| number + 1);
        let file = disk.create(&dir.join(name_of(number))).map_err(failed)?;
        let open = Open {
            file: Arc::new(file),
            number,
            next: number + 1,
            torn: false,
            records: 0,
            written: 0,
            begun: HashMap::new(),
        };
        Ok(Journal {
            dir: dir.to_owned(),
            disk,
            fsync,
            open: Mutex::new(open),
            dirty: Notify::new(),
            syncing: Syncing::default(),
            first: number,
            _lock: lock,
        })
    }

    /// Notes that a request begins, with what is to be said of it if nothing more is.
    pub(super) fn begin(&self, record: &Record) -> io::Result<()> {
        let line = lines::begun(record)?;
        let mut open = self.held();
        let written = self.write(&mut open, &line);
        // Also one that could not be written: it will stand in the next file.
        open.begun.insert(record.request_id.clone(), line);
        written
    }

    pub(super) fn append(&self, record: &Record) -> io::Result<()> {
        let line = lines::ended(record)?;
        let mut open = self.held();
        self.write(&mut open, &line)?;
        open.begun.remove(&record.request_id);
        open.records += 1;
        open.written += 1;
        drop(open);
        self.dirty.notify_one();
        Ok(())
    }

    /// Seals the file that is open, if it holds anything, and lists all sealed files, oldest first.
    pub(super) fn seal(&self) -> io::Result<Vec<PathBuf>> {
        // The disk is waited for here, while others still append: what is left to sync under the lock is little.
        let file = self.held().file.clone();
        self.keep(&file);
        let mut open = self.held();
        if open.records > 0 {
            self.begin_next(&mut open)?;
        }
        let number = open.number;
        drop(open);
        Ok(numbered(&self.dir)?
            .into_iter()
            .filter(|(sealed, _)| *sealed < number)
            .map(|(_, path)| path)
            .collect())
    }

    pub(super) fn backlog(&self) -> io::Result<Backlog> {
        let (number, is_empty) = {
            let open = self.held();
            (open.number, open.records == 0)
        };
        let mut backlog = Backlog::default();
        for (file, path) in numbered(&self.dir)? {
            // Where nothing has ended, nothing is to be moved; a later file was begun since.
            if file > number || (file == number && is_empty) {
                continue;
            }
            match fs::metadata(&path) {
                Ok(found) => {
                    backlog.bytes += found.len();
                    let age = found.modified()?.elapsed().unwrap_or_default();
                    backlog.age = backlog.age.max(age);
                }
                // Moved meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(backlog)
    }

    /// Whether the file at `path` is of a process before this one.
    pub(super) fn is_left_behind(&self, path: &Path) -> bool {
        number_of(path).is_some_and(|number| number < self.first)
    }

    fn write(&self, open: &mut Open, line: &str) -> io::Result<()> {
        if !open.torn {
            let written = self.disk.write(&open.file, line.as_bytes());
            let Err(error) = written else {
                return Ok(());
            };
            open.torn = true;
            tracing::error!(%error, "a line of the journal was cut off; it is written again in a new file");
        }
        self.begin_next(open)?;
        let written = self.disk.write(&open.file, line.as_bytes());
        open.torn = written.is_err();
        written
    }

    fn begin_next(&self, open: &mut Open) -> io::Result<()> {
        self.keep(&open.file);
        // Whatever becomes of the file, the next one gets another number.
        let number = open.next;
        open.next += 1;
        let path = self.dir.join(name_of(number));
        let file = self.disk.create(&path)?;
        // Before the file that they stand in may go.
        let carried: String = open.begun.values().map(String::as_str).collect();
        if let Err(error) = self.disk.write(&file, carried.as_bytes()) {
            // What is in it stands elsewhere; one that stays all the same is moved on as any other.
            let _ = fs::remove_file(path);
            return Err(error);
        }
        open.file = Arc::new(file);
        open.number = number;
        open.torn = false;
        open.records = 0;
        Ok(())
    }

    /// Asks the disk to keep a file whose lines are soon in the database. One that it does not keep is moved there all the same.
    fn keep(&self, file: &File) {
        if let Err(error) = self.disk.sync(file) {
            tracing::error!(%error, "the disk did not keep the journal");
        }
    }

    fn held(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name_of(number: u64) -> String {
    format!("{number:012}.log")
}

/// The journal's files with their numbers, oldest first.
pub(super) fn numbered(dir: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut files = vec![];
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if let Some(number) = number_of(&path) {
            files.push((number, path));
        }
    }
    files.sort();
    Ok(files)
}

fn number_of(path: &Path) -> Option<u64> {
    let is_log = path.extension().is_some_and(|end| end == "log");
    is_log.then(|| path.file_stem()?.to_str()?.parse().ok())?
}
