//! How the service itself is, for its administrators.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Health, Problem};

#[async_trait]
pub trait HealthAdmin: Send + Sync {
    async fn system_health(&self) -> Result<SystemHealth, Problem>;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SystemHealth {
    pub version: String,
    pub started_ms: i64,
    pub checks: Vec<HealthCheck>,
    /// Figures that are neither good nor bad, by name and in words.
    pub figures: Vec<(String, String)>,
    pub settings: Vec<SettingInForce>,
    pub updated_ms: i64,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    pub name: String,
    pub state: Health,
    /// What was seen.
    pub seen: String,
    /// What to do about it, unless all is well.
    pub advice: Option<String>,
    /// Where more is to be seen.
    pub href: Option<String>,
}

/// A setting as it is in force. Of a secret only whether there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingInForce {
    pub name: String,
    pub value: String,
    /// Where it comes from: the default, a file, or a variable of the environment.
    pub origin: String,
}
