//! The bodies of requests: none may stall, and none is left unread.
//!
//! A request is often answered before all of it has come: refused for its key, or for its length. Closing the connection
//! then would reset it, and the answer be lost to a client that is still sending. So the rest is read and thrown away
//! while the answer goes out, within bounds.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Frame;
use tokio::runtime::Handle;
use tokio::time::timeout;
use tower_http::timeout::{TimeoutBody, TimeoutError};

use crate::tasks::Tasks;

/// The most of an unread body that is read for the client's sake, in bytes.
const MOST: usize = 64 << 20;

/// Lets no body of `app` pause longer than `pause` between two pieces, nor be left unread.
pub(super) fn keep(app: Router, pause: Duration, tasks: &Tasks) -> Router {
    let keep = Keep {
        tasks: tasks.clone(),
        pause,
    };
    app.layer(from_fn_with_state(keep, wrap))
}

#[derive(Clone)]
struct Keep {
    tasks: Tasks,
    pause: Duration,
}

async fn wrap(State(keep): State<Keep>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    // Who asks first whether to send does not send unless somebody reads.
    let wanted = !request.headers().contains_key(header::EXPECT);
    let stalled = Arc::new(AtomicBool::new(false));
    let kept = |body| Kept {
        // What stalls has ended by that, and is not waited for again.
        body: Some(Body::new(TimeoutBody::new(keep.pause, body))),
        wanted,
        stalled: stalled.clone(),
        keep,
    };
    let response = next.run(request.map(|body| Body::new(kept(body)))).await;
    // The API has words of its own for it; a page would take it for a fault of ours.
    if stalled.load(Ordering::Relaxed) && response.status() != StatusCode::REQUEST_TIMEOUT {
        let told = "The request stopped coming before its end. Send it again.\n";
        let close = [(header::CONNECTION, "close")];
        return (StatusCode::REQUEST_TIMEOUT, close, told).into_response();
    }
    response
}

/// A body whose rest is read when it is dropped.
struct Kept {
    /// `None` once it has ended, well or not.
    body: Option<Body>,
    /// Whether the client sends it.
    wanted: bool,
    /// Set when it has stalled.
    stalled: Arc<AtomicBool>,
    keep: Keep,
}

impl HttpBody for Kept {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(body).poll_frame(context);
        self.wanted = true;
        let frame = ready!(polled);
        if let Some(Err(error)) = &frame {
            let stalled = is_timeout(error);
            self.stalled.store(stalled, Ordering::Relaxed);
        }
        if !matches!(frame, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_none()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // Where the whole process ends, there is nothing left to read it with.
        let can = self.wanted && Handle::try_current().is_ok();
        if let Some(rest) = self.body.take().filter(|_| can) {
            let patience = self.keep.pause;
            self.keep.tasks.spawn(async move {
                // However it ends, the connection learns it by the body's being dropped.
                let _ = timeout(patience, read(rest)).await;
            });
        }
    }
}

fn is_timeout(error: &(dyn Error + 'static)) -> bool {
    error.is::<TimeoutError>() || error.source().is_some_and(is_timeout)
}

async fn read(mut rest: Body) {
    let mut left = MOST;
    while let Some(Ok(frame)) = rest.frame().await {
        let came = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(came) {
            Some(less) => left = less,
            None => return,
        }
    }
}
