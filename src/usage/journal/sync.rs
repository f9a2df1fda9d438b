//! Asking the disk to keep the journal, for many records at a time: what a loss of power must not take.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Journal;
use crate::config::Fsync;

/// How long writes are gathered before the disk is asked to keep them.
const GROUP: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub(super) struct Syncing {
    /// Held by whoever asks the disk; what that one has done need not be done by those who waited for it.
    turn: Mutex<()>,
    /// How many records the disk has kept.
    pub(super) kept: watch::Sender<u64>,
}

impl Journal {
    /// Returns when everything appended so far is as safe as configured; or with an error, because the disk does not keep it now.
    ///
    /// Whoever waits asks the disk itself, unless another does, so that it needs nobody who might have ended.
    pub(in crate::usage) async fn durable(&self) -> io::Result<()> {
        match self.fsync {
            Fsync::Grouped => Ok(()),
            Fsync::Always => self.sync().await,
        }
    }

    async fn sync(&self) -> io::Result<()> {
        let wanted = self.held().written;
        let _turn = self.syncing.turn.lock().await;
        if *self.syncing.kept.borrow() >= wanted {
            return Ok(());
        }
        // What is in earlier files was kept when they were left.
        let (file, written) = {
            let open = self.held();
            (open.file.clone(), open.written)
        };
        let disk = self.disk.clone();
        let kept = spawn_blocking(move || disk.sync(&file)).await?;
        match &kept {
            Ok(()) => {
                self.syncing.kept.send_replace(written);
            }
            Err(error) => tracing::error!(%error, "the disk did not keep the journal"),
        }
        kept
    }
}

/// Asks the disk to keep what was appended, until it does, also where nobody waits for that.
pub(in crate::usage) async fn sync_in_groups(journal: Arc<Journal>, stopping: CancellationToken) {
    let mut pause = GROUP;
    while stopping
        .run_until_cancelled(journal.dirty.notified())
        .await
        .is_some()
    {
        if journal.fsync == Fsync::Grouped {
            sleep(GROUP).await;
        }
        if journal.sync().await.is_ok() {
            pause = GROUP;
            continue;
        }
        let _ = stopping.run_until_cancelled(sleep(pause)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        journal.dirty.notify_one();
    }
    // It has said so in the log if the disk fails.
    let _ = journal.sync().await;
}
