//! Embeddings: <https://platform.openai.com/docs/api-reference/embeddings>.

use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

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

/// One text or several, as text or as the model's own tokens. An empty list reads as no texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum EmbeddingInput {
    Text(String),
    Texts(Vec<String>),
    Tokens(Vec<u32>),
    TokenLists(Vec<Vec<u32>>),
}

impl EmbeddingInput {
    /// The number of items.
    pub fn len(&self) -> usize {
        match self {
            EmbeddingInput::Text(_) | EmbeddingInput::Tokens(_) => 1,
            EmbeddingInput::Texts(texts) => texts.len(),
            EmbeddingInput::TokenLists(lists) => lists.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Reads one item after the other, so that an error names the item: serde's own way with such an enum says only that
/// nothing fits.
impl<'de> Deserialize<'de> for EmbeddingInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InputVisitor)
    }
}

struct InputVisitor;

impl<'de> Visitor<'de> for InputVisitor {
    type Value = EmbeddingInput;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a string, or a list of strings, of tokens or of lists of tokens")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<EmbeddingInput, E> {
        Ok(EmbeddingInput::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<EmbeddingInput, A::Error> {
        // The first says what all of them are.
        Ok(match items.next_element()? {
            None => EmbeddingInput::Texts(vec![]),
            Some(Item::Text(first)) => EmbeddingInput::Texts(all(first, items)?),
            Some(Item::Token(first)) => EmbeddingInput::Tokens(all(first, items)?),
            Some(Item::Tokens(first)) => EmbeddingInput::TokenLists(all(first, items)?),
        })
    }
}

fn all<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(
    first: T,
    mut rest: A,
) -> Result<Vec<T>, A::Error> {
    let mut all = vec![first];
    while let Some(item) = rest.next_element()? {
        all.push(item);
    }
    Ok(all)
}

enum Item {
    Text(String),
    Token(u32),
    Tokens(Vec<u32>),
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemVisitor)
    }
}

struct ItemVisitor;

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a string, a token or a list of tokens")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Item, E> {
        Ok(Item::Text(text.to_owned()))
    }

    fn visit_u64<E: de::Error>(self, token: u64) -> Result<Item, E> {
        let out_of_range = |_| E::invalid_value(de::Unexpected::Unsigned(token), &self);
        u32::try_from(token).map(Item::Token).map_err(out_of_range)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, tokens: A) -> Result<Item, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(tokens)).map(Item::Tokens)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<EmbeddingInput, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn an_input_is_what_its_first_item_is() {
        let strings = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        for (json, input) in [
            (r#""a""#, EmbeddingInput::Text("a".into())),
            (r#"["a", "b"]"#, EmbeddingInput::Texts(strings(&["a", "b"]))),
            ("[1, 2]", EmbeddingInput::Tokens(vec![1, 2])),
            (
                "[[1], []]",
                EmbeddingInput::TokenLists(vec![vec![1], vec![]]),
            ),
            ("[]", EmbeddingInput::Texts(vec![])),
        ] {
            assert_eq!(read(json).unwrap(), input);
            assert_eq!(
                read(&serde_json::to_string(&input).unwrap()).unwrap(),
                input
            );
        }
        for wrong in [
            "1",
            "null",
            "{}",
            r#"["a", 1]"#,
            "[1, [2]]",
            "[-1]",
            "[4294967296]",
            "[[1.5]]",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
