//! What a request asks of the pool, from its first try to its last.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::worker::WorkerId;

/// A request that looks for a worker: for which model, and who was tried for it already.
pub struct Ask {
    pub(super) model: Arc<str>,
    /// What it has in common with those that it is to be kept together with.
    pub(super) affinity: Option<u64>,
    pub(super) tried: Vec<WorkerId>,
    /// When its first worker was asked.
    began: Option<Instant>,
}

impl Ask {
    pub fn new(model: &str, affinity: Option<u64>) -> Self {
        Ask {
            model: model.into(),
            affinity,
            tried: vec![],
            began: None,
        }
    }

    pub(super) fn is_again(&self) -> bool {
        self.began.is_some()
    }

    /// What is left of the `whole` time to the first byte; a worker is asked now.
    pub(super) fn left_of(&mut self, whole: Duration) -> Duration {
        let began = self.began.get_or_insert_with(Instant::now);
        whole.saturating_sub(began.elapsed())
    }
}
