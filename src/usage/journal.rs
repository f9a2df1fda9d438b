//! The journal: records in append-only files, each line with its checksum, until they are in the database.
//!
//! One file is open for appending. To move records on, that file is sealed and a new one begun; a sealed file is deleted
//! only when all its records are in the database. A line is one `write`, so what the process wrote survives its death.
//!
//! A request that a worker is asked for is written down when it begins, too, as what it will have been if nothing more is
//! ever written of it. Such lines are carried from file to file until their request has ended; those that a process leaves
//! behind are what it died in.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Record, lines};
use crate::config::Fsync;

/// How long writes are gathered before the disk is asked to keep them.
const GROUP: Duration = Duration::from_millis(10);

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
    fsync: Fsync,
    open: Mutex<Open>,
    dirty: Notify,
    /// How many records the disk has kept.
    synced: watch::Sender<u64>,
    /// The number of this process's first file. What is in older ones was left by others, who are dead.
    first: u64,
    /// Held for as long as the process lives.
    _lock: File,
}

#[derive(Debug)]
struct Open {
    file: Arc<File>,
    number: u64,
    /// Records in this file.
    records: u64,
    /// Records ever appended by this process.
    written: u64,
    /// The lines of requests that have begun and not ended, by their ids.
    begun: HashMap<String, String>,
}

impl Journal {
    pub(super) fn open(dir: &Path, fsync: Fsync) -> Result<Journal, JournalError> {
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
        let file = Arc::new(create(dir, number).map_err(failed)?);
        let open = Open {
            file,
            number,
            records: 0,
            written: 0,
            begun: HashMap::new(),
        };
        Ok(Journal {
            dir: dir.to_owned(),
            fsync,
            open: Mutex::new(open),
            dirty: Notify::new(),
            synced: watch::Sender::new(0),
            first: number,
            _lock: lock,
        })
    }

    /// Notes that a request begins, with what is to be said of it if nothing more is.
    pub(super) fn begin(&self, record: &Record) -> io::Result<()> {
        let line = lines::begun(record)?;
        let mut open = self.held();
        open.begun.insert(record.request_id.clone(), line.clone());
        self.write(&mut open, &line)
    }

    pub(super) fn append(&self, record: &Record) -> io::Result<()> {
        let line = lines::ended(record)?;
        let mut open = self.held();
        open.begun.remove(&record.request_id);
        self.write(&mut open, &line)?;
        open.records += 1;
        open.written += 1;
        drop(open);
        self.dirty.notify_one();
        Ok(())
    }

    pub(super) async fn durable(&self) {
        if self.fsync == Fsync::Grouped {
            return;
        }
        let written = self.held().written;
        // An error means that the journal is going away, and nothing more can be waited for.
        let _ = self
            .synced
            .subscribe()
            .wait_for(|synced| *synced >= written)
            .await;
    }

    /// Seals the file that is open, if it holds anything, and lists all sealed files, oldest first.
    pub(super) fn seal(&self) -> io::Result<Vec<PathBuf>> {
        // The disk is waited for here, while others still append: what is left to sync under the lock is little.
        let file = self.held().file.clone();
        file.sync_data()?;
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
        let written = (&*open.file).write_all(line.as_bytes());
        if written.is_err() {
            // The line may stand there in part; nothing must be written behind it.
            self.begin_next(open)?;
        }
        written
    }

    fn begin_next(&self, open: &mut Open) -> io::Result<()> {
        open.file.sync_data()?;
        let file = create(&self.dir, open.number + 1)?;
        // Before the file that they stand in may go.
        let carried: String = open.begun.values().map(String::as_str).collect();
        (&file).write_all(carried.as_bytes())?;
        open.file = Arc::new(file);
        open.number += 1;
        open.records = 0;
        Ok(())
    }

