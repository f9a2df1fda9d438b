//! As many generations side by side as there are cores, each on one thread of its own; the rest wait in line.
//!
//! A lane is a thread pool of one thread. candle and gemm run their parallel parts on the pool that they are called
//! in, so inside a lane they stay on its thread: requests do not take turns on a shared pool, and none spreads out
//! over the cores of the others.

use std::sync::{Arc, Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The lanes that are free, and the line before them.
#[derive(Clone)]
pub struct Lanes {
    free: Arc<Mutex<Vec<Arc<ThreadPool>>>>,
    line: Arc<Semaphore>,
}

impl Lanes {
    pub fn new(count: usize) -> Result<Self, ThreadPoolBuildError> {
        let lane = |number| {
            ThreadPoolBuilder::new()
                .num_threads(1)
                .thread_name(move |_| format!("lane-{number}"))
                // Without a handler rayon ends the process. The request notices that its generation is gone.
                .panic_handler(|_| tracing::error!("a generation panicked"))
                .build()
                .map(Arc::new)
        };
        let free = (0..count).map(lane).collect::<Result<_, _>>()?;
        Ok(Lanes {
            free: Arc::new(Mutex::new(free)),
            line: Arc::new(Semaphore::new(count)),
        })
    }

    /// Waits for a free lane, first come, first served.
    pub async fn enter(&self) -> Option<Lane> {
        let permit = Arc::clone(&self.line).acquire_owned().await.ok()?;
        let thread = self
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()?;
        Some(Lane {
            thread,
            lanes: self.clone(),
            _permit: permit,
        })
    }
}

/// One lane, taken; free again when dropped.
#[must_use]
pub struct Lane {
    thread: Arc<ThreadPool>,
    lanes: Lanes,
    _permit: OwnedSemaphorePermit,
}

impl Lane {
    /// Starts `job` on the lane's thread; the lane is free again once it ends.
    pub fn run(self, job: impl FnOnce() + Send + 'static) {
        let thread = Arc::clone(&self.thread);
        thread.spawn(move || {
            let _until_the_end = self;
            job();
        });
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        // Before the permit, which is dropped after this: who gets it looks for a thread.
        let mut free = self
            .lanes
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        free.push(Arc::clone(&self.thread));
    }
}
