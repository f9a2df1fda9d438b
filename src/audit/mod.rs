//! The audit log: what was done to accounts and to the service, by whom, and from where.
//!
//! It is only added to. The database refuses to change a row, and to delete one that is not a year old: an account's rows
//! outlive the account, or whoever takes one over could delete it to cover the traces. After a year they go.

mod action;
mod event;
mod failures;
mod record;
mod store;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, DAY_MS, UnixMs};
use crate::db::Db;
use crate::ids::{AccountId, EventId};
use crate::metrics::Metrics;

pub use action::{Action, UnknownAction};
pub use event::{Actor, Client, Event, Outcome, Party, Target};
use failures::{Failing, Failures};
pub use record::{ADMINISTRATOR, Record};

/// How long a record is kept, and the days that the database keeps it at least.
pub const KEPT_DAYS: i64 = 366;

/// The log of this service; cheap to clone, and every clone counts the same failures.
#[derive(Clone)]
pub struct Audit {
    db: Db,
    clock: Clock,
    failures: Arc<Failures>,
    metrics: Option<Metrics>,
}

/// Which records are wanted; what is `None` is any.
#[derive(Clone, Debug)]
pub struct Query {
    /// Whom it concerns.
    pub account: Option<AccountId>,
    /// Whom it concerns, or who has done it: an account's id, or its e-mail address as it was.
    pub party: Option<String>,
    pub action: Option<Action>,
    /// The address that it came from.
    pub ip: Option<String>,
    pub from: UnixMs,
    pub until: UnixMs,
}

impl Default for Query {
    fn default() -> Self {
        Query {
            account: None,
            party: None,
            action: None,
            ip: None,
            from: UnixMs(0),
            until: UnixMs(i64::MAX),
        }
    }
}

/// A place in the log: what is asked for lies behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub at: UnixMs,
    pub id: String,
}

impl Place {
    /// Before the newest.
    pub fn top() -> Self {
        Place {
            at: UnixMs(i64::MAX),
            id: String::new(),
        }
    }

    pub fn of(record: &Record) -> Self {
        Place {
            at: record.at,
            id: record.id.clone(),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the audit log could not be reached")]
pub struct StoreError(#[source] sqlx::Error);

impl Audit {
    pub fn new(db: Db, clock: Clock) -> Self {
        Audit {
            db,
            clock,
            failures: Arc::default(),
            metrics: None,
        }
    }

    /// Counts in `metrics` what could not be recorded.
    pub fn counting(self, metrics: Metrics) -> Self {
        Audit {
            metrics: Some(metrics),
            ..self
        }
    }

    /// The same, as a part of an act: that is done with its record, or not at all.
    pub fn within(&self, act: &Db) -> Self {
        Audit {
            db: act.clone(),
            ..self.clone()
        }
    }

    /// Records `event` before this returns, for what cannot be undone, such as a refusal: where it cannot be recorded, the
    /// service's own log and its metrics say so, with all that the record would have said.
    pub async fn record(&self, event: Event) {
        if let Err(error) = self.try_record(&event).await {
            tracing::error!(
                error = &error as &dyn Error,
                ?event,
                "a refused act is not on record"
            );
            if let Some(metrics) = &self.metrics {
                metrics.unrecorded();
            }
        }
    }

    /// As [`Audit::record`], for an act, which is not done where this fails.
    pub async fn try_record(&self, event: &Event) -> Result<(), StoreError> {
        store::insert(&self.db, &EventId::new(), self.clock.now(), event)
            .await
            .map_err(StoreError)
    }

    /// Records that a sign-in to `party` was refused: the first from an address within a minute at once, the rest of that
    /// minute as one.
    pub async fn sign_in_refused(&self, party: Party, client: Client) {
        let (is_first, before) = self.failures.count(&party, &client, self.clock.now());
        if let Some(before) = before {
            self.record(more(before)).await;
        }
        if is_first {
            self.record(refused(party, &client)).await;
        }
    }

    /// Records the refused sign-ins of minutes that are over: to be called now and then.
    pub async fn flush(&self) {
        self.flush_until(self.clock.now()).await;
    }

    /// As [`Audit::flush`], when no more will come.
    pub async fn finish(&self) {
        self.flush_until(UnixMs(i64::MAX)).await;
    }

    async fn flush_until(&self, now: UnixMs) {
        for failing in self.failures.take_over(now) {
            self.record(more(failing)).await;
        }
    }

    /// Newest first, from behind `place` on.
    pub async fn list(
        &self,
        query: &Query,
        place: &Place,
        most: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        store::list(&self.db, query, place, most)
            .await
            .map_err(StoreError)
    }

    /// Deletes what is kept no longer, and says how much that was.
    pub async fn forget(&self) -> Result<u64, StoreError> {
        let kept = Duration::from_millis((KEPT_DAYS * DAY_MS).unsigned_abs());
        let end = UnixMs(self.clock.now().0 - UnixMs(0).plus(kept).0);
        store::forget(&self.db, end).await.map_err(StoreError)
    }
}

fn refused(party: Party, client: &Client) -> Event {
    Event::new(Action::SessionFailed, Actor::Stranger)
        .about(party)
        .client(client)
        .refused()
}

fn more(failing: Failing) -> Event {
    refused(failing.party, &failing.client).told("more_within_a_minute", failing.more)
}
