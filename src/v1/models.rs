//! `GET /v1/models` and `GET /v1/models/{id}`: what the pool serves.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use wire::{Model, ModelList};

use super::V1;
use super::error::ApiError;
use crate::principal::{Endpoint, Principal};

/// List the models
///
/// Those that the caller may use, whether or not a worker is free for them now.
#[utoipa::path(
    get,
    path = "/models",
    operation_id = "listModels",
    tag = "Models",
    responses((status = 200, description = "The models.", body = ModelList)),
)]
pub(super) async fn list(
    State(v1): State<V1>,
    principal: Principal,
) -> Result<Json<ModelList>, ApiError> {
    allowed(&principal)?;
    let models = v1.pool.models().into_iter();
    let may = models.filter(|model| v1.allows_model(&principal, &model.id));
    Ok(Json(ModelList::new(may.collect())))
}

/// Retrieve a model
///
/// Its card: what it can be asked for, how long its context is. Any of the model's names will do.
#[utoipa::path(
    get,
    path = "/models/{*id}",
    operation_id = "retrieveModel",
    tag = "Models",
    params(("id" = String, Path, description = "The model's id or another of its names, which may hold slashes.")),
    responses((status = 200, description = "The model.", body = Model)),
)]
pub(super) async fn retrieve(
    State(v1): State<V1>,
    principal: Principal,
    uri: Uri,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Model>, ApiError> {
    allowed(&principal)?;
    let Ok(Path(id)) = id else {
        // What is no text names no model. It is shown as it was written.
        let written = uri.path().trim_start_matches("/models/");
        return Err(v1.no_model(&principal, written));
    };
    let model = v1
        .pool
        .model(&id)
        .ok_or_else(|| v1.no_model(&principal, &id))?;
    if !v1.allows_model(&principal, &model.id) {
        return Err(ApiError::model_not_allowed(&id));
    }
    Ok(Json(Arc::unwrap_or_clone(model)))
}

fn allowed(principal: &Principal) -> Result<(), ApiError> {
    if principal.grant.allows_endpoint(Endpoint::Models) {
        Ok(())
    } else {
        Err(ApiError::scope_not_allowed(Endpoint::Models))
    }
}
