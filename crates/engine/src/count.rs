//! Counts tokens as the embedded models do, without their weights.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use wire::{EmbeddingInput, Message};

use crate::bert::Pieces;
use crate::catalog::{CHAT, CROSS_ENCODER, EMBEDDINGS, GGUF, MODERATION, TOKENIZER};
use crate::chat::Script;
use crate::files::{complete, folder, visiting};
use crate::http::turns;
use crate::moderation;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Counts what the worker will report as `usage.prompt_tokens`, to the token. Clones share what is loaded.
///
/// Every method gives `None` where the model is not an embedded one, or is not installed. The first call for a model
/// reads its tokenizer, which takes some tenths of a second; all of them work on the caller's thread.
#[derive(Clone)]
pub struct Counter(Arc<Loaded>);

struct Loaded {
    models_dir: PathBuf,
    chat: Lazy<Script>,
    embeddings: Lazy<Pieces>,
    cross_encoder: Lazy<Pieces>,
}

/// Empty until the model is installed; `None` inside if it could not be read.
type Lazy<T> = OnceLock<Option<T>>;

impl Counter {
    pub fn new(models_dir: &Path) -> Self {
        Counter(Arc::new(Loaded {
            models_dir: models_dir.to_owned(),
            chat: OnceLock::new(),
            embeddings: OnceLock::new(),
            cross_encoder: OnceLock::new(),
        }))
    }

    /// The prompt that `messages` become, the chat template's own tokens included. `None` also for a conversation that
    /// the model refuses: one that says more than text, or is many times too long.
    pub fn chat(&self, model: &str, messages: &[Message]) -> Option<u64> {
        if model != CHAT.id {
            return None;
        }
        let turns = turns(messages).ok()?;
        let tokens = self.script()?.write(turns, CHAT.context);
        Some(tokens.ok()??.len() as u64)
    }

    pub fn embeddings(&self, model: &str, input: &EmbeddingInput) -> Option<u64> {
        if model != EMBEDDINGS.id {
            return None;
        }
        self.pieces()?
            .rows(input)
            .map(|row| Some(row.ok()?.tokens.len() as u64))
            .sum()
    }

    pub fn rerank(&self, model: &str, query: &str, documents: &[&str]) -> Option<u64> {
        let length = |row: Result<_, Error>| {
            let row: crate::bert::Row = row.ok()?;
            Some(row.tokens.len() as u64)
        };
        if model == EMBEDDINGS.id {
            let pieces = self.pieces()?;
            let texts = std::iter::once(&query).chain(documents);
            return texts.map(|text| length(pieces.text(text))).sum();
        }
        if model != CROSS_ENCODER.id {
            return None;
        }
        let pieces = self.pair_pieces()?;
        let query = pieces.query(query).ok()?;
        let pairs = documents.iter();
        pairs.map(|text| length(pieces.pair(&query, text))).sum()
    }

    pub fn moderation(&self, model: &str, texts: &[&str]) -> Option<u64> {
        if model != MODERATION.id || !complete(&self.0.models_dir, &MODERATION) {
            return None;
        }
        Some(texts.iter().map(|text| moderation::count(text)).sum())
    }

    fn script(&self) -> Option<&Script> {
        let dir = &self.0.models_dir;
        let open = || Script::open(&folder(dir, &CHAT).join(GGUF));
        find(&self.0.chat, CHAT.id, || complete(dir, &CHAT), open)
    }

    fn pieces(&self) -> Option<&Pieces> {
        let dir = &self.0.models_dir;
        let open = || {
            Pieces::open(
                &folder(dir, &EMBEDDINGS).join(TOKENIZER),
                EMBEDDINGS.context,
            )
        };
        let there = || complete(dir, &EMBEDDINGS);
        find(&self.0.embeddings, EMBEDDINGS.id, there, open)
    }

    fn pair_pieces(&self) -> Option<&Pieces> {
        let path = self.0.models_dir.join(CROSS_ENCODER.id).join(TOKENIZER);
        let open = || Pieces::open(&path, CROSS_ENCODER.context);
        let there = || visiting(&self.0.models_dir, &CROSS_ENCODER);
        find(&self.0.cross_encoder, CROSS_ENCODER.id, there, open)
    }
}

/// What is loaded, or is loaded now that it is there.
fn find<'a, T>(
    known: &'a Lazy<T>,
    model: &str,
    is_there: impl FnOnce() -> bool,
    open: impl FnOnce() -> Result<T, Error>,
) -> Option<&'a T> {
    if known.get().is_none() && !is_there() {
        return None;
    }
    let open = || {
        open()
            .inspect_err(|error| tracing::warn!(model, error, "tokens cannot be counted"))
            .ok()
    };
    known.get_or_init(open).as_ref()
}
