//! The engine's OpenAI-compatible HTTP face.

mod chat;
mod error;
mod request;

use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{Method, Uri};
use axum::routing::{get, post};
use axum::{Json, Router};
use wire::{Model, ModelList, Task};

use self::error::ApiError;
pub use self::request::turns;
use crate::catalog::CHAT_DEFAULTS;
use crate::chat::Chat;
use crate::stats::Snapshot;

/// The largest body that is read.
const BODY_LIMIT: usize = 10 << 20;

/// All routes, answered by `chat`.
pub fn router(chat: Chat) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(chat::complete))
        .route("/v1/models", get(models))
        .route("/v1/models/{id}", get(model))
        .route("/health", get(|| async {}))
        .route("/stats", get(stats))
        .fallback(async |uri: Uri| ApiError::not_found(uri.path()))
        .method_not_allowed_fallback(async |method: Method, uri: Uri| {
            ApiError::method_not_allowed(method.as_str(), uri.path())
        })
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(chat)
}

async fn models(State(chat): State<Chat>) -> Json<ModelList> {
    Json(ModelList::new(vec![listed(&chat)]))
}

async fn model(State(chat): State<Chat>, Path(id): Path<String>) -> Result<Json<Model>, ApiError> {
    if id == chat.about.id {
        Ok(Json(listed(&chat)))
    } else {
        Err(ApiError::model_not_found(&id, chat.about))
    }
}

fn listed(chat: &Chat) -> Model {
    let about = chat.about;
    Model {
        id: about.id.to_owned(),
        object: "model".to_owned(),
        created: about.created,
        owned_by: about.owner.to_owned(),
        max_model_len: Some(about.context),
        default_max_tokens: Some(CHAT_DEFAULTS.max_tokens),
        tasks: Some(vec![Task::Chat]),
        ..Model::default()
    }
}

async fn stats(State(chat): State<Chat>) -> Json<Snapshot> {
    Json(chat.workshop.stats.snapshot())
}
