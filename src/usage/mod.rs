//! Usage: one ledger row per request, exactly one, whatever happens; and the sums that pages show.
//!
//! A [`Record`] is appended to a journal file before its request's last byte goes out, so it survives the process. A
//! writer moves the journal into the database in batches: row and sums in one transaction, unique by request id.
//! A database that is away stops nobody: the journal grows until it is back.

mod columns;
mod histogram;
mod inspect;
mod journal;
mod limited;
mod lines;
mod requests;
mod retention;
mod store;
mod sums;
#[cfg(test)]
mod tests;
mod writer;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, Notify};

use crate::clock::UnixMs;
use crate::config::Fsync;
use crate::db::Db;
use crate::ids::AccountId;
use crate::tasks::Tasks;
pub use histogram::Histogram;
pub use inspect::{Difference, Leftovers, Wrong, first_difference, leftovers};
use journal::Journal;
pub use journal::{Backlog, JournalError};
pub use limited::Limited;
pub use requests::{Detailed, Listed, Position};
pub use retention::{HourlyRow, LedgerRow};
pub use store::{KeyHour, UsageError};
pub use sums::{
    Column, Combination, Counted, Figures, Filter, Grain, GroupBy, NAMED, Scope, Slice, Span, Timed,
};

/// The journal's folder, in the data directory.
const JOURNAL: &str = "journal";

/// The ledger; cheap to clone.
#[derive(Clone)]
pub struct Usage {
    journal: Arc<Journal>,
    db: Db,
    written: Arc<Notify>,
    /// Held by whoever moves the journal into the database.
    moving: Arc<Mutex<()>>,
    counts: Arc<Counts>,
}

/// What has come of writing since this process began.
#[derive(Debug, Default)]
struct Counts {
    rows: AtomicU64,
    failed_moves: AtomicU64,
    failed_writes: AtomicU64,
}

/// How writing has gone since this process began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// In the database.
    pub rows: u64,
    /// How often the journal could not be moved there; what it holds is kept, and tried again.
    pub failed_moves: u64,
    /// How often the journal itself could not be written.
    pub failed_writes: u64,
}

/// What is known of one request when it has ended. Prompts and answers are no part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub request_id: String,
    pub account_id: String,
    /// `None` for the playground.
    pub key_id: Option<String>,
    /// The route, such as `/v1/chat/completions`, however it was mounted.
    pub endpoint: String,
    pub model: Option<String>,
    pub worker: Option<String>,
    /// The HTTP status; for a stream that failed after its first byte, the one that it would have had; 499 if the
    /// client left.
    pub status: u16,
    pub error_code: Option<String>,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub streamed: bool,
    pub first_token_ms: Option<u64>,
    pub duration_ms: u64,
    pub finish_reason: Option<String>,
    pub replayed: bool,
    /// How many times the client had tried before, by its own word.
    pub retry_count: u32,
    pub billing_basis: BillingBasis,
    /// Unix milliseconds.
    pub started_ms: i64,
    // Lines that an earlier version has left in the journal lack what follows.
    /// What the client called it, by its own `X-Request-ID`.
    #[serde(default)]
    pub client_request_id: Option<String>,
    #[serde(default)]
    pub phases: Phases,
    /// How many times a worker was asked.
    #[serde(default)]
    pub worker_tries: u32,
    /// Why it was refused, if a limit was the reason.
    #[serde(default)]
    pub limited: Option<Limited>,
}

/// Where the time before a request's first byte went, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phases {
    pub auth_us: Option<u64>,
    pub limit_us: Option<u64>,
    pub queue_us: Option<u64>,
    /// Until the last worker that was asked began to answer.
    pub upstream_us: Option<u64>,
}

/// Where a record's token counts come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BillingBasis {
    /// The worker said so.
    WorkerUsage,
    /// We counted, because the worker did not get to say.
    Counted,
    /// An answer given again: free.
    Replay,
    /// No work was done.
    None,
}

impl BillingBasis {
    pub fn as_str(self) -> &'static str {
        match self {
            BillingBasis::WorkerUsage => "worker_usage",
            BillingBasis::Counted => "counted",
            BillingBasis::Replay => "replay",
            BillingBasis::None => "none",
        }
    }
}

impl Usage {
    /// Opens the journal in `data_dir` and moves what an earlier process left there into the database.
    pub async fn open(data_dir: &Path, db: Db, fsync: Fsync) -> Result<Usage, JournalError> {
        let journal = Journal::open(&data_dir.join(JOURNAL), fsync)?;
        let usage = Usage {
            journal: Arc::new(journal),
            db,
            written: Arc::default(),
            moving: Arc::default(),
            counts: Arc::default(),
        };
        if let Err(error) = usage.flush().await {
            tracing::warn!(error = %error, "the journal cannot be moved into the database yet; it is kept and tried again");
        }
        Ok(usage)
    }

    /// Starts what moves the journal on in the background.
    pub fn start(&self, tasks: &Tasks) {
        tasks.spawn(writer::run(self.clone(), tasks.stopping().clone()));
        tasks.spawn(journal::sync_in_groups(
            self.journal.clone(),
            tasks.stopping().clone(),
        ));
    }

