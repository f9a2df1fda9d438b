//! What stands around every page, and on the home page.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use wire::Task;

use super::{Problem, Totals};

#[async_trait]
pub trait OverviewConsole: Send + Sync {
    async fn overview(&self) -> Result<Overview, Problem>;
    /// The models that can be called now; of those with a task in common, its default first.
    async fn models(&self) -> Result<Vec<ModelCard>, Problem>;
}

/// What the frame and the home page show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    pub email: String,
    /// What the account is called; empty for its address.
    pub name: String,
    pub is_admin: bool,
    /// What is asked of an account whose address is not verified.
    pub to_verify: Option<String>,
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

/// What a page needs to know of a model to ask it for something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelCard {
    pub id: String,
    pub description: Option<String>,
    /// `None` where its worker does not say: then it may be tried for any.
    pub tasks: Option<Vec<Task>>,
    /// Tokens of a prompt and its completion together.
    pub context: Option<u32>,
    pub default_max_tokens: Option<u32>,
    /// Whether it answers in JSON when asked to.
    pub json: bool,
    /// The length of its embeddings.
    pub dimensions: Option<u32>,
    pub rerank_method: Option<String>,
    /// The moderation categories that it can tell.
    pub moderation_categories: Vec<String>,
}

impl ModelCard {
    /// Whether it can be asked for `task`, as far as is known.
    pub fn can(&self, task: Task) -> bool {
        self.tasks
            .as_ref()
            .is_none_or(|tasks| tasks.contains(&task))
    }
}
