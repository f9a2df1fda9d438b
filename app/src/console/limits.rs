//! What the account may use, and how to get more.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Problem;

#[async_trait]
pub trait LimitConsole: Send + Sync {
    async fn limits(&self) -> Result<Limits, Problem>;
    /// Puts the account on a tier that it may choose by itself, from the next request on.
    async fn choose_tier(&self, tier: String) -> Result<(), Problem>;
    /// Tells the administrators what the account would need. A later request replaces an earlier one.
    async fn ask_for_enterprise(&self, request: EnterpriseRequest) -> Result<(), Problem>;
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    pub requests: Allowance,
    pub tokens: Allowance,
    pub tiers: Vec<TierOffer>,
    /// Whether the limits were set for this account alone.
    pub has_own: bool,
    /// Requests that were refused by a limit within the last 24 full hours and this one.
    pub refused: u64,
    /// When Enterprise was asked for, while that is not answered.
    pub asked_ms: Option<i64>,
    pub updated_ms: i64,
}

/// What may be used of one kind in any 60 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    pub limit: u64,
    /// With what is reserved.
    pub used: u64,
    /// Of what is used, what requests in flight have only reserved.
    pub reserved: u64,
    /// When all of it is free again.
    pub full_at_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierOffer {
    /// As stored and typed: `developer`.
    pub name: String,
    /// As shown: `Developer`.
    pub title: String,
    /// Requests and tokens per minute; `None` where they are set for each account.
    pub quota: Option<(u64, u64)>,
    pub is_current: bool,
}

/// As the form has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnterpriseRequest {
    pub rpm: String,
    pub tpm: String,
    pub message: String,
}