    fn held(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks the disk to keep what was appended, many records at a time.
pub(super) async fn sync_in_groups(journal: Arc<Journal>, stopping: CancellationToken) {
    while stopping
        .run_until_cancelled(journal.dirty.notified())
        .await
        .is_some()
    {
        if journal.fsync == Fsync::Grouped {
            sleep(GROUP).await;
        }
        sync(&journal).await;
    }
    sync(&journal).await;
}

async fn sync(journal: &Journal) {
    let (file, written) = {
        let open = journal.held();
        (open.file.clone(), open.written)
    };
    match spawn_blocking(move || file.sync_data()).await {
        Ok(Ok(())) => {
            journal.synced.send_replace(written);
        }
        Ok(Err(error)) => tracing::error!(%error, "the disk did not keep the journal"),
        Err(error) => tracing::error!(%error, "the journal's sync was cut off"),
    }
}

fn create(dir: &Path, number: u64) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create_new(true)
        .open(dir.join(format!("{number:012}.log")))
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

#[cfg(test)]
pub(super) mod tests {
    use super::super::{BillingBasis, Phases};
    use super::*;

    pub(crate) fn record(request_id: &str) -> Record {
        Record {
            request_id: request_id.into(),
            account_id: "acct_1".into(),
            key_id: Some("key_1".into()),
            endpoint: "/v1/chat/completions".into(),
            model: Some("m".into()),
            worker: Some("w".into()),
            status: 200,
            error_code: None,
            prompt_tokens: 3,
            completion_tokens: 4,
            streamed: true,
            first_token_ms: Some(5),
            duration_ms: 6,
            finish_reason: Some("stop".into()),
            replayed: false,
            retry_count: 0,
            billing_basis: BillingBasis::WorkerUsage,
            started_ms: 7,
            client_request_id: None,
            phases: Phases::default(),
            worker_tries: 1,
            limited: None,
        }
    }

    #[test]
    fn what_is_sealed_is_what_was_appended() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path(), Fsync::Grouped).unwrap();
        journal.append(&record("req_1")).unwrap();
        journal.append(&record("req_2")).unwrap();
        let sealed = journal.seal().unwrap();
        assert_eq!(sealed.len(), 1);
        let read = lines::read(&sealed[0]).unwrap();
        assert_eq!(read.ended, [record("req_1"), record("req_2")]);
        assert_eq!(
            journal.seal().unwrap().len(),
            1,
            "an empty file is not sealed"
        );
        let backlog = journal.backlog().unwrap();
        assert_eq!(backlog.bytes, fs::metadata(&sealed[0]).unwrap().len());
        journal.append(&record("req_3")).unwrap();
        assert!(journal.backlog().unwrap().bytes > backlog.bytes);
        let all = journal.seal().unwrap();
        all.iter().for_each(|path| fs::remove_file(path).unwrap());
        assert_eq!(journal.backlog().unwrap(), Backlog::default());
        journal.begin(&record("req_4")).unwrap();
        assert_eq!(journal.backlog().unwrap(), Backlog::default());
    }

    #[test]
    fn what_has_begun_is_carried_along_until_it_has_ended() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path(), Fsync::Grouped).unwrap();
        for request in ["req_1", "req_2"] {
            journal.begin(&record(request)).unwrap();
        }
        assert!(journal.seal().unwrap().is_empty(), "nothing has ended");
        journal.append(&record("req_1")).unwrap();
        let first = lines::read(&journal.seal().unwrap()[0]).unwrap();
        assert_eq!(first.ended, [record("req_1")]);
        assert_eq!(first.begun, [record("req_1"), record("req_2")]);

        journal.append(&record("req_3")).unwrap();
        let second = lines::read(&journal.seal().unwrap()[1]).unwrap();
        assert_eq!(second.begun, [record("req_2")]);
        journal.append(&record("req_2")).unwrap();
        journal.append(&record("req_4")).unwrap();
        journal.seal().unwrap();
        journal.append(&record("req_5")).unwrap();
        let last = journal.seal().unwrap().pop().unwrap();
        assert!(lines::read(&last).unwrap().begun.is_empty());
        assert!(!journal.is_left_behind(&last));
        drop(journal);
        let next = Journal::open(dir.path(), Fsync::Grouped).unwrap();
        assert!(next.is_left_behind(&last));
    }

    #[test]
    fn a_second_process_is_kept_out_and_told_so() {
        let dir = tempfile::tempdir().unwrap();
        let first = Journal::open(dir.path(), Fsync::Grouped).unwrap();
        assert!(matches!(
            Journal::open(dir.path(), Fsync::Grouped),
            Err(JournalError::InUse(_))
        ));
        drop(first);
        assert!(Journal::open(dir.path(), Fsync::Grouped).is_ok());
    }

    #[tokio::test]
    async fn always_means_that_the_disk_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Arc::new(Journal::open(dir.path(), Fsync::Always).unwrap());
        let stopping = CancellationToken::new();
        let syncing = tokio_util::task::TaskTracker::new();
        syncing.spawn(sync_in_groups(journal.clone(), stopping.clone()));
        journal.append(&record("req_1")).unwrap();
        journal.durable().await;
        assert_eq!(*journal.synced.borrow(), 1);
        stopping.cancel();
        syncing.close();
        syncing.wait().await;
    }
}
