//! What goes wrong under `/v1`, as statuses and OpenAI's error body. The only place that knows both.

mod code;
mod refusals;

use std::any::Any;
use std::error::Error;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use wire::{ErrorBody, ErrorDetail};

pub(super) use self::code::Code;
pub use self::code::{Meaning, meanings};
use crate::db;
use crate::idempotency::Answer;
use crate::principal::Endpoint;

/// An answer that is not a success. Its message says what was wrong and what to do, and nothing internal.
#[derive(Clone, Debug)]
pub struct ApiError {
    code: Code,
    /// A worker's own code for what it refused, where it has one.
    by_worker: Option<Option<String>>,
    message: String,
    param: Option<String>,
    retry_after: Option<Duration>,
    /// Set where OpenAI's SDKs would retry by themselves and cannot succeed.
    never_retry: bool,
}

/// On a response: the error's code, for the ledger.
#[derive(Clone, Debug)]
pub(super) struct ErrorCode(pub(super) String);

impl ApiError {
    fn new(code: Code, message: impl Into<String>) -> Self {
        ApiError {
            code,
            by_worker: None,
            message: message.into(),
            param: None,
            retry_after: None,
            never_retry: false,
        }
    }

    fn about(param: impl Into<String>, code: Code, message: impl Into<String>) -> Self {
        ApiError {
            param: Some(param.into()),
            ..ApiError::new(code, message)
        }
    }

    pub(super) fn invalid_json(message: impl Into<String>) -> Self {
        ApiError::new(Code::InvalidJson, message)
    }

    pub(super) fn missing(param: &str) -> Self {
        let message = format!("`{param}` is required.");
        ApiError::about(param, Code::MissingParameter, message)
    }

    /// `expected` ends the sentence "`param` must be …".
    pub(super) fn invalid(param: impl Into<String>, expected: &str) -> Self {
        let param = param.into();
        let message = format!("`{param}` must be {expected}.");
        ApiError::about(param, Code::InvalidParameter, message)
    }

    /// `meant` is a model that does exist.
    pub(super) fn model_not_found(model: &str, meant: Option<&str>) -> Self {
        let model: String = model.chars().take(100).collect();
        let meant = meant.map(|meant| format!(" Did you mean `{meant}`?"));
        let message = format!(
            "The model `{model}` does not exist here.{} GET /v1/models lists those that do.",
            meant.unwrap_or_default()
        );
        ApiError::about("model", Code::ModelNotFound, message)
    }

    /// `asked` is how long an answer the client wants, where it says so.
    pub(super) fn context_length_exceeded(
        model: &str,
        context: u32,
        prompt: u64,
        asked: Option<u64>,
    ) -> Self {
        let asked = asked.map(|tokens| format!(", and {tokens} are asked for as the answer"));
        let message = format!(
            "The model `{model}` has a context of {context} tokens for messages and answer together. The messages take \
             {prompt}{}. Shorten the messages or ask for a shorter answer.",
            asked.unwrap_or_default()
        );
        ApiError::about("messages", Code::ContextLengthExceeded, message)
    }

    pub(super) fn wrong_model(model: &str, path: &str, able: &[String]) -> Self {
        let able = match able {
            [] => "No model here does.".to_owned(),
            able => format!("These do: {}.", able.join(", ")),
        };
        let message = format!("The model `{model}` does not serve {path}. {able}");
        ApiError::about("model", Code::InvalidParameter, message)
    }

    /// For a request that names no model, where none is the default.
    pub(super) fn no_moderation() -> Self {
        ApiError {
            message: "No model here moderates. GET /v1/models lists what there is.".into(),
            ..ApiError::model_not_found("", None)
        }
    }

    pub(super) fn model_not_allowed(model: &str) -> Self {
        let model: String = model.chars().take(100).collect();
        let message = format!(
            "This API key may not use the model `{model}`. GET /v1/models lists those that it may; use another key for others."
        );
        ApiError::about("model", Code::ModelNotAllowed, message)
    }

    pub(super) fn scope_not_allowed(endpoint: Endpoint) -> Self {
        let message = format!(
            "This API key is restricted, and `{endpoint}` is not among what it may call. Use another key, or make one that may."
        );
        ApiError::new(Code::ScopeNotAllowed, message)
    }

    pub(super) fn malformed_idempotency_key() -> Self {
        ApiError::about(
            "Idempotency-Key",
            Code::InvalidParameter,
            "The header `Idempotency-Key` must have 1 to 255 visible ASCII characters, bare or in quotes.",
        )
    }

    pub(super) fn shutting_down() -> Self {
        ApiError {
            retry_after: Some(Duration::from_secs(1)),
            ..ApiError::new(
                Code::ShuttingDown,
                "The service is being restarted. Try again in a moment.",
            )
        }
    }

    pub(super) fn missing_key() -> Self {
        ApiError::new(
            Code::MissingApiKey,
            "No API key was sent. Send one as `Authorization: Bearer ask_…`; keys are made on the dashboard.",
        )
    }

    /// Why, its owner is told at the sign-in: a key may be in other hands.
    pub(super) fn account_suspended() -> Self {
        ApiError::new(
            Code::AccountSuspended,
            "This account is suspended, and none of its keys is taken. Sign in to the dashboard to read why, and ask the \
             administrators of this service to resume it.",
        )
    }

