//! The words of the OpenAI-compatible API: requests, responses, chunks, errors, and the framing of event streams.
//!
//! Only shapes live here, no behaviour of a server or a client, so that the gateway, the worker and the browser
//! speak from one page. The shapes follow OpenAI's published schema (<https://github.com/openai/openai-openapi>):
//! every field that it requires is written, nulls included.

mod chat;
mod error;
mod models;
pub mod sse;

pub use chat::{
    ChatChunk, ChatCompletion, ChatRequest, Choice, ChunkChoice, Content, ContentPart, Delta,
    FinishReason, Message, OutputMessage, Role, Stop, StreamOptions, Usage,
};
pub use error::{ErrorBody, ErrorDetail};
pub use models::{Model, ModelList};
