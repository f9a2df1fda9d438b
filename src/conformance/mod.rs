//! `assisters conformance`: drives a worker of any make through the cases that a gateway meets, and tells what may be
//! relied on.
//!
//! It asks as a client would, with small requests, and looks at the worker's own numbers only to see whether leaving a
//! stream frees it. What others ask of the worker meanwhile can blur that.

mod address;
mod chat;
mod client;
mod connection;
mod doors;
mod embeddings;
mod errors;
mod leaving;
mod load;
mod models;
mod others;
mod report;
mod stream;

use std::time::Duration;

use clap::Args;
use hyper::header::{HeaderValue, InvalidHeaderValue};
use url::Url;

pub use client::CallError;
use client::Client;
use doors::Door;
pub use report::Report;
use report::Row;

#[derive(Args, Debug)]
pub struct ConformanceArgs {
    /// The worker's base address, with or without /v1; its key, if it wants one, is read from ASSISTERS_WORKER_KEY
    #[arg(value_name = "URL", value_parser = address::base)]
    url: Url,
    /// Ask for this model instead of those that the worker lists
    #[arg(long, value_name = "ID")]
    model: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// A worker to be examined.
pub struct Target {
    pub base: Url,
    pub model: Option<String>,
    /// What its `Authorization` header says.
    pub key: Option<HeaderValue>,
    pub patience: Patience,
}

/// How long to wait.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For an answer, and for each piece of one: a worker may have to load its model first.
    pub answer: Duration,
    /// For a worker to be free again after its client has left.
    pub freed: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            answer: Duration::from_secs(120),
            freed: Duration::from_secs(5),
        }
    }
}

/// Why a worker could not be examined.
#[derive(Debug, thiserror::Error)]
pub enum ConformanceError {
    #[error("ASSISTERS_WORKER_KEY holds what no header can carry; give it the key alone")]
    Key(#[source] InvalidHeaderValue),
    #[error("{0} cannot be examined")]
    Unreachable(String, #[source] CallError),
    #[error("{0} wants a key, or another one: put it into ASSISTERS_WORKER_KEY")]
    Unauthorized(String),
}

impl Target {
    pub fn new(args: &ConformanceArgs, key: Option<&str>) -> Result<Target, ConformanceError> {
        let key = match key.map(str::trim).filter(|key| !key.is_empty()) {
            Some(key) => {
                let value = HeaderValue::try_from(format!("Bearer {key}"));
                let mut value = value.map_err(ConformanceError::Key)?;
                value.set_sensitive(true);
                Some(value)
            }
            None => None,
        };
        Ok(Target {
            base: args.url.clone(),
            model: args.model.clone(),
            key,
            patience: Patience::default(),
        })
    }
}

/// Asks all there is to ask, one request after the other.
pub async fn examine(target: Target) -> Result<Report, ConformanceError> {
    let shown = target.base.as_str().trim_end_matches('/').to_owned();
    let client = Client::new(target.base, target.key, target.patience.answer);
    let listed = client
        .get("/v1/models")
        .await
        .map_err(|error| ConformanceError::Unreachable(shown.clone(), error))?;
    if matches!(listed.status, 401 | 403) {
        return Err(ConformanceError::Unauthorized(shown));
    }
    let models = models::read(&listed, target.model.as_deref());
    let mut rows = vec![Row::needed("models", models.found)];
    let cards = models.cards;

    let chat = chat::door(&client, &cards).await;
    rows.push(Row::needed("chat", chat.found()));
    let mut pace = None;
    if let Door::Open { card, answer } = &chat {
        rows.extend(chat::examine(&client, card, answer).await);
        let streamed = stream::examine(&client, &card.id).await;
        rows.extend(streamed.rows);
        pace = streamed.pace;
    }
    let embeddings = embeddings::door(&client, &cards).await;
    rows.push(Row::needed("embeddings", embeddings.found()));
    if let Door::Open { card, answer } = &embeddings {
        rows.extend(embeddings::examine(&client, &card.id, answer).await);
    }
    let rerank = others::rerank(&client, &cards).await;
    rows.push(Row::needed("rerank", rerank.found()));
    let moderation = others::moderation(&client, &cards).await;
    rows.push(Row::needed("moderation", moderation.found()));

    let asked = [
        (chat::PATH, &chat),
        (embeddings::PATH, &embeddings),
        (others::RERANK, &rerank),
        (others::MODERATIONS, &moderation),
    ];
    let open = asked.iter().find(|(_, door)| door.is_open());
    if let Some((path, _)) = open {
        rows.extend(errors::examine(&client, path, &chat).await);
    }
    if let Door::Open { card, .. } = &chat {
        let freed = leaving::examine(&client, card, pace, target.patience.freed).await;
        rows.push(Row::extra("cancellation", freed));
    }
    rows.push(Row::extra("keep-alive", connection::examine(&client).await));
    Ok(Report::new(shown, rows, open.is_some()))
}
