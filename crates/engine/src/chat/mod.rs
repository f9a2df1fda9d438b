//! Chat: a conversation in, text out, piece by piece.

mod error;
mod generate;
mod lanes;
mod linear;
mod llama;
mod load;
mod sample;
mod template;
mod text;

use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use self::error::{Failure, OpenError, PromptError};
use self::generate::Job;
use self::lanes::{Lane, Lanes};
use self::load::Loaded;
pub use self::template::Turn;
use crate::catalog::Model;
use crate::files;
use crate::stats::{Raised, Stats, count};

/// A chat model that is ready to speak. Clones share it.
#[derive(Clone)]
pub struct Chat {
    pub about: &'static Model,
    pub stats: Arc<Stats>,
    model: Arc<Loaded>,
    lanes: Lanes,
    closing: CancellationToken,
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
    pub fn open(models_dir: &Path, about: &'static Model) -> Result<Self, OpenError> {
        let path = files::folder(models_dir, about).join(Model::WEIGHTS);
        match files::installed(models_dir, about) {
            Ok(true) => {}
            Ok(false) => {
                return Err(OpenError::Missing {
                    model: about.id,
                    dir: models_dir.to_owned(),
                });
            }
            Err(source) => return Err(OpenError::Unreadable { path, source }),
        }
        let model = Loaded::open(&path, about.context)
            .map_err(|source| OpenError::Load { path, source })?;
        Ok(Chat {
            about,
            stats: Arc::default(),
            model: Arc::new(model),
            lanes: Lanes::new(available_parallelism().map_or(1, usize::from))?,
            closing: CancellationToken::new(),
        })
    }

    /// Writes `turns` in the model's tokens and leaves room for the answer: what was `asked` for, or the model's
    /// default as far as it fits. Works on this thread, for up to some tenths of a second.
    pub fn prompt(&self, turns: Vec<Turn>, asked: Option<u32>) -> Result<Prompt, PromptError> {
        let context = self.about.context;
        let text = self
            .model
            .template
            .render(turns)
            .map_err(PromptError::Template)?;
        // What is certain to be too long is not worth the work of counting it.
        if text.len() > context as usize * self.model.longest_token {
            return Err(PromptError::TooLong {
                prompt: None,
                asked,
            });
        }
        let encoding = self
            .model
            .tokenizer
            .encode(text, false)
            .map_err(PromptError::Tokenizer)?;
        let tokens = encoding.get_ids().to_vec();
        let length = u32::try_from(tokens.len()).unwrap_or(u32::MAX);
        let left = context.saturating_sub(length);
        let allowance = asked.unwrap_or(left.min(self.about.default_max_tokens));
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
        count(&self.stats.requests);
        let lane = self.wait_in_line().await?;
        let (out, pieces) = mpsc::unbounded_channel();
        let job = Job {
            model: Arc::clone(&self.model),
            prompt,
            settings,
            out,
            closing: self.closing.clone(),
            stats: Arc::clone(&self.stats),
        };
        lane.run(|| job.run());
        Ok(Generation { pieces })
    }

    async fn wait_in_line(&self) -> Result<Lane, Failure> {
        let mut waiting = Waiting {
            _gauge: Raised::new(&self.stats.waiting),
            stats: &self.stats,
            left: true,
        };
        let entered = tokio::select! {
            lane = self.lanes.enter() => lane.ok_or(Failure::Broken),
            () = self.closing.cancelled() => Err(Failure::Closing),
        };
        waiting.left = false;
        entered
    }

    /// Ends all generations and lets no new one begin.
    pub fn close(&self) {
        self.closing.cancel();
    }
}

/// A place in line. Dropped while `left` still holds, the client gave up.
struct Waiting<'a> {
    _gauge: Raised<'a>,
    stats: &'a Stats,
    left: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.left {
            count(&self.stats.cancelled);
        }
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
