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
        Ok(body) => whole(body.to_bytes()),
        Err(error) if is_too_long(&*error) => Err(ApiError::body_too_large(limit)),
        Err(_) => Err(ApiError::invalid_json(
            "The body broke off before its end. Send it again.",
        )),
    }
}

/// The nesting that serde_json takes. What passes by unread is held to it too: a worker would have to read it.
const DEEPEST: usize = 127;

fn whole(body: Bytes) -> Result<Bytes, ApiError> {
    if depth(&body) > DEEPEST {
        return Err(ApiError::invalid_json(format!(
            "The body is nested more than {DEEPEST} levels deep. Send it flatter."
        )));
    }
    Ok(body)
}

/// How deep lists and objects lie within each other, up to where it is too deep.
fn depth(body: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
                if deepest > DEEPEST {
                    break;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_count_where_they_are_no_text() {
        assert_eq!(depth(br#"{"a":[1,{"b":[]}],"c":"[[[[\"[["}"#), 4);
        assert_eq!(depth("[".repeat(100_000).as_bytes()), DEEPEST + 1);
        let deep = format!("{}{}", "[".repeat(DEEPEST), "]".repeat(DEEPEST));
        assert!(serde_json::from_str::<serde_json::Value>(&deep).is_ok());
        assert!(serde_json::from_str::<serde_json::Value>(&format!("[{deep}]")).is_err());
    }
}
