//! Reads a GGUF file into weights, tokenizer and chat template.

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

use super::llama::Llama;
use super::template::Template;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// A chat model in memory, shared by all requests.
pub struct Loaded {
    pub network: Llama,
    pub tokenizer: Tokenizer,
    pub template: Template,
    /// Tokens that end the model's turn.
    pub ends: Vec<u32>,
    /// The most bytes that one token stands for.
    pub longest_token: usize,
}

impl Loaded {
    /// Reads `path` for conversations of up to `context` tokens.
    pub fn open(path: &Path, context: u32) -> Result<Self, Error> {
        let mut file = BufReader::new(File::open(path)?);
        let content = Content::read(&mut file)?;
        let tokenizer = tokenizer(&content)?;
        let template = Template::parse(text(&content, "tokenizer.chat_template")?)?;
        let ends = ends(&content, &tokenizer)?;
        let longest_token = tokenizer.get_vocab(true).keys().map(String::len).max();
        let network = Llama::read(&content, &mut file, context as usize)?;
        Ok(Loaded {
            network,
            tokenizer,
            template,
            ends,
            longest_token: longest_token.unwrap_or(1),
        })
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

fn ends(content: &Content, tokenizer: &Tokenizer) -> candle_core::Result<Vec<u32>> {
    let mut ends = match content.metadata.get("tokenizer.ggml.eos_token_id") {
        Some(id) => vec![id.to_u32()?],
        None => bail!("the file names no end token"),
    };
    // Chat models also stop at the end of text, whichever of the two the file names.
    let known = ["<|im_end|>", "<|endoftext|>"];
    ends.extend(
        known
            .iter()
            .filter_map(|token| tokenizer.token_to_id(token)),
    );
    Ok(ends)
}
