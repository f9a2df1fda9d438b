//! Small models in Rust: load, generate, embed, rerank, moderate, and their OpenAI-compatible HTTP face.
//!
//! [`fetch`] brings the models onto the machine, [`serve`] loads them and answers. The parts can be had alone as well:
//! an [`Engine`] is all models in process, [`router`] is its HTTP face without a socket, and a [`Counter`] counts
//! tokens without loading any weights.

mod bert;
pub mod catalog;
pub mod chat;
mod count;
mod engine;
mod error;
mod fetch;
mod files;
mod http;
mod lanes;
mod moderation;
mod processor;
mod serve;
mod stats;
mod workshop;

pub use count::Counter;
pub use engine::Engine;
pub use error::{Failure, OpenError};
pub use fetch::{FetchError, fetch};
pub use files::installed;
pub use http::router;
pub use processor::{Processor, UnknownProcessor};
pub use serve::{Error, serve};
pub use stats::{Snapshot, Stats};
pub use workshop::Workshop;

/// What a process that calls [`serve`] should have in its environment from the start.
///
/// candle multiplies on a pool with a thread for each core, all requests take turns on it, and its threads spin while
/// they wait: on a busy machine that costs ten times the speed. Only this variable turns it off.
pub const ENVIRONMENT: (&str, &str) = ("RAYON_NUM_THREADS", "1");
