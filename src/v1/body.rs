//! The body of a request: JSON, whole, and no larger than we take.

use std::error::Error;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::error::ApiError;

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
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if is_too_long(&*error) => Err(ApiError::body_too_large(limit)),
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

fn is_too_long(error: &(dyn Error + 'static)) -> bool {
    error.is::<LengthLimitError>() || error.source().is_some_and(is_too_long)
}
