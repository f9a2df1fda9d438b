//! Models: <https://platform.openai.com/docs/api-reference/models>, and what we say of them beyond that.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

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
    /// Other names that it can be asked for by.
    #[serde(
        default,
        deserialize_with = "if_understood",
        skip_serializing_if = "Option::is_none"
    )]
    pub aliases: Option<Vec<String>>,
    #[serde(
        default,
        deserialize_with = "if_understood",
        skip_serializing_if = "Option::is_none"
    )]
    pub description: Option<String>,
    /// The longest prompt and completion together, in tokens; the name that vLLM gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_model_len: Option<u32>,
    /// Completion tokens when a request names no limit of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_max_tokens: Option<u32>,
    /// What it can be asked for.
    #[serde(
        default,
        deserialize_with = "if_understood",
        skip_serializing_if = "Option::is_none"
    )]
    pub tasks: Option<Vec<Task>>,
    /// What it can beyond text in, text out.
    #[serde(
        default,
        deserialize_with = "if_understood",
        skip_serializing_if = "Option::is_none"
    )]
    pub capabilities: Option<Vec<Capability>>,
    #[serde(
        default,
        deserialize_with = "if_understood",
        skip_serializing_if = "Option::is_none"
    )]
    pub price: Option<Price>,
    /// Whether it is about to be taken away.
    #[serde(
        default,
        deserialize_with = "if_understood",
        skip_serializing_if = "Option::is_none"
    )]
    pub deprecated: Option<bool>,
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

/// What a model can beyond text in, text out, in the words of OpenRouter's cards and Ollama's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Calls the functions that a request offers.
    Tools,
    /// Sees pictures.
    Vision,
    /// Hears sounds.
    Audio,
    /// Answers in JSON when asked to.
    Json,
    /// Answers in JSON that follows a schema.
    StructuredOutputs,
    /// Thinks before it answers.
    Reasoning,
}

/// What a model's tokens cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Price {
    /// Its three letters (ISO 4217).
    pub currency: String,
    /// Millionths of the currency's unit, for a million tokens of prompts.
    pub input_micros: u64,
    /// The same for completions.
    #[serde(default)]
    pub output_micros: u64,
}

/// Workers' cards hold fields of the same names with other things in them; such a field counts as left out.
fn if_understood<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    input: D,
) -> Result<Option<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Said<T> {
        Understood(T),
        Other(IgnoredAny),
    }
    Ok(match Said::deserialize(input)? {
        Said::Understood(value) => Some(value),
        Said::Other(_) => None,
    })
}

fn model() -> String {
    "model".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_card_says_in_other_words_is_left_out_and_the_rest_is_read() {
        // As Mistral's, llama.cpp's and vLLM's have them.
        let card: Model = serde_json::from_str(
            r#"{"id":"m","object":"model","owned_by":"x","max_model_len":9,"tasks":["generate"],
                "capabilities":{"vision":false},"aliases":null,"deprecated":"2026-01-01","price":{"input":1.5},
                "description":"Small","permission":[{}],"meta":{"n_ctx_train":9}}"#,
        )
        .unwrap();
        let expected = Model {
            id: "m".into(),
            object: "model".into(),
            owned_by: "x".into(),
            max_model_len: Some(9),
            description: Some("Small".into()),
            ..Model::default()
        };
        assert_eq!(card, expected);
    }

    #[test]
    fn a_card_that_was_written_is_read_again() {
        let card = Model {
            aliases: Some(vec!["n".into()]),
            tasks: Some(vec![Task::Chat]),
            capabilities: Some(vec![Capability::Tools, Capability::StructuredOutputs]),
            price: Some(Price {
                currency: "USD".into(),
                input_micros: 50_000,
                output_micros: 80_000,
            }),
            deprecated: Some(true),
            ..Model::default()
        };
        let text = serde_json::to_string(&card).unwrap();
        assert!(
            text.contains(r#""capabilities":["tools","structured_outputs"]"#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<Model>(&text).unwrap(), card);
    }
}
