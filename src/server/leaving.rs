//! The time between "not ready" and "no longer accepting": load balancers need a while to turn to others. What they send
//! meanwhile is served, and each answer ends its connection: nobody is to send the next request on one that is about to close.

use std::future::Future;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::sleep;

use crate::tasks::Tasks;

/// Says that the service leaves, and goes on for `delay`, or until `at_once`.
pub(super) async fn announce(tasks: &Tasks, delay: Duration, at_once: impl Future<Output = ()>) {
    tasks.leave();
    if delay.is_zero() {
        return;
    }
    tracing::info!(for_ = ?delay, "not ready any more; what still comes is served");
    tokio::select! {
        () = sleep(delay) => {}
        () = at_once => tracing::info!("asked once more: no longer waiting"),
    }
}

pub(super) async fn close(State(tasks): State<Tasks>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if tasks.is_leaving() {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}
