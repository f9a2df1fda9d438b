//! What everybody may see, signed in or not: the docs, how the service stands, and what it offers.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Appearance, Problem};

/// The service as it shows itself to all.
#[async_trait]
pub trait Public: Send + Sync {
    /// The page of the docs that is called `name`, if there is one.
    async fn doc(&self, name: String) -> Result<Option<Doc>, Problem>;
    /// The sections of the docs that hold all words of `query`, the best first.
    async fn search_docs(&self, query: String) -> Result<Vec<Found>, Problem>;
    async fn status(&self) -> Result<Status, Problem>;
    async fn offer(&self) -> Result<Offer, Problem>;
    /// All pages of the docs.
    async fn docs(&self) -> Result<Vec<DocGroup>, Problem>;
    /// How this browser wants pages to be shown.
    fn appearance(&self) -> Appearance;
    /// Has this browser keep it.
    fn keep_appearance(&self, appearance: Appearance);
}

/// A page of the docs, rendered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Doc {
    pub name: String,
    pub title: String,
    /// One sentence, for search engines.
    pub summary: String,
    /// The service's own text as HTML, without its title; what comes from elsewhere is escaped in it.
    pub html: String,
    pub contents: Vec<DocHeading>,
    pub before: Option<DocLink>,
    pub after: Option<DocLink>,
    /// All pages, this one among them.
    pub groups: Vec<DocGroup>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DocHeading {
    pub id: String,
    pub text: String,
    /// Whether it stands below another one.
    pub is_nested: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DocGroup {
    pub title: String,
    pub pages: Vec<DocLink>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DocLink {
    pub href: String,
    pub title: String,
}

/// A section that a search has found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    pub href: String,
    /// The page's title.
    pub page: String,
    /// The section's, where it is not the page's beginning.
    pub heading: Option<String>,
    /// Text around the first word that was found: before it, itself, and behind it.
    pub excerpt: [String; 3],
}

/// How the service stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    pub api: Health,
    pub database: Health,
    pub models: Vec<ModelStatus>,
    pub updated_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    Operational,
    Degraded,
    Down,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelStatus {
    pub id: String,
    pub health: Health,
    /// Until an answer begins: the middle of the latest ones.
    pub first_byte_ms: Option<u64>,
    /// Requests that wait for their turn.
    pub waiting: u64,
}

/// What a newcomer gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// What clients use as `base_url`, `/v1` included.
    pub base_url: String,
    /// The chat model for the example; `None` while no worker serves any.
    pub model: Option<String>,
    pub tiers: Vec<OfferedTier>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedTier {
    pub name: String,
    /// Requests and tokens per minute; `None` where they are agreed upon.
    pub limits: Option<(u64, u64)>,
}
