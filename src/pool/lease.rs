//! A request's place on a worker.

use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Incoming;

use super::worker::{Worker, WorkerId};
use super::{Pool, SendError};

/// A request's place on a worker.
#[must_use = "a lease that is dropped leaves its place to others"]
pub struct Lease {
    worker: Arc<Worker>,
    pool: Pool,
}

impl Lease {
    /// Takes a place, if there still is one.
    pub(super) fn take(worker: &Arc<Worker>, pool: &Pool) -> Option<Self> {
        worker.enter().then(|| Lease {
            worker: worker.clone(),
            pool: pool.clone(),
        })
    }

    pub fn worker(&self) -> &WorkerId {
        &self.worker.id
    }

    /// Posts `body` (JSON) to `path` of the worker and waits for the head of its answer. Dropping what is returned,
    /// or this future, hangs up on the worker.
    pub async fn send(
        &self,
        path: &str,
        body: Bytes,
    ) -> Result<hyper::Response<Incoming>, SendError> {
        let answer = self.pool.upstream.post(&self.worker.target, path, body);
        let answer = answer.await;
        match &answer {
            Ok(answer) if answer.status().is_server_error() => self.failed(),
            Ok(_) => self.worker.succeeded(),
            Err(_) => self.failed(),
        }
        answer
    }

    /// Says that the worker broke off an answer that it had begun.
    pub fn failed(&self) {
        self.worker.failed(self.pool.clock.now());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.worker.leave();
    }
}
