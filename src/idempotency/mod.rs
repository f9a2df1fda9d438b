//! Idempotency: a request that is sent twice under one key runs once, and is answered twice with the same bytes.
//!
//! [`Idempotency::claim`] gives a [`Claim`] to the first who comes; it must be finished with the answer that is to be kept,
//! and dropped, it frees the key, so that a retry can work. All others wait for the first, follow its stream, or get its
//! answer again. Within a process they wait for each other; between processes the database's row decides: it is leased to
//! the process that runs the request, and free again when that has died.

mod claim;
mod key;
mod recording;
mod running;
mod store;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::{Instant, interval, sleep};
use uuid::Uuid;
use wire::sse;

use crate::clock::Clock;
use crate::config::IdempotencySettings;
use crate::db::Db;
use crate::instance::{InstanceError, instance};
use crate::tasks::Tasks;

pub use claim::Claim;
pub use key::{Fingerprint, IdempotencyKey, MalformedKey, Scope};
pub use recording::{Ending, Follower, Piece, Recorder};
use running::{Registry, State, Turn};
use store::{Found, Lease};

/// How long a process that says nothing keeps its places; much longer than clocks of machines differ.
const LEASE: Duration = Duration::from_secs(30);
const RENEWAL: Duration = Duration::from_secs(5);
/// What one account keeps at most. Beyond it the oldest answers go first: a retry comes within minutes, and to refuse new keys
/// would cost a client more than an old answer is worth.
const MOST_BYTES: i64 = 256 << 20;
const MOST_ANSWERS: i64 = 100_000;
/// Between two looks at a request that another process runs.
const POLL: Duration = Duration::from_millis(250);

/// The requests that have a key; cheap to clone.
#[derive(Clone)]
pub struct Idempotency(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Clock,
    tasks: Tasks,
    settings: IdempotencySettings,
    owner: String,
    registry: Registry,
}

/// An answer that is kept, to be given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Whether it was sent as a stream of events.
    pub streamed: bool,
    pub body: Bytes,
}

impl Answer {
    /// What is left of a stream behind the event whose id is `id`; all of it where no event has that id.
    pub fn behind(&self, id: &str) -> Bytes {
        self.body.slice(sse::behind(&self.body, id)..)
    }
}

/// What became of a claim.
pub enum Claimed {
    /// The caller is the first, and runs it.
    Run(Claim),
    Answered(Answered),
}

/// What an earlier request with the same key has come to.
pub enum Answered {
    /// It has run.
    Before(Answer),
    /// It runs, and streams.
    Now(Follower),
}

#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    #[error("the key was used for another request")]
    OtherBody,
    #[error("the first request with this key has not ended yet")]
    InFlight,
    #[error("the key could not be looked up")]
    Store(#[source] sqlx::Error),
}

impl Idempotency {
    /// Opens the room for the service that owns `data_dir`, and frees what an earlier process of it has died in.
    pub async fn open(
        data_dir: &Path,
        db: Db,
        clock: Clock,
        tasks: &Tasks,
        settings: IdempotencySettings,
    ) -> Result<Self, InstanceError> {
        let owner = instance(data_dir)?;
        match store::free_all(&db, &owner).await {
            Ok(0) => {}
            Ok(freed) => {
                tracing::info!(
                    freed,
                    "idempotency keys of requests that were cut off are free"
                )
            }
            Err(error) => {
                tracing::warn!(%error, "idempotency keys of an earlier process stay taken until their leases end")
            }
        }
        Ok(Idempotency(Arc::new(Inner {
            db,
            clock,
            tasks: tasks.clone(),
            settings,
            owner,
            registry: Registry::default(),
        })))
    }

    /// Starts what keeps this process's places its own.
    pub fn start(&self) {
        let room = self.clone();
        self.0.tasks.spawn(async move {
            let stopping = room.0.tasks.stopping().clone();
            let mut ticks = interval(RENEWAL);
            while stopping.run_until_cancelled(ticks.tick()).await.is_some() {
                room.renew().await;
            }
        });
    }

