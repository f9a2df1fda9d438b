//! Serves the embedded models over HTTP until told to stop.

use std::future::Future;
use std::io;
use std::path::Path;
use std::time::Duration;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::{JoinError, spawn_blocking};
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::error::OpenError;
use crate::processor::Processor;
use crate::{ENVIRONMENT, http};

/// How long connections get for their last words; generations have ended by then.
const GRACE: Duration = Duration::from_secs(3);

/// Why the engine does not serve.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the models were not loaded to the end")]
    Interrupted(#[from] JoinError),
    #[error("connections cannot be accepted")]
    Accept(#[source] io::Error),
}

/// Loads the models in `models_dir` to compute on `processor`, then answers on `listener` until `shutdown` is ready.
///
/// Connections that come while models are loading wait in the listener's queue. On `shutdown` generations are
/// cancelled, and this returns within seconds. The process should run in [`ENVIRONMENT`].
pub async fn serve(
    listener: TcpListener,
    models_dir: &Path,
    processor: Processor,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    if candle_core::utils::get_num_threads() > 1 {
        let (name, value) = ENVIRONMENT;
        tracing::warn!(
            "requests will slow each other down: start this process with {name}={value}"
        );
    }
    let mut shutdown = Box::pin(shutdown);
    let dir = models_dir.to_owned();
    let engine = tokio::select! {
        engine = spawn_blocking(move || Engine::open(&dir, processor)) => engine??,
        () = &mut shutdown => return Ok(()),
    };
    // A token is a small packet: it must not wait for the one before it to be acknowledged.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
    });
    let closed = CancellationToken::new();
    let close = closed.clone();
    let router = http::router(engine.clone());
    let served = axum::serve(listener, router).with_graceful_shutdown(async move {
        shutdown.await;
        engine.close();
        close.cancel();
    });
    tokio::select! {
        served = served.into_future() => served.map_err(Error::Accept),
        () = async { closed.cancelled().await; tokio::time::sleep(GRACE).await } => Ok(()),
    }
}
