//! Background tasks: each one is tracked, told when the service stops, and waited for.

use std::future::Future;
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The service's tasks; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    leaving: CancellationToken,
    cutting: CancellationToken,
    stopping: CancellationToken,
}

impl Tasks {
    /// Runs `task` until it ends by itself. One that would not must watch [`Tasks::stopping`].
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(task);
    }

    /// The service was asked to stop: from here on it is not ready, though it may still serve.
    pub fn leave(&self) {
        self.leaving.cancel();
    }

    pub fn is_leaving(&self) -> bool {
        self.leaving.is_cancelled()
    }

    /// Cancelled when what still runs for a client must end: it says so to the client, in a moment.
    pub fn cutting(&self) -> &CancellationToken {
        &self.cutting
    }

    /// Cancelled when the service begins to stop.
    pub fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// Tells all tasks to stop and waits for them; says whether all had ended within `patience`.
    pub async fn stop(&self, patience: Duration) -> bool {
        self.leaving.cancel();
        self.cutting.cancel();
        self.stopping.cancel();
        self.tracker.close();
        timeout(patience, self.tracker.wait()).await.is_ok()
    }
}
