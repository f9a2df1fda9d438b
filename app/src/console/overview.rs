//! What stands around every page, and on the home page.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Problem, Totals};

#[async_trait]
pub trait OverviewConsole: Send + Sync {
    async fn overview(&self) -> Result<Overview, Problem>;
    /// The ids of the chat models that can be called now, the default first.
    async fn models(&self) -> Result<Vec<String>, Problem>;
}

/// What the frame and the home page show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    pub email: String,
    /// What the account is called; empty for its address.
    pub name: String,
    pub is_admin: bool,
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
