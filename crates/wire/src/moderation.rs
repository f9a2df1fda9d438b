//! Moderation: <https://platform.openai.com/docs/api-reference/moderations>.

use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::PromptUsage;

/// The most texts that one request may have looked at.
pub const MOST_TEXTS: usize = 100;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ModerationRequest {
    pub input: ModerationInput,
    /// The first model that moderates, where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ModerationInput {
    Text(String),
    Texts(Vec<String>),
}

impl ModerationInput {
    pub fn texts(&self) -> &[String] {
        match self {
            ModerationInput::Text(text) => std::slice::from_ref(text),
            ModerationInput::Texts(texts) => texts,
        }
    }
}

/// Reads a list as one, so that an error names the item within it.
impl<'de> Deserialize<'de> for ModerationInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InputVisitor)
    }
}

struct InputVisitor;

impl<'de> Visitor<'de> for InputVisitor {
    type Value = ModerationInput;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a string or a list of strings")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ModerationInput, E> {
        Ok(ModerationInput::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, texts: A) -> Result<ModerationInput, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(texts)).map(ModerationInput::Texts)
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ModerationResponse {
    /// `modr-…`
    pub id: String,
    pub model: String,
    /// In the order of the input.
    pub results: Vec<ModerationResult>,
    pub usage: PromptUsage,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ModerationResult {
    /// Whether any category is.
    pub flagged: bool,
    pub categories: Categories<bool>,
    /// From 0 to 1; 0 where the model cannot tell the category.
    pub category_scores: Categories<f32>,
    /// Which kinds of input each score is about: `text`, or none where the model cannot tell the category.
    pub category_applied_input_types: Categories<Vec<String>>,
}

macro_rules! categories {
    ($($field:ident = $name:tt),+ $(,)?) => {
        /// OpenAI's thirteen categories, each with a `T`.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        pub struct Categories<T> {
            $(#[serde(rename = $name)] pub $field: T,)+
        }

        impl<T> Categories<T> {
            /// Their names, in the order of the fields.
            pub const NAMES: [&'static str; 13] = [$($name),+];

            /// What `make` gives for each category's name.
            pub fn each(mut make: impl FnMut(&'static str) -> T) -> Self {
                Categories { $($field: make($name)),+ }
            }

            /// What `make` gives for each category's `T`.
            pub fn map<U>(&self, mut make: impl FnMut(&T) -> U) -> Categories<U> {
                Categories { $($field: make(&self.$field)),+ }
            }

            /// Each category's name and `T`, in the order of the fields.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, &T)> {
                [$(($name, &self.$field)),+].into_iter()
            }
        }
    };
}

categories! {
    hate = "hate",
    hate_threatening = "hate/threatening",
    harassment = "harassment",
    harassment_threatening = "harassment/threatening",
    illicit = "illicit",
    illicit_violent = "illicit/violent",
    self_harm = "self-harm",
    self_harm_intent = "self-harm/intent",
    self_harm_instructions = "self-harm/instructions",
    sexual = "sexual",
    sexual_minors = "sexual/minors",
    violence = "violence",
    violence_graphic = "violence/graphic",
}
