//! Single requests, as the ledger has them: listed newest first, and told in full.

pub(super) mod store;
#[cfg(test)]
mod tests;

use sqlx::FromRow;

/// A request in a list.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Listed {
    pub request_id: String,
    pub started_ms: i64,
    pub key_id: Option<String>,
    pub endpoint: String,
    pub model: Option<String>,
    pub status: i64,
    pub error_code: Option<String>,
    pub prompt_tokens: i64,
    pub completion_tokens: i64,
    pub duration_ms: i64,
}

/// Where in the list a request stands: by its time, then by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub started_ms: i64,
    pub request_id: String,
}

/// All that is known of a request.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Detailed {
    pub request_id: String,
    pub client_request_id: Option<String>,
    pub started_ms: i64,
    pub key_id: Option<String>,
    pub endpoint: String,
    pub model: Option<String>,
    pub worker: Option<String>,
    pub worker_tries: Option<i64>,
    pub status: i64,
    pub error_code: Option<String>,
    pub limited: Option<String>,
    pub prompt_tokens: i64,
    pub completion_tokens: i64,
    pub billing_basis: String,
    pub streamed: i64,
    pub finish_reason: Option<String>,
    pub replayed: i64,
    pub retry_count: i64,
    pub auth_us: Option<i64>,
    pub limit_us: Option<i64>,
    pub queue_us: Option<i64>,
    pub upstream_us: Option<i64>,
    pub first_token_ms: Option<i64>,
    pub duration_ms: i64,
}
