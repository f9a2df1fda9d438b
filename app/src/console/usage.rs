//! What the account has used.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Problem;

#[async_trait]
pub trait UsageConsole: Send + Sync {
    async fn usage(&self, range: UsageRange) -> Result<Usage, Problem>;
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
