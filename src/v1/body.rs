//! The body of a request: JSON, whole, and no larger than we take.

use std::error::Error;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tower_http::timeout::TimeoutError;

use super::error::ApiError;
use super::well_formed;

/// Reads a JSON body of at most `limit` bytes. What is in it is the handler's to say.
pub(super) async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, ApiError> {
    if !is_json(headers) {
        return Err(ApiError::unsupported_media_type(
            "The body must be JSON. Send it with `Content-Type: application/json`.",
        ));
    }
    if headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|encoding| encoding != "identity")
    {
        return Err(ApiError::unsupported_media_type(
            "The body is compressed, which is not taken here. Send it without a Content-Encoding.",
        ));
    }
    if declared(headers) > limit {
        return Err(ApiError::body_too_large(limit));
    }
    match Limited::new(body, limit).collect().await {
        Ok(body) => {
            let body = body.to_bytes();
            well_formed::check(&body)?;
            Ok(body)
        }
        Err(error) if has_cause::<LengthLimitError>(&*error) => {
            Err(ApiError::body_too_large(limit))
        }
        Err(error) if has_cause::<TimeoutError>(&*error) => Err(ApiError::request_timeout()),
        Err(_) => Err(ApiError::invalid_json(
            "The body broke off before its end. Send it again.",
        )),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json")
}

/// As many bytes as the client says that it will send, if it does.
fn declared(headers: &HeaderMap) -> usize {
    let length = headers.get(header::CONTENT_LENGTH);
    length
        .and_then(|length| length.to_str().ok()?.parse().ok())
        .unwrap_or(0)
}

fn has_cause<T: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    error.is::<T>() || error.source().is_some_and(has_cause::<T>)
}
