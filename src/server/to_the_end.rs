//! What a page has asked for is done to its end, even if the page is closed meanwhile.
//!
//! The server drops the work of a request whose client has left. For a stream that is right; for a verb it would stop
//! between its steps: a key revoked in the database, and still remembered.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::oneshot;

use crate::tasks::Tasks;

pub(super) async fn run(State(tasks): State<Tasks>, request: Request, next: Next) -> Response {
    let (answer, answered) = oneshot::channel();
    tasks.spawn(async move {
        // Whoever asked may have left.
        let _ = answer.send(next.run(request).await);
    });
    // Without an answer the task has panicked, and said so.
    answered
        .await
        .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use tokio::sync::Notify;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn what_was_begun_ends_though_its_client_leaves() {
        let [begun, go_on, ended] = [(); 3].map(|()| Arc::new(Notify::new()));
        let steps = (begun.clone(), go_on.clone(), ended.clone());
        let work = move || async move {
            steps.0.notify_one();
            steps.1.notified().await;
            steps.2.notify_one();
        };
        let router = Router::new()
            .route("/", get(work))
            .layer(from_fn_with_state(Tasks::default(), run));
        tokio::select! {
            _ = router.oneshot(Request::new(Body::empty())) => panic!("it waits to go on"),
            () = begun.notified() => {}
        }
        go_on.notify_one();
        ended.notified().await;
    }
}
