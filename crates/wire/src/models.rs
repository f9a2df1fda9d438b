//! Models: <https://platform.openai.com/docs/api-reference/models>, and what we say of them beyond that.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ModelList {
    /// Always `list`.
    pub object: String,
    pub data: Vec<Model>,
}

impl ModelList {
    pub fn new(data: Vec<Model>) -> Self {
        ModelList {
            object: "list".into(),
            data,
        }
    }
}

/// A model's card. What a worker does not say of its model is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Model {
    pub id: String,
    /// Always `model`.
    #[serde(default = "model")]
    pub object: String,
    /// Unix seconds.
    #[serde(default)]
    pub created: u64,
    #[serde(default)]
    pub owned_by: String,
    /// The longest prompt and completion together, in tokens; the name that vLLM gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_model_len: Option<u32>,
    /// Completion tokens when a request names no limit of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_max_tokens: Option<u32>,
    /// What it can be asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tasks: Option<Vec<Task>>,
    /// The length of its embeddings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<u32>,
    /// How it ranks: `cross-encoder`, or `bi-encoder-cosine`, which knows a topic better than an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerank_method: Option<String>,
    /// The moderation categories that it can tell, each with how; all others it scores 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moderation_categories: Option<BTreeMap<String, String>>,
}

impl Model {
    /// Whether it can be asked for `task`, as far as is known: a worker that does not say may try.
    pub fn can(&self, task: Task) -> bool {
        self.tasks
            .as_ref()
            .is_none_or(|tasks| tasks.contains(&task))
    }
}

/// What a model does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Task {
    Chat,
    Embeddings,
    Rerank,
    Moderation,
}

fn model() -> String {
    "model".into()
}
