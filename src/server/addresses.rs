//! How long the address of a page may be. The API answers for itself, in its own form.

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::v1;

pub(super) async fn hold(request: Request, next: Next) -> Response {
    if v1::is_too_long(request.uri()) {
        let told = "The address is longer than 8 KiB, which is the most that is taken. Send what is long in a body.\n";
        let close = [(header::CONNECTION, "close")];
        return (StatusCode::URI_TOO_LONG, close, told).into_response();
    }
    next.run(request).await
}
