//! All accounts, as administrators see and change them.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::query::Pairs;
use super::{AuditRow, Problem};

#[async_trait]
pub trait AccountAdmin: Send + Sync {
    async fn accounts(&self, query: AccountQuery) -> Result<AccountPage, Problem>;
    async fn account(&self, id: String) -> Result<AccountDetails, Problem>;
}

#[async_trait]
pub trait AccountActs: Send + Sync {
    /// Puts the account on a tier, with limits of its own where they are given.
    async fn set_limits(&self, id: String, limits: LimitsForm) -> Result<(), Problem>;
    /// Refuses the account's keys from the very next request on, and ends its sessions; its data stays.
    async fn suspend_account(&self, id: String, reason: String) -> Result<(), Problem>;
    async fn resume_account(&self, id: String) -> Result<(), Problem>;
    /// Lets the account look after this service, or no longer so.
    async fn set_administrator(&self, id: String, is_admin: bool) -> Result<(), Problem>;
    /// Gives who has asked for Enterprise what they have asked for.
    async fn accept_request(&self, id: String) -> Result<(), Problem>;
    async fn decline_request(&self, id: String) -> Result<(), Problem>;
}

/// Which accounts are listed, as the address says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountQuery {
    /// Part of an address or a name, or a whole id.
    pub search: String,
    /// By name, such as `free`.
    pub tier: Option<String>,
    /// Shows those made before this one.
    pub before: Option<String>,
}

impl AccountQuery {
    pub fn parse(query: &str) -> Self {
        let pairs = Pairs::parse(query);
        let find = |name| pairs.find(name).map(|text| text.trim().to_owned());
        AccountQuery {
            search: find("search").unwrap_or_default(),
            tier: find("tier"),
            before: find("before"),
        }
    }

    /// The page's address.
    pub fn href(&self) -> String {
        match self.to_string().as_str() {
            "" => "/admin/accounts".to_owned(),
            query => format!("/admin/accounts?{query}"),
        }
    }
}

impl fmt::Display for AccountQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pairs = Pairs::default();
        pairs.push("search", &self.search);
        pairs.push("tier", self.tier.as_deref().unwrap_or_default());
        pairs.push("before", self.before.as_deref().unwrap_or_default());
        write!(f, "{pairs}")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountPage {
    /// Newest first.
    pub rows: Vec<AccountRow>,
    /// Whether there is more behind the last of them.
    pub more: bool,
    /// By name and as shown.
    pub tiers: Vec<(String, String)>,
    /// What is asked for and not answered; oldest first.
    pub requests: Vec<RequestForEnterprise>,
    pub updated_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    pub id: String,
    pub email: String,
    pub name: String,
    /// As shown.
    pub tier: String,
    /// Keys that can be used.
    pub keys: u64,
    /// Requests within the last 7 days.
    pub requests: u64,
    /// When one of its keys or sessions was last used, as far as that is still known.
    pub seen_ms: Option<i64>,
    pub is_suspended: bool,
    pub is_admin: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestForEnterprise {
    pub account_id: String,
    pub email: String,
    pub rpm: u64,
    pub tpm: u64,
    pub message: String,
    pub asked_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountDetails {
    pub row: AccountRow,
    pub created_ms: i64,
    /// By name.
    pub tier: String,
    /// By name and as shown.
    pub tiers: Vec<(String, String)>,
    pub rpm: u64,
    pub tpm: u64,
    /// What of these was set for this account alone.
    pub own_rpm: Option<u64>,
    pub own_tpm: Option<u64>,
    /// Since when, and why.
    pub suspended: Option<(i64, String)>,
    pub sessions: u64,
    pub tokens: u64,
    /// Whether it is the account of who looks at it.
    pub is_own: bool,
    pub asked: Option<RequestForEnterprise>,
    /// The latest that is on record of it.
    pub records: Vec<AuditRow>,
    pub updated_ms: i64,
}

/// As the form has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitsForm {
    /// By name.
    pub tier: String,
    /// Empty for the tier's.
    pub rpm: String,
    /// Empty for the tier's.
    pub tpm: String,
}
