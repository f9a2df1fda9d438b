//! The requests with a key that this process runs now, and those who wait for them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::recording::Recording;
use super::{Answer, Fingerprint, Scope};

#[derive(Debug, Default)]
pub(super) struct Registry(Mutex<HashMap<Scope, Arc<Running>>>);

/// A request under way.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) fingerprint: Fingerprint,
    /// Tells this run of the request from others under the same key.
    pub(super) holder: String,
    pub(super) state: watch::Sender<State>,
}

#[derive(Clone, Debug)]
pub(super) enum State {
    Running,
    /// Its answer is a stream, and has begun.
    Streaming(Recording),
    Finished(Answer),
    /// It came to nothing that is kept: whoever waits may run it.
    Freed,
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
                    state: watch::Sender::new(State::Running),
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
