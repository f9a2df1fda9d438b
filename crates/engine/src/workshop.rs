//! Where the models of one engine work: the lanes, the line before them, the numbers, and the word that it closes.

use std::sync::Arc;
use std::thread::available_parallelism;

use candle_core::Device;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::error::{Cut, Failure, OpenError};
use crate::lanes::{Lane, Lanes};
use crate::processor::Processor;
use crate::stats::{Raised, Stats, count};

/// Shared by all models, and by its clones.
#[derive(Clone)]
pub struct Workshop {
    pub stats: Arc<Stats>,
    /// What is computed on.
    pub(crate) device: Device,
    lanes: Lanes,
    closing: CancellationToken,
}

/// Tells work whether it still matters; the default one, that it does.
#[derive(Default)]
pub struct Watch {
    gone: CancellationToken,
    closing: CancellationToken,
}

impl Watch {
    /// One whose client is gone as soon as the token says so.
    #[cfg(test)]
    pub fn leaving() -> (Self, CancellationToken) {
        let watch = Watch::default();
        let gone = watch.gone.clone();
        (watch, gone)
    }

    /// To be asked between two steps of work that takes long.
    pub fn check(&self) -> Result<(), Cut> {
        if self.gone.is_cancelled() {
            return Err(Cut::NobodyListens);
        }
        if self.closing.is_cancelled() {
            return Err(Cut::Closing);
        }
        Ok(())
    }
}

impl Workshop {
    /// With a lane for each core, which computes on `processor` or feeds it.
    pub fn on(processor: Processor) -> Result<Self, OpenError> {
        Ok(Workshop {
            stats: Arc::default(),
            device: processor.open()?,
            lanes: Lanes::new(available_parallelism().map_or(1, usize::from))?,
            closing: CancellationToken::new(),
        })
    }

    /// Waits in line for a lane. Dropping the future leaves the line.
    pub async fn enter(&self) -> Result<Lane, Failure> {
        count(&self.stats.requests);
        let mut waiting = Waiting {
            _gauge: Raised::new(&self.stats.waiting),
            stats: &self.stats,
            left: true,
        };
        let entered = tokio::select! {
            lane = self.lanes.enter() => lane.ok_or(Failure::Broken),
            () = self.closing.cancelled() => Err(Failure::Closing),
        };
        waiting.left = false;
        entered
    }

    /// Waits in line, then works on a lane. Dropping the future ends the work at its next look at its [`Watch`].
    pub async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Watch) -> Result<T, Cut> + Send + 'static,
    ) -> Result<T, Failure> {
        let lane = self.enter().await?;
        let watch = Watch {
            gone: CancellationToken::new(),
            closing: self.closing.clone(),
        };
        let _here = watch.gone.clone().drop_guard();
        let (out, result) = oneshot::channel();
        let stats = Arc::clone(&self.stats);
        lane.run(move || {
            let _active = Raised::new(&stats.active);
            let done = match job(&watch) {
                Ok(done) => Ok(done),
                Err(Cut::NobodyListens) => return count(&stats.cancelled),
                Err(Cut::Closing) => Err(Failure::Closing),
                Err(Cut::Broken(error)) => {
                    tracing::error!(error, "a model failed");
                    Err(Failure::Broken)
                }
            };
            // If the client left just now, there is nobody to tell.
            let _ = out.send(done);
        });
        // A thread that panicked leaves without a word.
        result.await.unwrap_or(Err(Failure::Broken))
    }

    /// Ends all work and lets none begin.
    pub fn close(&self) {
        self.closing.cancel();
    }

    pub fn closing(&self) -> CancellationToken {
        self.closing.clone()
    }
}

/// A place in line. Dropped while `left` still holds, the client gave up.
struct Waiting<'a> {
    _gauge: Raised<'a>,
    stats: &'a Stats,
    left: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.left {
            count(&self.stats.cancelled);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    use super::*;

    /// Works until it is told that it does not matter, and says when it began.
    fn endless(began: oneshot::Sender<()>) -> impl FnOnce(&Watch) -> Result<(), Cut> {
        move |watch| {
            let _ = began.send(());
            loop {
                watch.check()?;
                std::thread::yield_now();
            }
        }
    }

    async fn until(holds: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !holds() {
            assert!(Instant::now() < deadline);
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn work_ends_when_its_client_leaves() {
        let workshop = Workshop::on(Processor::Cpu).unwrap();
        let (began, begun) = oneshot::channel();
        tokio::select! {
            _ = workshop.work(endless(began)) => panic!("it has no end"),
            begun = begun => begun.unwrap(),
        }
        until(|| workshop.stats.active.load(Relaxed) == 0).await;
        assert_eq!(workshop.stats.cancelled.load(Relaxed), 1);
        let four = workshop.work(|_| Ok(2 + 2)).await;
        assert_eq!(four, Ok(4));
        assert_eq!(workshop.stats.requests.load(Relaxed), 2);
    }

    #[tokio::test]
    async fn closing_ends_what_runs_and_what_waits() {
        let workshop = Workshop::on(Processor::Cpu).unwrap();
        let (began, begun) = oneshot::channel();
        let close = async {
            begun.await.unwrap();
            workshop.close();
        };
        let (ended, ()) = tokio::join!(workshop.work(endless(began)), close);
        assert_eq!(ended, Err(Failure::Closing));
        let late = workshop.work(|watch| watch.check()).await;
        assert_eq!(late, Err(Failure::Closing));
    }

    #[tokio::test]
    async fn a_panic_breaks_one_request_and_frees_its_lane() {
        let workshop = Workshop::on(Processor::Cpu).unwrap();
        for _ in 0..2 * available_parallelism().unwrap().get() {
            let broken = workshop.work(|_| -> Result<(), Cut> { panic!("on purpose") });
            assert_eq!(broken.await, Err(Failure::Broken));
        }
        let (said, heard) = mpsc::channel();
        let fine = workshop.work(move |_| Ok(said.send("here").is_ok())).await;
        assert_eq!((fine, heard.recv().unwrap()), (Ok(true), "here"));
    }
}
