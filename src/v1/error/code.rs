//! The table of errors: what each code means, and which status and type it comes with. The description of the API is made
//! from it too.

use axum::http::StatusCode;

macro_rules! codes {
    ($($variant:ident = $text:literal, $status:ident, $kind:literal, $when:literal;)+) => {
        /// An error's `code`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(in crate::v1) enum Code {
            $(#[doc = $when] $variant,)+
        }

        impl Code {
            pub(in crate::v1) const ALL: &[Code] = &[$(Code::$variant),+];

            pub(in crate::v1) fn as_str(self) -> &'static str {
                match self {
                    $(Code::$variant => $text,)+
                }
            }

            pub(in crate::v1) fn status(self) -> StatusCode {
                match self {
                    $(Code::$variant => StatusCode::$status,)+
                }
            }

            /// The error's `type`.
            pub(in crate::v1) fn kind(self) -> &'static str {
                match self {
                    $(Code::$variant => $kind,)+
                }
            }

            /// Whether it comes to pages alone, where there is a session in place of a key.
            pub(in crate::v1) fn is_playgrounds(self) -> bool {
                matches!(self, Code::SignedOut | Code::OtherOrigin)
            }

            /// When it comes.
            pub(in crate::v1) fn when(self) -> &'static str {
                match self {
                    $(Code::$variant => $when,)+
                }
            }
        }
    };
}

codes! {
    InvalidJson = "invalid_json", BAD_REQUEST, "invalid_request_error", "The body is not one JSON object.";
    MissingParameter = "missing_parameter", BAD_REQUEST, "invalid_request_error", "A field is missing; `param` names it.";
    InvalidParameter = "invalid_parameter", BAD_REQUEST, "invalid_request_error", "A field has a wrong value; `param` names it as a path.";
    ContextLengthExceeded = "context_length_exceeded", BAD_REQUEST, "invalid_request_error", "Prompt and answer together do not fit the model.";
    MissingApiKey = "missing_api_key", UNAUTHORIZED, "authentication_error", "No key was sent.";
    InvalidApiKey = "invalid_api_key", UNAUTHORIZED, "authentication_error", "The key is mistyped, cut, or unknown.";
    ApiKeyRevoked = "api_key_revoked", UNAUTHORIZED, "authentication_error", "The key was revoked.";
    ApiKeyExpired = "api_key_expired", UNAUTHORIZED, "authentication_error", "The key has expired.";
    SignedOut = "signed_out", UNAUTHORIZED, "authentication_error", "In the playground: nobody is signed in.";
    ModelNotAllowed = "model_not_allowed", FORBIDDEN, "permission_error", "The key is restricted to other models.";
    ScopeNotAllowed = "scope_not_allowed", FORBIDDEN, "permission_error", "The key is restricted to other endpoints.";
    IpNotAllowed = "ip_not_allowed", FORBIDDEN, "permission_error", "The key is restricted to other addresses.";
    AccountSuspended = "account_suspended", FORBIDDEN, "permission_error", "The account is suspended: none of its keys is taken.";
    OtherOrigin = "other_origin", FORBIDDEN, "permission_error", "In the playground: another site's page has asked.";
    ModelNotFound = "model_not_found", NOT_FOUND, "invalid_request_error", "No worker serves such a model.";
    NotFound = "not_found", NOT_FOUND, "invalid_request_error", "There is nothing at this path.";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "invalid_request_error", "The path takes other methods; `Allow` says which.";
    RequestTimeout = "request_timeout", REQUEST_TIMEOUT, "invalid_request_error", "The body stopped coming before its end.";
    IdempotencyInFlight = "idempotency_in_flight", CONFLICT, "idempotency_error", "The first request with this key is still running.";
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "invalid_request_error", "The body is larger than is taken.";
    AddressTooLong = "address_too_long", URI_TOO_LONG, "invalid_request_error", "The address is longer than is taken.";
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "invalid_request_error", "The body is not JSON, or is compressed.";
    IdempotencyMismatch = "idempotency_mismatch", UNPROCESSABLE_ENTITY, "idempotency_error", "The key was used with another body.";
    RateLimitExceeded = "rate_limit_exceeded", TOO_MANY_REQUESTS, "rate_limit_error", "A limit is used up for now; `Retry-After` says until when.";
    RequestTooLarge = "request_too_large", TOO_MANY_REQUESTS, "rate_limit_error", "The request asks for more than the whole limit; a retry cannot help.";
    InternalError = "internal_error", INTERNAL_SERVER_ERROR, "server_error", "Something failed on our side; it is logged with the request id.";
    UpstreamError = "upstream_error", BAD_GATEWAY, "server_error", "Every worker that could answer has failed.";
    UpstreamTimeout = "upstream_timeout", GATEWAY_TIMEOUT, "server_error", "The model did not begin to answer in time.";
    NoWorkerAvailable = "no_worker_available", SERVICE_UNAVAILABLE, "server_error", "No worker can take the request right now.";
    QueueFull = "queue_full", SERVICE_UNAVAILABLE, "server_error", "All places for the model are taken, and none comes free in the time that the request may wait; `Retry-After` says when to try again.";
    Overloaded = "overloaded", SERVICE_UNAVAILABLE, "server_error", "The service has too much to do to look something up; `Retry-After` says when to try again.";
    ShuttingDown = "shutting_down", SERVICE_UNAVAILABLE, "server_error", "The service is being restarted.";
}

/// An error, as the docs tell of it.
pub struct Meaning {
    pub status: u16,
    /// Its `type`.
    pub kind: &'static str,
    pub code: &'static str,
    pub when: &'static str,
}

/// All errors that a program can meet; the playground's own are none of them.
pub fn meanings() -> impl Iterator<Item = Meaning> {
    let codes = Code::ALL.iter().filter(|code| !code.is_playgrounds());
    codes.map(|code| Meaning {
        status: code.status().as_u16(),
        kind: code.kind(),
        code: code.as_str(),
        when: code.when(),
    })
}