    pub(super) fn signed_out() -> Self {
        ApiError::new(
            Code::SignedOut,
            "You are signed out. Sign in, then try again.",
        )
    }

    /// For a request that another site's page has sent with our cookie.
    pub fn other_origin() -> Self {
        ApiError::new(
            Code::OtherOrigin,
            "This address answers the dashboard's own pages only. From elsewhere, call /v1 with an API key.",
        )
    }

    pub(super) fn body_too_large(limit: usize) -> Self {
        ApiError::new(
            Code::BodyTooLarge,
            format!("The body is larger than {limit} bytes, which is the most that is taken."),
        )
    }

    pub(super) fn address_too_long() -> Self {
        ApiError::new(
            Code::AddressTooLong,
            "The address is longer than 8 KiB, which is the most that is taken. Send what is long in a body.",
        )
    }

    pub(super) fn request_timeout() -> Self {
        ApiError::new(
            Code::RequestTimeout,
            "The body stopped coming before its end. Send it again, without pauses.",
        )
    }

    pub(super) fn unsupported_media_type(message: &str) -> Self {
        ApiError::new(Code::UnsupportedMediaType, message)
    }

    pub(super) fn internal() -> Self {
        ApiError::new(
            Code::InternalError,
            "Something failed on our side. It is in our log under this answer's X-Request-ID; try again.",
        )
    }

    /// That the database could not say something.
    pub(super) fn of_database(error: &(dyn Error + 'static)) -> Self {
        if !db::is_busy(error) {
            return ApiError::internal();
        }
        ApiError::overloaded()
    }

    pub(super) fn overloaded() -> Self {
        ApiError {
            retry_after: Some(Duration::from_secs(2)),
            ..ApiError::new(
                Code::Overloaded,
                "The service has too much to do right now. Try again after the time in Retry-After.",
            )
        }
    }

    pub(super) fn upstream(message: &str) -> Self {
        ApiError::new(Code::UpstreamError, message)
    }

    pub(super) fn upstream_timeout() -> Self {
        ApiError::new(
            Code::UpstreamTimeout,
            "The model did not begin to answer in time. Try again, or ask for fewer tokens.",
        )
    }

    pub(super) fn no_worker(retry_after: Duration) -> Self {
        ApiError {
            retry_after: Some(retry_after),
            ..ApiError::new(
                Code::NoWorkerAvailable,
                "No worker can take this request right now. Try again after the time in Retry-After.",
            )
        }
    }

    pub(super) fn queue_full(retry_after: Duration) -> Self {
        ApiError {
            retry_after: Some(retry_after),
            ..ApiError::new(
                Code::QueueFull,
                "All places for this model are taken, and none comes free in the time that this request may wait. Try again after the time in Retry-After.",
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
        let code = match detail.code.as_deref() {
            Some("context_length_exceeded") => Code::ContextLengthExceeded,
            _ => Code::InvalidParameter,
        };
        ApiError {
            param: detail.param,
            by_worker: Some(detail.code),
            ..ApiError::new(code, detail.message)
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.code.status()
    }

    pub(super) fn code(&self) -> &str {
        let by_worker = self.by_worker.as_ref().and_then(Option::as_deref);
        by_worker.unwrap_or(self.code.as_str())
    }

    /// What is kept of this for an idempotency key: only a worker's word about the request, which it would give again.
    pub(super) fn kept(&self) -> Option<Answer> {
        self.by_worker.as_ref()?;
        Some(Answer {
            status: self.status().as_u16(),
            streamed: false,
            body: serde_json::to_vec(&self.body()).ok()?.into(),
        })
    }

    pub(super) fn body(&self) -> ErrorBody {
        ErrorBody {
            error: ErrorDetail {
                message: self.message.clone(),
                kind: self.code.kind().to_owned(),
                param: self.param.clone(),
                code: Some(self.code().to_owned()),
            },
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, Json(self.body())).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        // What is left of the request may still come, and must not be taken for the next.
        if status == StatusCode::REQUEST_TIMEOUT {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(wait) = self.retry_after {
            headers.insert(
                header::RETRY_AFTER,
                rounded_up(wait, Duration::from_secs(1)).into(),
            );
            headers.insert(
                "retry-after-ms",
                rounded_up(wait, Duration::from_millis(1)).into(),
            );
        }
        if self.never_retry {
            headers.insert("x-should-retry", HeaderValue::from_static("false"));
        }
        response
            .extensions_mut()
            .insert(ErrorCode(self.code().to_owned()));
        response
    }
}

/// How many units: enough of them, so that waiting so long is waiting long enough.
fn rounded_up(wait: Duration, unit: Duration) -> u64 {
    u64::try_from(wait.as_nanos().div_ceil(unit.as_nanos())).unwrap_or(u64::MAX)
}

pub(super) async fn not_found(uri: Uri) -> ApiError {
    let path: String = uri.path().chars().take(100).collect();
    let message = format!(
        "There is nothing at `/v1{path}`. GET /openapi.json describes what there is, such as POST /v1/chat/completions."
    );
    ApiError::new(Code::NotFound, message)
}

pub(super) async fn method_not_allowed(method: Method) -> ApiError {
    ApiError::new(
        Code::MethodNotAllowed,
        format!("{method} is not possible here; the Allow header says what is."),
    )
}

/// A panic is our defect; the hook has logged where it happened.
pub(super) fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    ApiError::internal().into_response()
}
