//! How long an address may be that a request asks for. What has more to say sends a body.

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// In bytes, path and query together: what most servers and proxies take, and four times what the longest page of ours has.
const LONGEST: usize = 8 << 10;

pub(super) async fn hold(request: Request, next: Next) -> Response {
    let length = request.uri().path_and_query();
    if length.is_some_and(|asked| asked.as_str().len() > LONGEST) {
        let told = "The address is longer than 8 KiB, which is the most that is taken. Send what is long in a body.\n";
        let close = [(header::CONNECTION, "close")];
        return (StatusCode::URI_TOO_LONG, close, told).into_response();
    }
    next.run(request).await
}
