//! What can go wrong with a model: before it speaks, before it begins, and while it does.

use std::io;
use std::path::PathBuf;

/// Why a model could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "the model `{model}` is not in {dir}, or not complete: fetch it with `assisters models fetch`"
    )]
    Missing { model: &'static str, dir: PathBuf },
    #[error("{path} cannot be read")]
    Unreadable {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{path} cannot be loaded")]
    Load {
        path: PathBuf,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("no threads could be started")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// Why a conversation cannot become a prompt.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// `prompt` is counted only where it is near enough to matter; `asked` is what the client wants as an answer.
    #[error("the conversation does not fit into the model's context")]
    TooLong {
        prompt: Option<u32>,
        asked: Option<u32>,
    },
    #[error("the chat template failed")]
    Template(#[source] minijinja::Error),
    #[error("the tokenizer failed")]
    Tokenizer(#[source] tokenizers::Error),
}

/// Why there is no (whole) answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("the engine is shutting down")]
    Closing,
    #[error("the generation failed")]
    Broken,
}
