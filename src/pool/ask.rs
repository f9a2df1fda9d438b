//! What a request asks of the pool, from its first try to its last.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::queue::Owner;
use super::worker::WorkerId;
use crate::principal::Principal;

/// A request that looks for a worker, and who was tried for it already.
pub struct Ask {
    pub(super) wish: Wish,
    /// When its first worker was asked.
    began: Option<Instant>,
}

/// Which worker would do, and whose request it is.
#[derive(Clone)]
pub(super) struct Wish {
    pub(super) model: Arc<str>,
    /// What it has in common with those that it is to be kept together with.
    pub(super) affinity: Option<u64>,
    pub(super) owner: Owner,
    pub(super) tried: Vec<WorkerId>,
}

impl Ask {
    pub fn new(model: &str, affinity: Option<u64>, by: &Principal) -> Self {
        Ask {
            wish: Wish {
                model: model.into(),
                affinity,
                owner: (by.tier.weight(), by.account.clone()),
                tried: vec![],
            },
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
