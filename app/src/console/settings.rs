//! The account itself: what it is called, how it is signed in to, what is kept of it.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Problem;

#[async_trait]
pub trait SettingsConsole: Send + Sync {
    async fn settings(&self) -> Result<Settings, Problem>;
    /// The browsers that are signed in, last used first.
    async fn sessions(&self) -> Result<Vec<Session>, Problem>;
    /// What the account is called; empty for its e-mail address.
    async fn rename(&self, name: String) -> Result<(), Problem>;
    /// Ends every other session, and goes on with this one under a new id.
    async fn change_password(&self, current: String, new: String) -> Result<(), Problem>;
    async fn end_session(&self, id: String) -> Result<(), Problem>;
    async fn end_other_sessions(&self) -> Result<(), Problem>;
    /// For how many days the request log is kept.
    async fn keep_log(&self, days: u32) -> Result<(), Problem>;
}

/// What takes the account's data out, or away.
#[async_trait]
pub trait SettingsActs: Send + Sync {
    /// Whether the copy of all data may be fetched now.
    async fn prepare_export(&self) -> Result<(), Problem>;
    /// Deletes the account with all that is its own, and moves on to the sign-in page.
    async fn delete_account(&self, email: String, password: String) -> Result<(), Problem>;
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    pub name: String,
    pub email: String,
    /// For how many days the request log is kept, and for how many it may be.
    pub log_days: u32,
    pub log_days_offered: Vec<u32>,
    /// The service would have no administrator without it, so it stays.
    pub is_last_admin: bool,
    /// Whether the address is shown to be its owner's.
    pub is_verified: bool,
}

/// A browser that is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: String,
    /// In words: `Firefox on Linux`.
    pub browser: String,
    /// Where it was last used from.
    pub ip: Option<String>,
    pub begun_ms: i64,
    pub seen_ms: i64,
    pub is_this: bool,
}
