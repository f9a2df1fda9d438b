//! `POST /v1/moderations`, also under `/v1/moderate`: what is wrong with each of some texts.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use uuid::Uuid;
use wire::{MOST_TEXTS, ModerationRequest, ModerationResponse, PromptUsage, Task};

use super::error::ApiError;
use super::fields::{read, require};
use super::{not_for, whole};
use crate::engine::Engine;
use crate::moderation;

pub async fn moderate(
    State(engine): State<Engine>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<ModerationResponse>, ApiError> {
    let request: ModerationRequest = read(&whole(body)?, rules)?;
    let moderator = match (&engine.moderator, &request.model) {
        (Some(moderator), None) => Arc::clone(moderator),
        (Some(moderator), Some(asked)) if moderator.about.id == asked => Arc::clone(moderator),
        (_, Some(asked)) => return Err(not_for(&engine, asked, Task::Moderation)),
        (None, None) => return Err(ApiError::no_model_for(Task::Moderation)),
    };
    let count = request.input.texts().len();
    require((1..=MOST_TEXTS).contains(&count), "input", rules)?;
    let model = moderator.about.id.to_owned();
    let (results, tokens) = engine
        .workshop
        .work(move |watch| {
            let texts = request.input.texts();
            let results = moderator.judge(texts, watch)?;
            let tokens = texts.iter().map(|text| moderation::count(text)).sum();
            Ok((results, tokens))
        })
        .await?;
    Ok(Json(ModerationResponse {
        id: format!("modr-{}", Uuid::now_v7().simple()),
        model,
        results,
        usage: PromptUsage::new(tokens),
    }))
}

fn rules(path: &str) -> &'static str {
    match path {
        "model" => "a string: the name of a model",
        "input" => "a string or a list of 1 to 100 strings",
        "input[]" => "a string: nothing but text can be moderated",
        _ => "of another type or value",
    }
}
