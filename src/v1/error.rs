//! What goes wrong under `/v1`, as statuses and OpenAI's error body. The only file that knows both.

use std::any::Any;
use std::borrow::Cow;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use wire::{ErrorBody, ErrorDetail};

use crate::idempotency::{Answer, ClaimError};
use crate::keys::Refusal;
use crate::limits::{BucketName, Holder, Refused};
use crate::principal::Endpoint;

/// An answer that is not a success. Its message says what was wrong and what to do, and nothing internal.
#[derive(Clone, Debug)]
pub struct ApiError {
    status: StatusCode,
    kind: &'static str,
    code: Cow<'static, str>,
    message: String,
    param: Option<String>,
    retry_after: Option<Duration>,
    /// Set where OpenAI's SDKs would retry by themselves and cannot succeed.
    never_retry: bool,
    /// Whether a worker has said it, and would say it again.
    by_worker: bool,
}

/// On a response: the error's code, for the ledger.
#[derive(Clone, Debug)]
pub(super) struct ErrorCode(pub(super) Cow<'static, str>);

impl ApiError {
    fn new(
        status: StatusCode,
        kind: &'static str,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        ApiError {
            status,
            kind,
            code: code.into(),
            message: message.into(),
            param: None,
            retry_after: None,
            never_retry: false,
            by_worker: false,
        }
    }

    fn bad_request(code: &'static str, param: Option<String>, message: impl Into<String>) -> Self {
        ApiError {
            param,
            ..ApiError::new(
                StatusCode::BAD_REQUEST,
                "invalid_request_error",
                code,
                message,
            )
        }
    }

    pub(super) fn invalid_json(message: impl Into<String>) -> Self {
        ApiError::bad_request("invalid_json", None, message)
    }

    pub(super) fn missing(param: &str) -> Self {
        ApiError::bad_request(
            "missing_parameter",
            Some(param.to_owned()),
            format!("`{param}` is required."),
        )
    }

    /// `expected` ends the sentence "`param` must be …".
    pub(super) fn invalid(param: impl Into<String>, expected: &str) -> Self {
        let param = param.into();
        let message = format!("`{param}` must be {expected}.");
        ApiError::bad_request("invalid_parameter", Some(param), message)
    }

    pub(super) fn model_not_found(model: &str) -> Self {
        let model: String = model.chars().take(100).collect();
        let message =
            format!("The model `{model}` does not exist here. GET /v1/models lists those that do.");
        ApiError {
            param: Some("model".into()),
            ..ApiError::new(
                StatusCode::NOT_FOUND,
                "invalid_request_error",
                "model_not_found",
                message,
            )
        }
    }

    pub(super) fn wrong_model(model: &str, path: &str, able: &[String]) -> Self {
        let able = match able {
            [] => "No model here does.".to_owned(),
            able => format!("These do: {}.", able.join(", ")),
        };
        let message = format!("The model `{model}` does not serve {path}. {able}");
        ApiError::bad_request("invalid_parameter", Some("model".into()), message)
    }

    /// For a request that names no model, where none is the default.
    pub(super) fn no_moderation() -> Self {
        ApiError {
            message: "No model here moderates. GET /v1/models lists what there is.".into(),
            ..ApiError::model_not_found("")
        }
    }

    pub(super) fn model_not_allowed(model: &str) -> Self {
        let model: String = model.chars().take(100).collect();
        let message = format!(
            "This API key may not use the model `{model}`. GET /v1/models lists those that it may; use another key for others."
        );
        ApiError {
            param: Some("model".into()),
            ..ApiError::forbidden("model_not_allowed", message)
        }
    }

    pub(super) fn scope_not_allowed(endpoint: Endpoint) -> Self {
        let message = format!(
            "This API key is restricted, and `{endpoint}` is not among what it may call. Use another key, or make one that may."
        );
        ApiError::forbidden("scope_not_allowed", message)
    }

    fn forbidden(code: &'static str, message: impl Into<String>) -> Self {
        ApiError::new(StatusCode::FORBIDDEN, "permission_error", code, message)
    }

    pub(super) fn malformed_idempotency_key() -> Self {
        ApiError::bad_request(
            "invalid_parameter",
            Some("Idempotency-Key".into()),
            "The header `Idempotency-Key` must have 1 to 255 visible ASCII characters, bare or in quotes.",
        )
    }

    pub(super) fn shutting_down() -> Self {
        ApiError {
            retry_after: Some(Duration::from_secs(1)),
            ..ApiError::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "server_error",
                "shutting_down",
                "The service is being restarted. Try again in a moment.",
            )
        }
    }

    pub(super) fn missing_key() -> Self {
        ApiError::new(
            StatusCode::UNAUTHORIZED,
            "authentication_error",
            "missing_api_key",
            "No API key was sent. Send one as `Authorization: Bearer ask_…`; keys are made on the dashboard.",
        )
    }

    pub(super) fn signed_out() -> Self {
        ApiError::new(
            StatusCode::UNAUTHORIZED,
            "authentication_error",
            "signed_out",
            "You are signed out. Sign in, then try again.",
        )
    }

    /// For a request that another site's page has sent with our cookie.
    pub fn other_origin() -> Self {
        ApiError::forbidden(
            "other_origin",
            "This address answers the dashboard's own pages only. From elsewhere, call /v1 with an API key.",
        )
    }

    pub(super) fn body_too_large(limit: usize) -> Self {
        ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "invalid_request_error",
            "body_too_large",
            format!("The body is larger than {limit} bytes, which is the most that is taken."),
        )
    }

    pub(super) fn request_timeout() -> Self {
        ApiError::new(
            StatusCode::REQUEST_TIMEOUT,
            "invalid_request_error",
            "request_timeout",
            "The body stopped coming before its end. Send it again, without pauses.",
        )
    }

    pub(super) fn unsupported_media_type(message: &str) -> Self {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        ApiError::new(
            status,
            "invalid_request_error",
            "unsupported_media_type",
            message,
        )
    }

    pub(super) fn internal() -> Self {
        ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "server_error",
            "internal_error",
            "Something failed on our side. It is in our log under this answer's X-Request-ID; try again.",
        )
    }

    pub(super) fn upstream(message: &str) -> Self {
        ApiError::new(
            StatusCode::BAD_GATEWAY,
            "server_error",
            "upstream_error",
            message,
        )
    }

    pub(super) fn upstream_timeout() -> Self {
        ApiError::new(
            StatusCode::GATEWAY_TIMEOUT,
            "server_error",
            "upstream_timeout",
            "The model did not begin to answer in time. Try again, or ask for fewer tokens.",
        )
    }

    pub(super) fn no_worker(retry_after: Duration) -> Self {
        ApiError {
            retry_after: Some(retry_after),
            ..ApiError::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "server_error",
                "no_worker_available",
                "No worker can take this request right now. Try again after the time in Retry-After.",
            )
        }
    }

    /// A worker's own refusal of the request, passed on in this shape.
    pub(super) fn refused_by_worker(detail: Option<ErrorDetail>) -> Self {
        let detail = detail.unwrap_or_else(|| ErrorDetail {
            message: "The model refused the request.".into(),
            kind: "invalid_request_error".into(),
            param: None,
            code: None,
        });
        ApiError {
            code: detail.code.map_or("invalid_parameter".into(), Cow::Owned),
            by_worker: true,
            ..ApiError::bad_request("invalid_parameter", detail.param, detail.message)
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn code(&self) -> &str {
        &self.code
    }

    /// What is kept of this for an idempotency key: only a worker's word about the request, which it would give again.
    pub(super) fn kept(&self) -> Option<Answer> {
        let body = serde_json::to_vec(&self.body()).ok()?;
        self.by_worker.then(|| Answer {
            status: self.status.as_u16(),
            streamed: false,
            body: Bytes::from(body),
        })
    }

    pub(super) fn body(&self) -> ErrorBody {
        ErrorBody {
            error: ErrorDetail {
                message: self.message.clone(),
                kind: self.kind.to_owned(),
                param: self.param.clone(),
                code: Some(self.code.clone().into_owned()),
            },
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let unauthorized = |code, message| {
            ApiError::new(
                StatusCode::UNAUTHORIZED,
                "authentication_error",
                code,
                message,
            )
        };
        match refusal {
            Refusal::Mistyped => unauthorized(
                "invalid_api_key",
                "The API key is mistyped or cut: its checksum does not match. Copy it again, all 36 characters.",
            ),
            Refusal::Unknown => unauthorized(
                "invalid_api_key",
                "The API key is not known here. Make one on the dashboard's Keys page.",
            ),
            Refusal::Revoked => unauthorized(
                "api_key_revoked",
                "The API key was revoked. Use another, or make one on the dashboard's Keys page.",
            ),
            Refusal::Expired => unauthorized(
                "api_key_expired",
                "The API key has expired, or was replaced and its time beside the new one is over. Use another, or \
                 make one on the dashboard's Keys page.",
            ),
            Refusal::IpNotAllowed => ApiError::new(
                StatusCode::FORBIDDEN,
                "permission_error",
                "ip_not_allowed",
                "The API key may not be used from your IP address. Call from one that it allows, or use another key.",
            ),
            Refusal::Store(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a key could not be looked up"
                );
                ApiError::internal()
            }
        }
    }
}

impl From<ClaimError> for ApiError {
    fn from(error: ClaimError) -> Self {
        let refused =
            |status, code, message| ApiError::new(status, "idempotency_error", code, message);
        match error {
            ClaimError::OtherBody => refused(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_mismatch",
                "This Idempotency-Key was used with another body. Send the first body again, or use a new key.",
            ),
            ClaimError::InFlight => ApiError {
                retry_after: Some(Duration::from_secs(1)),
                ..refused(
                    StatusCode::CONFLICT,
                    "idempotency_in_flight",
                    "The first request with this Idempotency-Key is still running. Try again after the time in Retry-After.",
                )
            },
            ClaimError::Store(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "an idempotency key could not be looked up"
                );
                ApiError::internal()
            }
        }
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        let (name, bucket) = match refused.bucket {
            BucketName::Requests => ("requests", refused.standing.requests),
            BucketName::Tokens => ("tokens", refused.standing.tokens),
        };
        let (limit, used, asked) = (bucket.limit, bucket.used, refused.asked);
        let (whose, remedy) = match refused.holder {
            Holder::Account => ("your limit", "choose a higher tier"),
            Holder::Key => ("this key's own limit", "use a key with a higher one"),
        };
        let too_many = |code, message| {
            ApiError::new(
                StatusCode::TOO_MANY_REQUESTS,
                "rate_limit_error",
                code,
                message,
            )
        };
        match refused.retry_after {
            Some(wait) => ApiError {
                retry_after: Some(wait),
                ..too_many(
                    "rate_limit_exceeded",
                    format!(
                        "Rate limit reached: {whose} is {limit} {name} per minute, of which {used} are used and this \
                         request asks for {asked}. Try again in {} s.",
                        whole_seconds(wait)
                    ),
                )
            },
            None => ApiError {
                never_retry: true,
                ..too_many(
                    "request_too_large",
                    format!(
                        "This request asks for {asked} {name}, more than {whose} of {limit} {name} per minute. \
                         Shorten the prompt, lower `max_tokens`, or {remedy}."
                    ),
                )
            },
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        // What is left of the request may still come, and must not be taken for the next.
        if self.status == StatusCode::REQUEST_TIMEOUT {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(wait) = self.retry_after {
            headers.insert(header::RETRY_AFTER, whole_seconds(wait).into());
            headers.insert(
                "retry-after-ms",
                u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).into(),
            );
        }
        if self.never_retry {
            headers.insert("x-should-retry", HeaderValue::from_static("false"));
        }
        response.extensions_mut().insert(ErrorCode(self.code));
        response
    }
}

/// Rounded up, so that waiting so long is waiting long enough.
fn whole_seconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX)
}

pub(super) async fn not_found(uri: Uri) -> ApiError {
    let path: String = uri.path().chars().take(100).collect();
    let message = format!(
        "There is nothing at `/v1{path}`. GET /openapi.json describes what there is, such as POST /v1/chat/completions."
    );
    ApiError::new(
        StatusCode::NOT_FOUND,
        "invalid_request_error",
        "not_found",
        message,
    )
}

pub(super) async fn method_not_allowed(method: Method) -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "invalid_request_error",
        "method_not_allowed",
        format!("{method} is not possible here; the Allow header says what is."),
    )
}

/// A panic is our defect; the hook has logged where it happened.
pub(super) fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    ApiError::internal().into_response()
}
