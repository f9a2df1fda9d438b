//! The requests with a key that this process runs now, and those who wait for them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::recording::Recording;
use super::{Answer, Answered, ClaimError, Fingerprint, Scope};

#[derive(Debug, Default)]
pub(super) struct Registry(Mutex<HashMap<Scope, Arc<Running>>>);

/// A request under way.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) fingerprint: Fingerprint,
    /// Tells this run of the request from others under the same key.
    pub(super) holder: String,
    pub(super) state: watch::Sender<State>,
    /// How many wait for what becomes of it.
    waiting: watch::Sender<usize>,
}

#[derive(Clone, Debug)]
pub(super) enum State {
    /// The database is asked whose the request is, or told that it is nobody's.
    Looking,
    Running,
    /// Its answer is a stream, and has begun.
    Streaming(Recording),
    Finished(Answer),
    /// It came to nothing that is kept: whoever waits may run it.
    Freed,
}

impl Running {
    /// Waits for what becomes of this run; `None` if that is nothing, and the key may be free.
    pub(super) async fn answer(
        &self,
        fingerprint: &Fingerprint,
        after: Option<&str>,
        deadline: Instant,
    ) -> Result<Option<Answered>, ClaimError> {
        let is_other = self.fingerprint != *fingerprint;
        let _waits = (!is_other).then(|| Waiter::of(self));
        // Until it runs, it is not known whether its body is the one that the key stands for.
        let state = self.reaches(deadline, |state| match state {
            State::Looking => false,
            State::Running => is_other,
            State::Streaming(_) | State::Finished(_) | State::Freed => true,
        });
        match state.await? {
            State::Freed | State::Looking => Ok(None),
            _ if is_other => Err(ClaimError::OtherBody),
            State::Running => Ok(None),
            State::Finished(answer) => Ok(Some(Answered::Before(answer))),
            State::Streaming(recording) => match recording.follow(after) {
                Some(follower) => Ok(Some(Answered::Now(follower))),
                None => {
                    // It has just been given up; its key will be free in a moment.
                    let ended = |state: &State| !matches!(state, State::Streaming(_));
                    self.reaches(deadline, ended).await?;
                    Ok(None)
                }
            },
        }
    }

    /// Returns once nobody has waited for as long as `grace`.
    pub(super) async fn abandoned(&self, grace: Duration) {
        let mut waiting = self.waiting.subscribe();
        loop {
            // The sender is `self`'s own: waiting cannot fail.
            let _ = waiting.wait_for(|count| *count == 0).await;
            if timeout(grace, waiting.changed()).await.is_err() {
                return;
            }
        }
    }

    async fn reaches(
        &self,
        deadline: Instant,
        condition: impl FnMut(&State) -> bool,
    ) -> Result<State, ClaimError> {
        let mut states = self.state.subscribe();
        let state = timeout_at(deadline, states.wait_for(condition)).await;
        let state = state.map_err(|_| ClaimError::InFlight)?;
        Ok(state.map_or(State::Freed, |state| state.clone()))
    }
}

/// One who waits, and is counted for as long.
struct Waiter<'a>(&'a watch::Sender<usize>);

impl<'a> Waiter<'a> {
    fn of(running: &'a Running) -> Self {
        running.waiting.send_modify(|count| *count += 1);
        Waiter(&running.waiting)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// Whose a request is in this process.
pub(super) enum Turn {
    Mine(Arc<Running>),
    Theirs(Arc<Running>),
}

impl Registry {
    pub(super) fn enter(&self, scope: &Scope, fingerprint: &Fingerprint, holder: &str) -> Turn {
        match self.held().entry(scope.clone()) {
            Entry::Occupied(there) => Turn::Theirs(there.get().clone()),
            Entry::Vacant(place) => {
                let running = Arc::new(Running {
                    fingerprint: fingerprint.clone(),
                    holder: holder.to_owned(),
                    state: watch::Sender::new(State::Looking),
                    waiting: watch::Sender::new(0),
                });
                Turn::Mine(place.insert(running).clone())
            }
        }
    }

    /// Takes a run off, and tells who waits for it what became of it.
    pub(super) fn leave(&self, scope: &Scope, running: &Running, outcome: State) {
        self.held().remove(scope);
        running.state.send_replace(outcome);
    }

    pub(super) fn holders(&self) -> Vec<String> {
        let held = self.held();
        held.values()
            .map(|running| running.holder.clone())
            .collect()
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Scope, Arc<Running>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
