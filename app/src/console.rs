//! The port: what the pages may ask. The service implements it; a page knows nothing else of the service.
//!
//! A [`Console`] is bound to one account before any call, so no call takes an account's id. A [`Door`] is for those
//! who are not signed in yet. Both are put into Leptos' context by whoever serves the pages; [`console`] and
//! [`door`] find them there, and every server function is one line that starts with one of the two.

use std::sync::Arc;

use async_trait::async_trait;
use leptos::prelude::{FromServerFnError, ServerFnErrorErr, use_context};
use leptos::server_fn::codec::JsonEncoding;
use serde::{Deserialize, Serialize};

/// The way in and out. Success moves the browser on: the answer carries the redirect and the session's cookie.
#[async_trait]
pub trait Door: Send + Sync {
    /// Makes an account, signs it in, and moves on to the home page.
    async fn sign_up(&self, email: String, password: String) -> Result<(), Problem>;
    /// Moves on to `next` (a path of this site; anything else is ignored) or the home page.
    async fn sign_in(
        &self,
        email: String,
        password: String,
        next: Option<String>,
    ) -> Result<(), Problem>;
    /// Ends the session and moves on to the sign-in page.
    async fn sign_out(&self) -> Result<(), Problem>;
}

/// One account's view of the service.
#[async_trait]
pub trait Console: Send + Sync {
    async fn overview(&self) -> Result<Overview, Problem>;
    /// Newest first, revoked ones last.
    async fn keys(&self) -> Result<Vec<Key>, Problem>;
    async fn create_key(&self, name: String) -> Result<NewKey, Problem>;
    /// The key that this session has just created by a form posted without wasm. Given once, then forgotten.
    async fn fresh_key(&self) -> Result<Option<NewKey>, Problem>;
    /// Refused from the very next request on.
    async fn revoke_key(&self, id: String) -> Result<(), Problem>;
    async fn usage(&self, range: UsageRange) -> Result<Usage, Problem>;
    /// The ids of the chat models that can be called now, the default first.
    async fn models(&self) -> Result<Vec<String>, Problem>;
}

/// The console of whoever is signed in.
pub fn console() -> Result<Arc<dyn Console>, Problem> {
    use_context().ok_or_else(Problem::signed_out)
}

/// The door of this site.
pub fn door() -> Result<Arc<dyn Door>, Problem> {
    use_context()
        .ok_or_else(|| Problem::new("This page was rendered without its service. Reload it."))
}

/// What the frame and the home page show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    pub email: String,
    /// As shown: `Free`, `Developer`, `Startup`, `Enterprise`.
    pub tier: String,
    pub limits: Vec<Limit>,
    /// What clients use as `base_url`, `/v1` included.
    pub base_url: String,
    /// The model for examples; `None` while no worker serves any.
    pub model: Option<String>,
    /// Keys that are not revoked.
    pub keys: u64,
    /// Whether any request was ever recorded.
    pub called: bool,
    /// Since midnight UTC.
    pub today: Totals,
}

/// One bucket of the account's limits, as it stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// `Requests` or `Tokens`, per minute.
    pub name: String,
    pub limit: u64,
    /// Within the last 60 seconds, what requests in flight have reserved included.
    pub used: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// `key_…`
    pub id: String,
    pub name: String,
    /// The first 8 and last 4 characters: `ask_7Hq2…k3Qa`.
    pub masked: String,
    /// Unix milliseconds, as all times here.
    pub created_ms: i64,
    pub last_used_ms: Option<i64>,
    pub revoked_ms: Option<i64>,
}

/// A key with its secret, which is shown this once and stored nowhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewKey {
    pub key: Key,
    pub secret: String,
}

/// What the usage page covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UsageRange {
    /// 24 hours by the hour.
    #[default]
    Day,
    /// 7 days by the day.
    Week,
    /// 30 days by the day.
    Month,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub total: Totals,
    /// Every bucket of the range in order, the empty ones too.
    pub buckets: Vec<UsageBucket>,
    /// Most requests first.
    pub models: Vec<ModelUsage>,
    /// When this was read.
    pub updated_ms: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub requests: u64,
    /// Those of `requests` that were answered with a status of 400 or above. A client that left is no error.
    pub errors: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageBucket {
    pub start_ms: i64,
    pub totals: Totals,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelUsage {
    pub model: String,
    pub totals: Totals,
}

/// What went wrong, said to a person: what to do is part of the sentence, and nothing internal is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    pub message: String,
    /// The form's field that it is about, by its name.
    pub field: Option<String>,
    /// To be quoted to support; also in the log.
    pub request_id: Option<String>,
    /// Whether signing in is the way out.
    pub signed_out: bool,
}

impl Problem {
    pub fn new(message: impl Into<String>) -> Self {
        Problem {
            message: message.into(),
            field: None,
            request_id: None,
            signed_out: false,
        }
    }

    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Problem {
            field: Some(field.to_owned()),
            ..Problem::new(message)
        }
    }

    pub fn signed_out() -> Self {
        Problem {
            signed_out: true,
            ..Problem::new("You are signed out. Sign in to go on.")
        }
    }
}

impl FromServerFnError for Problem {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Problem::new(
                "The service cannot be reached. Check your connection, then try again.",
            ),
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => {
                Problem::new("The form was not understood. Reload the page, then try again.")
            }
            _ => Problem::new("Something failed on our side. Try again in a moment."),
        }
    }
}