    /// Writes `record` where the process's death cannot reach it. It never waits for the database.
    ///
    /// This is the part that a destructor can call; [`Usage::durable`] waits for the disk where that is asked for.
    pub fn append(&self, record: &Record) {
        if let Err(error) = self.journal.append(record) {
            self.counts.failed_writes.fetch_add(1, Ordering::Relaxed);
            // The last resort: whoever runs the service can restore the row from its log.
            tracing::error!(
                ?error,
                ?record,
                "the journal cannot be written; this request is only in the log"
            );
        }
        self.written.notify_one();
    }

    /// Notes that a worker is about to be asked, with what is to be in the ledger if this process dies before it can
    /// [`append`](Usage::append) what became of it.
    pub fn begin(&self, record: &Record) {
        if let Err(error) = self.journal.begin(record) {
            self.counts.failed_writes.fetch_add(1, Ordering::Relaxed);
            tracing::error!(
                ?error,
                request_id = record.request_id,
                "the journal cannot be written"
            );
        }
    }

    /// Returns when everything appended so far is as safe as configured. A disk that keeps nothing does not hold up answers: what
    /// it failed to keep is in the journal and on its way into the database.
    pub async fn durable(&self) {
        if self.journal.durable().await.is_err() {
            self.counts.failed_writes.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Moves the whole journal into the database now: at the end, behind the last task that may have written to it. What does
    /// not get there is moved at the next start.
    pub async fn flush(&self) -> Result<(), UsageError> {
        writer::move_journal(self).await
    }

    /// What is still to be moved into the database. It looks at files.
    pub fn backlog(&self) -> io::Result<Backlog> {
        self.journal.backlog()
    }

    pub fn written(&self) -> Written {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Written {
            rows: of(&self.counts.rows),
            failed_moves: of(&self.counts.failed_moves),
            failed_writes: of(&self.counts.failed_writes),
        }
    }

    /// What each group used in each slice, its times included.
    pub async fn slices(
        &self,
        scope: Scope<'_>,
        grain: Grain,
        group: GroupBy,
    ) -> Result<Vec<Slice>, UsageError> {
        Ok(sums::slices(&self.db, scope, grain, group).await?)
    }

    /// What each group used in the whole span, its times included.
    pub async fn totals(
        &self,
        scope: Scope<'_>,
        grain: Grain,
        group: GroupBy,
    ) -> Result<Vec<Slice>, UsageError> {
        Ok(sums::totals(&self.db, scope, grain, group).await?)
    }

    /// What each group used in each slice, without its times.
    pub async fn counts(
        &self,
        scope: Scope<'_>,
        grain: Grain,
        group: GroupBy,
    ) -> Result<Vec<Slice>, UsageError> {
        Ok(sums::store::slices(&self.db, scope, grain, group).await?)
    }

    /// One count in each slice: of all, and of the groups called `names`, of which there are at most [`NAMED`].
    pub async fn columns(
        &self,
        scope: Scope<'_>,
        grain: Grain,
        group: GroupBy,
        counted: Counted,
        names: &[&str],
    ) -> Result<Vec<Column>, UsageError> {
        Ok(sums::store::columns(&self.db, scope, grain, group, counted, names).await?)
    }

    /// The times of each slice.
    pub async fn times(
        &self,
        scope: Scope<'_>,
        grain: Grain,
        timed: Timed,
    ) -> Result<Vec<(i64, Histogram)>, UsageError> {
        Ok(sums::times(&self.db, scope, grain, timed).await?)
    }

    /// Which keys, endpoints, models and statuses occur in a span.
    pub async fn combinations(
        &self,
        scope: Scope<'_>,
        grain: Grain,
    ) -> Result<Vec<Combination>, UsageError> {
        Ok(sums::store::combinations(&self.db, scope, grain).await?)
    }

    /// At most `most` requests behind `position`, newest first.
    pub async fn older(
        &self,
        scope: Scope<'_>,
        position: &Position,
        most: i64,
    ) -> Result<Vec<Listed>, UsageError> {
        Ok(requests::store::older(&self.db, scope, position, most).await?)
    }

    /// At most `most` requests that ended at `since` or later, newest first.
    pub async fn ended_since(
        &self,
        scope: Scope<'_>,
        since: UnixMs,
        most: i64,
    ) -> Result<Vec<Listed>, UsageError> {
        Ok(requests::store::ended_since(&self.db, scope, since.0, most).await?)
    }

    /// One request of `account`.
    pub async fn find(
        &self,
        account: &AccountId,
        request_id: &str,
    ) -> Result<Option<Detailed>, UsageError> {
        Ok(requests::store::find(&self.db, account, request_id).await?)
    }

    /// How many requests of `account` were refused by a limit from `from` (a full hour) on.
    pub async fn refused(&self, account: &AccountId, from: UnixMs) -> Result<u64, UsageError> {
        store::refused(&self.db, account, from).await
    }

    /// How often each key of `account` was used from `from` (a full hour) on; hours without use are left out.
    pub async fn hours_by_key(
        &self,
        account: &AccountId,
        from: UnixMs,
    ) -> Result<Vec<KeyHour>, UsageError> {
        store::hours_by_key(&self.db, account, from).await
    }

    /// Whether `account` ever called with a key.
    pub async fn has_called(&self, account: &AccountId) -> Result<bool, UsageError> {
        store::has_called(&self.db, account).await
    }
}