    /// Whose the request is: the caller's to run, or answered by what was run before.
    ///
    /// Waits for a run that is under way, as long as configured. Nothing is lost where the wait is given up.
    pub async fn claim(
        &self,
        scope: Scope,
        fingerprint: Fingerprint,
        after: Option<&str>,
    ) -> Result<Claimed, ClaimError> {
        let deadline = Instant::now() + self.0.settings.wait;
        let holder = Uuid::now_v7().simple().to_string();
        loop {
            match self.0.registry.enter(&scope, &fingerprint, &holder) {
                Turn::Theirs(running) => {
                    if let Some(answered) = running.answer(&fingerprint, after, deadline).await? {
                        return Ok(Claimed::Answered(answered));
                    }
                }
                Turn::Mine(running) => {
                    let claim = Claim::new(self.clone(), scope.clone(), running);
                    return self.look_up(claim, deadline).await;
                }
            }
        }
    }

    /// Looks a key up in a task of its own: were a statement cut off half way, its row could come after the one that frees it.
    async fn look_up(&self, claim: Claim, deadline: Instant) -> Result<Claimed, ClaimError> {
        let (found, finding) = oneshot::channel();
        let room = self.clone();
        self.0.tasks.spawn(async move {
            let looked = room.take_place(claim, deadline, &found).await;
            // Where nobody is there to have it, the claim that may be in it is dropped, and frees its key.
            let _ = found.send(looked);
        });
        finding.await.unwrap_or(Err(ClaimError::InFlight))
    }

    /// Takes the place in the database, or finds what came of whoever has it.
    async fn take_place(
        &self,
        claim: Claim,
        deadline: Instant,
        asker: &oneshot::Sender<Result<Claimed, ClaimError>>,
    ) -> Result<Claimed, ClaimError> {
        let mut found = self.take_row(&claim).await?;
        loop {
            match found {
                Found::Claimed => {
                    claim.begin();
                    return Ok(Claimed::Run(claim));
                }
                Found::Finished(answer) => {
                    claim.leave(State::Finished(answer.clone()));
                    return Ok(Claimed::Answered(Answered::Before(answer)));
                }
                Found::OtherBody => {
                    claim.leave(State::Freed);
                    return Err(ClaimError::OtherBody);
                }
                Found::Busy | Found::Free if Instant::now() >= deadline || asker.is_closed() => {
                    claim.leave(State::Freed);
                    return Err(ClaimError::InFlight);
                }
                Found::Busy | Found::Free => sleep(POLL).await,
            }
            found = match self.look_at_row(&claim).await? {
                Found::Free => self.take_row(&claim).await?,
                found => found,
            };
        }
    }

    async fn take_row(&self, claim: &Claim) -> Result<Found, ClaimError> {
        let now = self.0.clock.now();
        let lease = Lease {
            owner: &self.0.owner,
            holder: &claim.running.holder,
            now,
            until: now.plus(LEASE),
            expires: now.plus(self.0.settings.keep),
        };
        store::claim(&self.0.db, &claim.scope, &claim.running.fingerprint, &lease)
            .await
            .map_err(ClaimError::Store)
    }

    async fn look_at_row(&self, claim: &Claim) -> Result<Found, ClaimError> {
        let now = self.0.clock.now();
        store::look(&self.0.db, &claim.scope, &claim.running.fingerprint, now)
            .await
            .map_err(ClaimError::Store)
    }

    /// Forgets what has been kept long enough, or is too much; to be called now and then.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        let db = &self.0.db;
        store::sweep(db, self.0.clock.now())
            .await
            .map_err(StoreError)?;
        let held = store::hold_quota(db, MOST_BYTES, MOST_ANSWERS).await;
        held.map(|_| ()).map_err(StoreError)
    }

    /// How long a stream that nobody follows goes on.
    pub fn resume_within(&self) -> Duration {
        self.0.settings.resume
    }

    async fn free(&self, holder: &str) {
        if let Err(error) = store::free(&self.0.db, holder).await {
            tracing::warn!(%error, "an idempotency key stays taken until its lease ends");
        }
    }

    async fn renew(&self) {
        let holders = self.0.registry.holders();
        if holders.is_empty() {
            return;
        }
        let until = self.0.clock.now().plus(LEASE);
        if let Err(error) = store::renew(&self.0.db, &holders, until).await {
            tracing::warn!(%error, "idempotency keys in use could not be renewed");
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("idempotency keys that have run out could not be cleared away")]
pub struct StoreError(#[source] sqlx::Error);
