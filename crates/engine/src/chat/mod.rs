//! Chat: a conversation in, text out, piece by piece.

mod error;
mod generate;
mod linear;
mod llama;
mod load;
mod sample;
mod script;
mod template;
mod text;

use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc;

pub use self::error::PromptError;
use self::generate::Job;
use self::load::Loaded;
pub(crate) use self::script::Script;
pub use self::template::Turn;
use crate::catalog::{CHAT_DEFAULTS, GGUF, Model};
use crate::error::{Failure, OpenError};
use crate::files;
use crate::workshop::Workshop;

/// A chat model that is ready to speak. Clones share it.
#[derive(Clone)]
pub struct Chat {
    pub about: &'static Model,
    pub(crate) workshop: Workshop,
    model: Arc<Loaded>,
}

/// A conversation in the model's tokens, with the room that is left for an answer.
#[derive(Debug)]
pub struct Prompt {
    tokens: Vec<u32>,
    /// Completion tokens at most; never 0.
    allowance: u32,
}

impl Prompt {
    /// Its length in tokens.
    pub fn tokens(&self) -> u64 {
        self.tokens.len() as u64
    }
}

/// How an answer is to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub temperature: f32,
    pub top_p: f32,
    pub seed: Option<u64>,
    /// The answer ends before the first of these.
    pub stop: Vec<String>,
}

/// What a generation says next.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// More text, never empty.
    Text(String),
    /// The last piece of a whole answer.
    End(Ending),
    /// The last piece of an answer that was cut off.
    Failed(Failure),
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    pub finish: Finish,
    /// Tokens made, those of a stop string included, the model's own end token not.
    pub tokens: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The model ended its turn, or came to a stop string.
    Stop,
    /// The limit was reached.
    Length,
}

impl Chat {
    /// Loads `about` from `models_dir`, which takes a second or two of this thread.
    pub fn open(
        models_dir: &Path,
        about: &'static Model,
        workshop: Workshop,
    ) -> Result<Self, OpenError> {
        files::require(models_dir, about)?;
        let path = files::folder(models_dir, about).join(GGUF);
        let model = Loaded::open(&path, about.context, &workshop.device)
            .map_err(|source| OpenError::Load { path, source })?;
        Ok(Chat {
            about,
            workshop,
            model: Arc::new(model),
        })
    }

    /// Writes `turns` in the model's tokens and leaves room for the answer: what was `asked` for, or the model's
    /// default as far as it fits. Works on this thread, for up to some tenths of a second.
    pub fn prompt(&self, turns: Vec<Turn>, asked: Option<u32>) -> Result<Prompt, PromptError> {
        let context = self.about.context;
        let Some(tokens) = self.model.script.write(turns, context)? else {
            return Err(PromptError::TooLong {
                prompt: None,
                asked,
            });
        };
        let length = u32::try_from(tokens.len()).unwrap_or(u32::MAX);
        let left = context.saturating_sub(length);
        let allowance = asked.unwrap_or(left.min(CHAT_DEFAULTS.max_tokens));
        if allowance == 0 || allowance > left {
            return Err(PromptError::TooLong {
                prompt: Some(length),
                asked,
            });
        }
        Ok(Prompt { tokens, allowance })
    }

    /// Waits in line for a core, then begins to answer. Dropping the future leaves the line.
    pub async fn begin(&self, prompt: Prompt, settings: Settings) -> Result<Generation, Failure> {
        let lane = self.workshop.enter().await?;
        let (out, pieces) = mpsc::unbounded_channel();
        let job = Job {
            model: Arc::clone(&self.model),
            prompt,
            settings,
            out,
            closing: self.workshop.closing(),
            stats: Arc::clone(&self.workshop.stats),
        };
        lane.run(|| job.run());
        Ok(Generation { pieces })
    }
}

/// An answer in the making. Dropping it ends the work within a token.
#[must_use]
pub struct Generation {
    pieces: mpsc::UnboundedReceiver<Piece>,
}

impl Generation {
    /// What comes next; nothing follows [`Piece::End`] and [`Piece::Failed`].
    pub async fn next(&mut self) -> Piece {
        // A thread that panicked leaves without a last word.
        self.pieces
            .recv()
            .await
            .unwrap_or(Piece::Failed(Failure::Broken))
    }
}
