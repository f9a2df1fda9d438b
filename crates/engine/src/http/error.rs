//! Every answer that is not a success, in OpenAI's shape.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use wire::{ErrorBody, ErrorDetail, Task};

use crate::catalog::Model;
use crate::chat::PromptError;
use crate::error::Failure;

/// An error for a client: a status and the four fields of the body.
#[derive(Debug)]
pub struct ApiError {
    pub status: StatusCode,
    pub detail: ErrorDetail,
}

impl ApiError {
    fn new(status: StatusCode, code: &str, param: Option<&str>, message: String) -> Self {
        let kind = if status.is_server_error() {
            "server_error"
        } else {
            "invalid_request_error"
        };
        ApiError {
            status,
            detail: ErrorDetail {
                message,
                kind: kind.to_owned(),
                param: param.map(str::to_owned),
                code: Some(code.to_owned()),
            },
        }
    }

    pub fn invalid_json(reason: &str) -> Self {
        let message = format!("The body is not valid JSON: {reason}.");
        ApiError::new(StatusCode::BAD_REQUEST, "invalid_json", None, message)
    }

    pub fn missing(param: &str, message: String) -> Self {
        ApiError::new(
            StatusCode::BAD_REQUEST,
            "missing_parameter",
            Some(param),
            message,
        )
    }

    pub fn invalid(param: &str, message: String) -> Self {
        ApiError::new(
            StatusCode::BAD_REQUEST,
            "invalid_parameter",
            Some(param),
            message,
        )
    }

    pub fn body_too_large(limit: usize) -> Self {
        let message = format!("The body is larger than {} MiB.", limit >> 20);
        ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            None,
            message,
        )
    }

    pub fn unread_body() -> Self {
        let message = "The body ended before it was whole.".to_owned();
        ApiError::new(StatusCode::BAD_REQUEST, "invalid_json", None, message)
    }

    pub fn model_not_found(asked: &str, known: &[wire::Model]) -> Self {
        // The name is the client's own, but of any length.
        let asked: String = asked.chars().take(100).collect();
        let there = names(known.iter());
        let message = format!("There is no model `{asked}` here; there is {there}.");
        ApiError::new(
            StatusCode::NOT_FOUND,
            "model_not_found",
            Some("model"),
            message,
        )
    }

    /// For a model that is here, but not for `task`.
    pub fn wrong_task(asked: &str, task: Task, known: &[wire::Model]) -> Self {
        let can = names(known.iter().filter(|model| model.can(task)));
        let message = format!(
            "`{asked}` is not a model for {}; for that there is {can}.",
            word(task)
        );
        ApiError::invalid("model", message)
    }

    /// Where a request may leave the model out, and there is none for `task`.
    pub fn no_model_for(task: Task) -> Self {
        let message = format!("There is no model for {} here.", word(task));
        ApiError::new(
            StatusCode::NOT_FOUND,
            "model_not_found",
            Some("model"),
            message,
        )
    }

    pub fn not_found(path: &str) -> Self {
        let path: String = path.chars().take(100).collect();
        let message = format!("There is nothing at {path}.");
        ApiError::new(StatusCode::NOT_FOUND, "not_found", None, message)
    }

    pub fn method_not_allowed(method: &str, path: &str) -> Self {
        let message = format!("{path} does not take {method}.");
        ApiError::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            None,
            message,
        )
    }

    /// For `error`, raised by a conversation with `model`.
    pub fn prompt(error: PromptError, model: &Model) -> Self {
        let (prompt, asked) = match error {
            PromptError::TooLong { prompt, asked } => (prompt, asked),
            PromptError::Template(_) | PromptError::Tokenizer(_) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "no prompt could be made"
                );
                return ApiError::broken();
            }
        };
        let length = match prompt {
            Some(tokens) => format!("{tokens} tokens"),
            None => format!("more than {} tokens", model.context),
        };
        let wanted = match asked {
            Some(tokens) => format!(", and {tokens} were asked for as the answer"),
            None => String::new(),
        };
        let message = format!(
            "`{}` has a context of {} tokens for messages and answer together. The messages take {length}{wanted}. \
             Shorten the messages or ask for a shorter answer.",
            model.id, model.context
        );
        ApiError::new(
            StatusCode::BAD_REQUEST,
            "context_length_exceeded",
            Some("messages"),
            message,
        )
    }

    fn broken() -> Self {
        let message = "The model failed on this request. Try it again.".to_owned();
        ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            None,
            message,
        )
    }

    pub fn body(self) -> ErrorBody {
        ErrorBody { error: self.detail }
    }
}

/// `a`, `b` and `c`
fn names<'a>(models: impl Iterator<Item = &'a wire::Model>) -> String {
    let mut names: Vec<String> = models.map(|model| format!("`{}`", model.id)).collect();
    match names.pop() {
        Some(last) if names.is_empty() => last,
        Some(last) => format!("{} and {last}", names.join(", ")),
        None => "none".to_owned(),
    }
}

fn word(task: Task) -> &'static str {
    match task {
        Task::Chat => "chat",
        Task::Embeddings => "embeddings",
        Task::Rerank => "rerank",
        Task::Moderation => "moderation",
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Broken => ApiError::broken(),
            Failure::Closing => {
                let message =
                    "This worker is shutting down. Try again in a few seconds.".to_owned();
                ApiError::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "shutting_down",
                    None,
                    message,
                )
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body())).into_response()
    }
}
