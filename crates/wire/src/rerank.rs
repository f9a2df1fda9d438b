//! Rerank, which OpenAI does not have: Cohere's shape (<https://docs.cohere.com/v1/reference/rerank>) with OpenAI's `usage`.

use serde::{Deserialize, Serialize};

use crate::PromptUsage;

/// The most documents that one request may rank.
pub const MOST_DOCUMENTS: usize = 1_000;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RerankRequest {
    pub model: String,
    pub query: String,
    pub documents: Vec<Document>,
    /// How many of the best to give; all, where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_n: Option<u32>,
    /// Whether each result carries its document's text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_documents: Option<bool>,
}

/// A document: its text, alone or in an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Document {
    Text(String),
    Object(DocumentText),
}

impl Document {
    pub fn text(&self) -> &str {
        match self {
            Document::Text(text) | Document::Object(DocumentText { text }) => text,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DocumentText {
    pub text: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RerankResponse {
    /// `rerank-…`
    pub id: String,
    pub model: String,
    /// The best first.
    pub results: Vec<RerankResult>,
    pub usage: PromptUsage,
    pub meta: RerankMeta,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RerankResult {
    /// Which of the request's documents this is.
    pub index: u32,
    pub relevance_score: f32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentText>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RerankMeta {
    pub billed_units: BilledUnits,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BilledUnits {
    /// As Cohere counts: one query over up to 100 documents is one unit.
    pub search_units: u64,
}
