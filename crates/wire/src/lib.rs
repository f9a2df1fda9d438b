//! The words of the OpenAI-compatible API: requests, responses, chunks, errors, and the framing of event streams.
//!
//! Only shapes live here, no behaviour of a server or a client, so that the gateway, the worker and the browser
//! speak from one page. The shapes follow OpenAI's published schema (<https://github.com/openai/openai-openapi>):
//! every field that it requires is written, nulls included.

mod chat;
mod embeddings;
mod error;
mod limits;
mod models;
mod moderation;
mod rerank;
pub mod sse;

pub use chat::{
    ChatChunk, ChatCompletion, ChatRequest, Choice, ChunkChoice, Content, ContentPart, Delta,
    FinishReason, Message, OutputMessage, Role, Stop, StreamOptions, Usage,
};
pub use embeddings::{
    Embedding, EmbeddingInput, EmbeddingRequest, EmbeddingResponse, EncodingFormat, MOST_INPUTS,
    PromptUsage, Vector,
};
pub use error::{ErrorBody, ErrorDetail};
pub use limits::{Buckets, Limits, RequestBucket, TokenBucket};
pub use models::{Capability, Model, ModelList, Price, Task};
pub use moderation::{
    Categories, MOST_TEXTS, ModerationInput, ModerationRequest, ModerationResponse,
    ModerationResult,
};
pub use rerank::{
    BilledUnits, Document, DocumentText, MOST_DOCUMENTS, RerankMeta, RerankRequest, RerankResponse,
    RerankResult,
};
