//! `GET /v1/models` and `GET /v1/models/{id}`: what the pool serves.

use axum::Json;
use axum::extract::{Path, State};
use wire::{Model, ModelList};

use super::V1;
use super::error::ApiError;
use crate::principal::Principal;

pub(super) async fn list(State(v1): State<V1>, _: Principal) -> Json<ModelList> {
    Json(ModelList::new(v1.pool.models()))
}

pub(super) async fn retrieve(
    State(v1): State<V1>,
    _: Principal,
    Path(id): Path<String>,
) -> Result<Json<Model>, ApiError> {
    v1.pool
        .model(&id)
        .map(Json)
        .ok_or_else(|| ApiError::model_not_found(&id))
}
