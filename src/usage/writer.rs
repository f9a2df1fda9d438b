//! The writer: moves the journal into the database, batch by batch, and tries again for as long as that fails.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

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
    // What comes after this is in the journal, and moved at the next start.
    if let Err(error) = move_journal(&usage).await {
        tracing::warn!(
            error = &error as &dyn Error,
            "usage stays in the journal until the next start"
        );
    }
}

pub(super) async fn move_journal(usage: &Usage) -> Result<(), UsageError> {
    let _moving = usage.moving.lock().await;
    let journal = usage.journal.clone();
    let sealed = spawn_blocking(move || journal.seal()).await??;
    for path in sealed {
        let file = path.clone();
        let (records, damaged) = spawn_blocking(move || journal::read(&file)).await??;
        for batch in records.chunks(BATCH) {
            store::insert(&usage.db, batch).await?;
        }
        close(&path, &records, damaged)?;
    }
    Ok(())
}

/// Deletes a file whose records are all in the database; one with damaged lines is kept aside for a person to look at.
fn close(path: &Path, records: &[Record], damaged: usize) -> Result<(), UsageError> {
    if damaged == 0 {
        return Ok(fs::remove_file(path)?);
    }
    tracing::error!(file = %path.display(), damaged, whole = records.len(), "lines of the journal were damaged; the file is kept aside");
    Ok(fs::rename(path, path.with_extension(journal::DAMAGED))?)
}
