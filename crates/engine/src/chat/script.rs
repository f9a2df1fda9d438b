//! From a conversation to the model's tokens: its template and its tokenizer, which a GGUF file has before its weights.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use candle_core::bail;
use candle_core::quantized::gguf_file::Content;
use candle_core::quantized::tokenizer::TokenizerFromGguf;
use tokenizers::Tokenizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;

use super::PromptError;
use super::template::{Template, Turn};

pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// How a chat model reads and writes.
pub struct Script {
    pub tokenizer: Tokenizer,
    template: Template,
    /// The most bytes that one token stands for.
    longest_token: usize,
}

impl Script {
    /// Reads `path` up to where its weights begin.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Script::read(&Content::read(&mut BufReader::new(File::open(path)?))?)
    }

    pub fn read(content: &Content) -> Result<Self, Error> {
        let tokenizer = tokenizer(content)?;
        let longest_token = tokenizer.get_vocab(true).keys().map(String::len).max();
        Ok(Script {
            tokenizer,
            template: Template::parse(text(content, "tokenizer.chat_template")?)?,
            longest_token: longest_token.unwrap_or(1),
        })
    }

    /// The prompt for `turns` in tokens; `None` if it is certain to be longer than `context`, and so not worth counting.
    pub fn write(&self, turns: Vec<Turn>, context: u32) -> Result<Option<Vec<u32>>, PromptError> {
        let text = self.template.render(turns).map_err(PromptError::Template)?;
        if text.len() > context as usize * self.longest_token {
            return Ok(None);
        }
        let encoding = self
            .tokenizer
            .encode_fast(text, false)
            .map_err(PromptError::Tokenizer)?;
        Ok(Some(encoding.get_ids().to_vec()))
    }
}

fn text<'a>(content: &'a Content, key: &str) -> candle_core::Result<&'a str> {
    match content.metadata.get(key) {
        Some(value) => Ok(value.to_string()?),
        None => bail!("the file has no `{key}`"),
    }
}

fn tokenizer(content: &Content) -> Result<Tokenizer, Error> {
    let mut tokenizer = Tokenizer::from_gguf(content)?;
    if text(content, "tokenizer.ggml.pre").is_ok_and(|pre| pre == "smollm") {
        // candle takes it for GPT-2 with a space before the first word; it splits digits instead.
        let bytes = ByteLevel::new(false, true, true);
        let split = Sequence::new(vec![Digits::new(true).into(), bytes.into()]);
        tokenizer.with_pre_tokenizer(Some(split));
        tokenizer.with_decoder(Some(bytes));
    }
    Ok(tokenizer)
}
