//! The right to run a request, from the moment it is given until it is said what came of it.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use super::recording::{Follower, Recorder, Recording};
use super::running::{Running, State};
use super::{Answer, Idempotency, Scope, store};

/// Bytes of an answer that is kept; one that is larger is run again.
const LARGEST: usize = 16 << 20;

/// The right to run a request, and the duty to say what came of it.
#[must_use = "finish it with the answer to keep, or free it; dropped, it frees itself in a moment"]
pub struct Claim {
    room: Idempotency,
    pub(super) scope: Scope,
    pub(super) running: Arc<Running>,
    open: bool,
}

impl Claim {
    pub(super) fn new(room: Idempotency, scope: Scope, running: Arc<Running>) -> Self {
        Claim {
            room,
            scope,
            running,
            open: true,
        }
    }

    /// From here on the request is this claim's, and others are held to its body.
    pub(super) fn begin(&self) {
        self.running.state.send_replace(State::Running);
    }

    /// Returns once nobody has waited for as long as `grace` for what becomes of it.
    pub async fn abandoned(&self, grace: Duration) {
        self.running.abandoned(grace).await;
    }

    /// Begins a stream that those who wait follow; gives its writer, and a follower for the caller itself.
    pub fn record(&self) -> (Recorder, Follower) {
        let recording = Recording::new();
        let begun = Recorder::begin(&recording);
        self.running.state.send_replace(State::Streaming(recording));
        begun
    }

    /// Keeps `answer`, or where there is none that is to be kept, frees the key. Either has happened when this returns.
    pub async fn end(self, answer: Option<Answer>) {
        match answer {
            Some(answer) => self.finish(answer).await,
            None => self.free().await,
        }
    }

    /// Keeps `answer`, and gives it to all who wait. One that is too large, or comes while the database is away, is not kept
    /// beyond that.
    async fn finish(self, answer: Answer) {
        if let Err(error) = self.store(&answer).await {
            tracing::warn!(
                error = &*error as &dyn Error,
                "an answer could not be kept for its idempotency key"
            );
            let (room, holder) = (self.room.clone(), self.running.holder.clone());
            self.room
                .0
                .tasks
                .spawn(async move { room.free(&holder).await });
        }
        self.leave(State::Finished(answer));
    }

    /// Keeps nothing: whoever sends the request again may run it.
    pub async fn free(self) {
        self.room.free(&self.running.holder).await;
        self.leave(State::Freed);
    }

    async fn store(&self, answer: &Answer) -> Result<(), Box<dyn Error + Send + Sync>> {
        if answer.body.len() > LARGEST {
            return Err("it is larger than what is kept".into());
        }
        let body = std::str::from_utf8(&answer.body)?;
        let expires = self.room.0.clock.now().plus(self.room.0.settings.keep);
        let db = &self.room.0.db;
        let kept = store::finish(db, &self.running.holder, answer, body, expires).await?;
        kept.then_some(())
            .ok_or_else(|| "another process has taken the request over".into())
    }

    /// Gives the place in this process up without touching the row.
    pub(super) fn leave(mut self, outcome: State) {
        self.open = false;
        self.room
            .0
            .registry
            .leave(&self.scope, &self.running, outcome);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        // Who comes now waits.
        self.running.state.send_replace(State::Looking);
        if Handle::try_current().is_err() {
            // The process ends; its next start frees the row.
            return;
        }
        let (room, scope, running) = (self.room.clone(), self.scope.clone(), self.running.clone());
        self.room.0.tasks.spawn(async move {
            // The row first: whoever waits looks at it next.
            room.free(&running.holder).await;
            room.0.registry.leave(&scope, &running, State::Freed);
        });
    }
}
