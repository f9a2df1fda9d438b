//! The writer: moves the journal into the database, batch by batch, and tries again for as long as that fails.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::lines::{self, Lines};
use super::{Record, Usage, UsageError, journal, store};

/// Between two moves, so that many records share a transaction.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Rows in one transaction.
const BATCH: usize = 500;

pub(super) async fn run(usage: Usage, stopping: CancellationToken) {
    let mut pause = PAUSE;
    while stopping
        .run_until_cancelled(usage.written.notified())
        .await
        .is_some()
    {
        match move_journal(&usage).await {
            Ok(()) => pause = PAUSE,
            Err(error) => {
                tracing::warn!(error = &error as &dyn Error, retry_in = ?pause, "usage waits in the journal");
                pause = (pause * 2).min(LONGEST_PAUSE);
                usage.written.notify_one();
            }
        }
        let _ = stopping.run_until_cancelled(sleep(pause)).await;
    }
}

pub(super) async fn move_journal(usage: &Usage) -> Result<(), UsageError> {
    let moved = move_all(usage).await;
    if moved.is_err() {
        usage.counts.failed_moves.fetch_add(1, Ordering::Relaxed);
    }
    moved
}

async fn move_all(usage: &Usage) -> Result<(), UsageError> {
    let _moving = usage.moving.lock().await;
    let journal = usage.journal.clone();
    let sealed = spawn_blocking(move || journal.seal()).await??;
    let (left, own): (Vec<_>, Vec<_>) = sealed
        .into_iter()
        .partition(|path| usage.journal.is_left_behind(path));
    if !left.is_empty() {
        move_left_behind(usage, &left).await?;
    }
    for path in own {
        let lines = read(&path).await?;
        insert(usage, &lines.ended).await?;
        close(&path, &lines)?;
    }
    Ok(())
}

/// Moves what dead processes have left: first all that has ended, then what they died in, which is all that has begun and
/// is not in the ledger by then.
async fn move_left_behind(usage: &Usage, paths: &[PathBuf]) -> Result<(), UsageError> {
    let mut files = vec![];
    for path in paths {
        let lines = read(path).await?;
        insert(usage, &lines.ended).await?;
        files.push((path, lines));
    }
    for (_, lines) in &files {
        insert(usage, &lines.begun).await?;
    }
    for (path, lines) in &files {
        close(path, lines)?;
    }
    Ok(())
}

async fn read(path: &Path) -> Result<Lines, UsageError> {
    let path = path.to_owned();
    Ok(spawn_blocking(move || lines::read(&path)).await??)
}

/// Records that are there already change nothing.
async fn insert(usage: &Usage, records: &[Record]) -> Result<(), UsageError> {
    for batch in records.chunks(BATCH) {
        let rows = store::insert(&usage.db, batch).await?;
        usage.counts.rows.fetch_add(rows, Ordering::Relaxed);
    }
    Ok(())
}

/// Deletes a file whose records are all in the database; one with damaged lines is kept aside for a person to look at.
fn close(path: &Path, lines: &Lines) -> Result<(), UsageError> {
    if lines.damaged == 0 {
        return Ok(fs::remove_file(path)?);
    }
    tracing::error!(file = %path.display(), damaged = lines.damaged, whole = lines.ended.len(), "lines of the journal were damaged; the file is kept aside");
    Ok(fs::rename(path, path.with_extension(journal::DAMAGED))?)
}
