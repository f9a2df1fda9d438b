//! How long an address may be that a request asks for. What has more to say sends a body.

use axum::extract::{OriginalUri, Request};
use axum::http::Uri;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::error::ApiError;

/// In bytes, path and query together: what most servers and proxies take, and four times what the longest page of ours has.
const LONGEST: usize = 8 << 10;

/// Whether an address is longer than is taken.
pub fn is_too_long(uri: &Uri) -> bool {
    let asked = uri.path_and_query();
    asked.is_some_and(|asked| asked.as_str().len() > LONGEST)
}

pub(super) async fn hold(uri: OriginalUri, request: Request, next: Next) -> Response {
    match is_too_long(&uri) {
        true => ApiError::address_too_long().into_response(),
        false => next.run(request).await,
    }
}
