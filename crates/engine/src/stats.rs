//! What the engine is doing, in numbers.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;

/// Counters and gauges, kept by the requests themselves.
#[derive(Debug, Default)]
pub struct Stats {
    pub requests: AtomicU64,
    pub active: AtomicU64,
    pub waiting: AtomicU64,
    pub generated_tokens: AtomicU64,
    pub cancelled: AtomicU64,
}

/// The numbers at one moment, as `GET /stats` shows them.
#[derive(Debug, Serialize)]
pub struct Snapshot {
    /// Generations asked for since the start.
    pub requests: u64,
    /// Generations running now.
    pub active: u64,
    /// Requests in line for a free core.
    pub waiting: u64,
    /// Tokens produced since the start, by generations that were cancelled too.
    pub generated_tokens: u64,
    /// Requests whose client left before the end.
    pub cancelled: u64,
}

impl Stats {
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            requests: self.requests.load(Relaxed),
            active: self.active.load(Relaxed),
            waiting: self.waiting.load(Relaxed),
            generated_tokens: self.generated_tokens.load(Relaxed),
            cancelled: self.cancelled.load(Relaxed),
        }
    }
}

/// Counts one up.
pub fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

/// Keeps a gauge one higher for as long as it lives.
pub struct Raised<'a>(&'a AtomicU64);

impl<'a> Raised<'a> {
    pub fn new(gauge: &'a AtomicU64) -> Self {
        count(gauge);
        Raised(gauge)
    }
}

impl Drop for Raised<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
