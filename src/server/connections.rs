//! The connections: accepted as they come, each held to the time that a request's head may take and that an answer may lie
//! unread, and let go in order when the service stops.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::crowd::{Crowd, Place};
use super::writes::Writes;
use crate::config::RequestLimits;

/// How long nobody is accepted after accepting has failed: most often all of the process's files are open.
const PAUSE: Duration = Duration::from_millis(100);

/// Bytes of a request's line and headers, of which there may be a hundred; more is answered with 431.
const LARGEST_HEAD: usize = 64 << 10;

/// For what is cut off to say so to its client.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Serves `app` until `closing`. What runs then may go on for as long as the limits let it; then it is told by `cutting`, and a
/// moment later cut off.
pub(super) async fn serve(
    listener: TcpListener,
    app: Router,
    limits: RequestLimits,
    crowd: Crowd,
    closing: impl Future<Output = ()>,
    cutting: &CancellationToken,
) {
    // Made ready once, and not again for each request.
    let app = app.with_state(());
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut closing = pin!(closing);
    loop {
        tokio::select! {
            () = &mut closing => break,
            (stream, peer) = accept(&listener) => {
                // Closed at once, where there is no place: an answer would take what there is none of.
                if let Some(place) = crowd.admit(peer.ip()) {
                    connections.spawn(connection(stream, peer, place, app.clone(), limits, graceful.watcher()));
                }
            }
            Some(ended) = connections.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a connection's task ended badly");
                }
            }
        }
    }
    drop(listener);
    let mut ended = pin!(graceful.shutdown());
    if timeout(limits.drain, &mut ended).await.is_err() {
        tracing::warn!(after = ?limits.drain, "requests were still running and are cut off");
        cutting.cancel();
        let _ = timeout(LAST_WORDS, &mut ended).await;
    }
    connections.shutdown().await;
}

/// The next connection. That there is none to be had now ends nothing.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    let mut failed = false;
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                if !failed {
                    tracing::error!(%error, "no connection can be accepted; trying on");
                }
                failed = true;
                sleep(PAUSE).await;
            }
        }
    }
}

/// Whether it was one client that gave up, before it was even accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    _place: Place,
    app: Router,
    limits: RequestLimits,
    watcher: Watcher,
) {
    // Nagle's algorithm would hold back each token until the last one is acknowledged.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps Nagle's delay");
    }
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        app.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(
            TokioIo::new(Writes::new(stream, limits.stalled_reader)),
            service,
        );
    // A client may break off, be slow, or speak no HTTP: all that is its own affair.
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, %peer, "a connection broke off");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn handlers_know_their_peer_and_closing_waits_for_no_idle_one() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let peer = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() };
        let minute = Duration::from_secs(60);
        let limits = RequestLimits {
            body: 0,
            head: minute,
            body_pause: minute,
            stalled_reader: minute,
            first_byte: minute,
            idle: minute,
            connections: 10,
            connections_per_address: 10,
            sign_ups_per_hour: 10_000,
            drain_delay: minute,
            drain: minute,
        };
        let (close, closing) = oneshot::channel::<()>();
        let cutting = CancellationToken::new();
        let app = Router::new().route("/", get(peer));
        let client = async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
            let expected = stream.local_addr().unwrap().to_string();
            let mut answer = String::new();
            while !answer.ends_with(&expected) {
                let mut piece = [0; 256];
                let count = stream.read(&mut piece).await.unwrap();
                assert!(count > 0, "{answer}");
                answer.push_str(str::from_utf8(&piece[..count]).unwrap());
            }
            close.send(()).unwrap();
            assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
        };
        tokio::join!(
            serve(
                listener,
                app,
                limits,
                Crowd::new(10, 10, Arc::default()),
                async {
                    let _ = closing.await;
                },
                &cutting
            ),
            client
        );
    }
}
