//! Reads a GGUF file into weights, and into what stands between text and tokens.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use candle_core::quantized::gguf_file::Content;
use candle_core::{Device, bail};
use tokenizers::Tokenizer;

use super::llama::Llama;
use super::script::{Error, Script};
use crate::processor::in_turn;

/// A chat model in memory, shared by all requests.
pub struct Loaded {
    pub network: Llama,
    pub script: Script,
    /// Tokens that end the model's turn.
    pub ends: Vec<u32>,
}

impl Loaded {
    /// Reads `path` for conversations of up to `context` tokens on `device`.
    pub fn open(path: &Path, context: u32, device: &Device) -> Result<Self, Error> {
        let mut file = BufReader::new(File::open(path)?);
        let content = Content::read(&mut file)?;
        let script = Script::read(&content)?;
        let ends = ends(&content, &script.tokenizer)?;
        let network = in_turn(device, || {
            Llama::read(&content, &mut file, context as usize, device)
        })?;
        Ok(Loaded {
            network,
            script,
            ends,
        })
    }
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
