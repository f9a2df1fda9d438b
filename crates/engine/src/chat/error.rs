//! What can go wrong with a conversation before the model speaks.

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
