//! The account's keys.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Problem;

/// A key that is not the account's is answered as one that there is not, by every verb.
#[async_trait]
pub trait KeyConsole: Send + Sync {
    /// Newest first; those that have ended last.
    async fn keys(&self) -> Result<Vec<Key>, Problem>;
    /// What the form of a key offers.
    async fn key_choices(&self) -> Result<KeyChoices, Problem>;
    /// The key that this session has just created or rotated by a form posted without wasm. Given once, then forgotten.
    async fn fresh_key(&self) -> Result<Option<NewKey>, Problem>;
    async fn rename_key(&self, id: String, name: String) -> Result<(), Problem>;
    /// Other restrictions, from the very next request on.
    async fn restrict_key(&self, id: String, restrictions: KeyForm) -> Result<(), Problem>;
    /// Leaves the key its present secret alone.
    async fn end_old_secrets(&self, id: String) -> Result<(), Problem>;
    /// Refused from the very next request on.
    async fn revoke_key(&self, id: String) -> Result<(), Problem>;
}

/// What makes secrets, which open the API to whoever has them.
#[async_trait]
pub trait KeyActs: Send + Sync {
    async fn create_key(&self, name: String, restrictions: KeyForm) -> Result<NewKey, Problem>;
    /// A new secret; the one before is taken for `overlap` more.
    async fn rotate_key(&self, id: String, overlap: Overlap) -> Result<NewKey, Problem>;
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// `key_…`
    pub id: String,
    pub name: String,
    /// The first 8 and last 4 characters: `ask_7Hq2…k3Qa`.
    pub masked: String,
    pub state: KeyState,
    /// Unix milliseconds, as all times here.
    pub created_ms: i64,
    pub expires_ms: Option<i64>,
    pub revoked_ms: Option<i64>,
    /// Of its present secret.
    pub last_use: Option<LastUse>,
    pub restrictions: Restrictions,
    /// Those that are still taken, newest first.
    pub old_secrets: Vec<OldSecret>,
    /// Requests in each of the last 24 hours by the clock, the present one last.
    pub hours: Vec<u64>,
}

/// How things stand with a key: of all that is true of it, what is most worth knowing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyState {
    Revoked,
    Expired,
    /// Within a week.
    ExpiresSoon,
    /// An old secret is still taken.
    Rotating,
    /// For 30 days, or ever since it was made, if that was before.
    Unused,
    Active,
}

impl KeyState {
    /// Whether it is refused, and stays so.
    pub fn has_ended(self) -> bool {
        matches!(self, KeyState::Revoked | KeyState::Expired)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastUse {
    pub ms: i64,
    /// The address that it came from, where that is known.
    pub ip: Option<String>,
}

/// What a key may not, of all that its account may. The default restricts nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restrictions {
    pub endpoints: Option<Vec<String>>,
    pub models: Option<Vec<String>>,
    /// Empty for anywhere.
    pub ips: Vec<String>,
    /// Requests per minute.
    pub rpm: Option<u64>,
    /// Tokens per minute.
    pub tpm: Option<u64>,
}

/// A secret that a rotation replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldSecret {
    pub masked: String,
    /// Until then it is taken.
    pub ends_ms: i64,
    pub last_use: Option<LastUse>,
}

/// A key with its secret, which is shown this once and stored nowhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewKey {
    pub key: Key,
    pub secret: String,
}

/// What a key can be restricted to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyChoices {
    pub endpoints: Vec<String>,
    /// The ids of those that can be called now, whatever they do.
    pub models: Vec<String>,
    /// The account's own requests per minute.
    pub rpm: u64,
    /// The account's own tokens per minute.
    pub tpm: u64,
}

/// The restrictions of a key as its form was filled in: what was typed is text, so that each slip is told at its field.
/// A problem names the field as it is called here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyForm {
    /// Empty for never, a number of days such as `30d`, `date`, or a moment in unix milliseconds.
    pub expires: String,
    /// The day from which on the key is refused, where `expires` is `date`: `2027-01-31`.
    pub expires_on: String,
    pub endpoint_access: Access,
    pub endpoints: Vec<String>,
    pub model_access: Access,
    pub models: Vec<String>,
    /// Models that were not there to be chosen, with spaces, commas or line ends between them.
    pub more_models: String,
    /// Addresses and ranges, with the same between them; empty for anywhere.
    pub ips: String,
    pub rpm: String,
    pub tpm: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    #[default]
    All,
    /// To those that are named.
    Restricted,
}

/// How long an old secret lives on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overlap {
    None,
    Hour,
    Day,
    Week,
}
