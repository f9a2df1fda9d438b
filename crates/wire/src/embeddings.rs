//! Embeddings: <https://platform.openai.com/docs/api-reference/embeddings>.

use serde::{Deserialize, Serialize};

/// The most items that one request may embed, as at OpenAI.
pub const MOST_INPUTS: usize = 2_048;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EmbeddingRequest {
    pub model: String,
    pub input: EmbeddingInput,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding_format: Option<EncodingFormat>,
    /// The length of each vector; only where the model can give others than its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<u32>,
}

/// One text or several, as text or as the model's own tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum EmbeddingInput {
    Text(String),
    Texts(Vec<String>),
    Tokens(Vec<u32>),
    TokenLists(Vec<Vec<u32>>),
}

/// How vectors are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EncodingFormat {
    #[default]
    Float,
    /// 32-bit floats, little-endian, one after the other, in base64.
    Base64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EmbeddingResponse {
    /// Always `list`.
    pub object: String,
    pub model: String,
    /// In the order of the input.
    pub data: Vec<Embedding>,
    pub usage: PromptUsage,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Embedding {
    /// Always `embedding`.
    pub object: String,
    /// Which of the inputs this is.
    pub index: u32,
    pub embedding: Vector,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum Vector {
    Floats(Vec<f32>),
    Base64(String),
}

/// Tokens of a request that generates none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PromptUsage {
    pub prompt_tokens: u64,
    pub total_tokens: u64,
}

impl PromptUsage {
    pub fn new(prompt_tokens: u64) -> Self {
        PromptUsage {
            prompt_tokens,
            total_tokens: prompt_tokens,
        }
    }
}
