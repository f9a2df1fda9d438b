//! The account's keys.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Problem;

#[async_trait]
pub trait KeyConsole: Send + Sync {
    /// Newest first, revoked ones last.
    async fn keys(&self) -> Result<Vec<Key>, Problem>;
    async fn create_key(&self, name: String) -> Result<NewKey, Problem>;
    /// The key that this session has just created by a form posted without wasm. Given once, then forgotten.
    async fn fresh_key(&self) -> Result<Option<NewKey>, Problem>;
    /// Refused from the very next request on.
    async fn revoke_key(&self, id: String) -> Result<(), Problem>;
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
