//! One act, as it stands in the log.

use serde_json::{Map, Value, json};

use super::Target;
use crate::clock::UnixMs;
use crate::ids::AccountId;

/// What was done. An action that only a later version knows is kept by its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub id: String,
    pub at: UnixMs,
    /// `account`, `shell`, `system` or `stranger`.
    pub actor: String,
    pub actor_id: Option<String>,
    pub actor_email: Option<String>,
    pub account_id: Option<String>,
    pub account_email: Option<String>,
    pub action: String,
    pub target: Option<Target>,
    pub ip: Option<String>,
    pub agent: String,
    /// `done` or `refused`.
    pub outcome: String,
    pub details: Map<String, Value>,
}

/// Stands for whoever looks after the service, where an account reads its own log.
pub const ADMINISTRATOR: &str = "administrator";

impl Record {
    /// As the account that it concerns may see it: which administrator it was, and from where, is not the account's to know.
    pub fn as_seen_by(self, account: &AccountId) -> Self {
        let is_own = self.actor_id.as_deref() == Some(account.as_str());
        if is_own || self.actor == "stranger" {
            return self;
        }
        Record {
            actor: match self.actor.as_str() {
                "system" => self.actor,
                _ => ADMINISTRATOR.to_owned(),
            },
            actor_id: None,
            actor_email: None,
            ip: None,
            agent: String::new(),
            ..self
        }
    }

    /// A line of an export.
    pub fn in_json(&self) -> Value {
        json!({
            "id": self.id,
            "time": self.at.to_rfc3339(),
            "action": self.action,
            "outcome": self.outcome,
            "actor": {"type": self.actor, "id": self.actor_id, "email": self.actor_email},
            "account": self.account_id.as_ref().map(|id| json!({"id": id, "email": self.account_email})),
            "target": self.target.as_ref().map(|target| json!({"id": target.id, "name": target.name})),
            "ip": self.ip,
            "user_agent": self.agent,
            "details": self.details,
        })
    }
}
