//! The engine's OpenAI-compatible HTTP face.

mod chat;
mod embeddings;
mod error;
mod fields;
mod moderations;
mod request;
mod rerank;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{Method, Uri};
use axum::routing::{get, post};
use axum::{Json, Router};
use wire::{Model, ModelList, Task};

use self::error::ApiError;
pub use self::request::turns;
use crate::engine::Engine;
use crate::stats::Snapshot;

/// The largest body that is read.
const BODY_LIMIT: usize = 10 << 20;

/// All routes, answered by `engine`'s models.
pub fn router(engine: Engine) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(chat::complete))
        .route("/v1/embeddings", post(embeddings::embed))
        .route("/v1/rerank", post(rerank::rank))
        .route("/v1/moderations", post(moderations::moderate))
        .route("/v1/moderate", post(moderations::moderate))
        .route("/v1/models", get(models))
        .route("/v1/models/{id}", get(model))
        .route("/health", get(|| async {}))
        .route("/stats", get(stats))
        .fallback(async |uri: Uri| ApiError::not_found(uri.path()))
        .method_not_allowed_fallback(async |method: Method, uri: Uri| {
            ApiError::method_not_allowed(method.as_str(), uri.path())
        })
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(engine)
}

async fn models(State(engine): State<Engine>) -> Json<ModelList> {
    Json(ModelList::new(engine.cards()))
}

async fn model(
    State(engine): State<Engine>,
    Path(id): Path<String>,
) -> Result<Json<Model>, ApiError> {
    let mut cards = engine.cards();
    match cards.iter().position(|card| card.id == id) {
        Some(at) => Ok(Json(cards.swap_remove(at))),
        None => Err(ApiError::model_not_found(&id, &cards)),
    }
}

async fn stats(State(engine): State<Engine>) -> Json<Snapshot> {
    Json(engine.workshop.stats.snapshot())
}

/// The whole body of a request, if it came.
fn whole(body: Result<Bytes, BytesRejection>) -> Result<Bytes, ApiError> {
    body.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(failed) if failed.status() == 413 => {
            ApiError::body_too_large(BODY_LIMIT)
        }
        _ => ApiError::unread_body(),
    })
}

/// Why the model `asked` does not answer a request for `task`: it cannot, or there is none of that name.
fn not_for(engine: &Engine, asked: &str, task: Task) -> ApiError {
    let cards = engine.cards();
    match cards.iter().any(|card| card.id == asked) {
        true => ApiError::wrong_task(asked, task, &cards),
        false => ApiError::model_not_found(asked, &cards),
    }
}
