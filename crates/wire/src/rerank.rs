//! Rerank, which OpenAI does not have: Cohere's shape (<https://docs.cohere.com/v1/reference/rerank>) with OpenAI's `usage`.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

/// Reads an object as one, so that an error names the field within it.
impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DocumentVisitor)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a string, or an object with `text`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Document, E> {
        Ok(Document::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Document, A::Error> {
        DocumentText::deserialize(MapAccessDeserializer::new(map)).map(Document::Object)
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
