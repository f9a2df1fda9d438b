//! `POST /v1/embeddings`: vectors for texts, or for the model's own tokens.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use wire::{
    Embedding, EmbeddingInput, EmbeddingRequest, EmbeddingResponse, EncodingFormat, MOST_INPUTS,
    PromptUsage, Task, Vector,
};

use super::error::ApiError;
use super::fields::{read, require};
use super::{not_for, whole};
use crate::engine::Engine;

pub async fn embed(
    State(engine): State<Engine>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<EmbeddingResponse>, ApiError> {
    let request: EmbeddingRequest = read(&whole(body)?, rules)?;
    let embedder = engine.embedder.clone();
    let Some(embedder) = embedder.filter(|model| model.about.id == request.model) else {
        return Err(not_for(&engine, &request.model, Task::Embeddings));
    };
    check(&request.input, embedder.pieces().vocabulary())?;
    if let Some(asked) = request.dimensions
        && asked != embedder.dimensions
    {
        let has = embedder.dimensions;
        let message = format!("`dimensions` must be {has}, or left out: this model has no others.");
        return Err(ApiError::invalid("dimensions", message));
    }
    let format = request.encoding_format.unwrap_or_default();
    let model = Arc::clone(&embedder);
    let embedded = engine
        .workshop
        .work(move |watch| model.embed(&request.input, watch))
        .await?;
    let data = embedded.vectors.into_iter().zip(0..);
    Ok(Json(EmbeddingResponse {
        object: "list".to_owned(),
        model: embedder.about.id.to_owned(),
        data: data
            .map(|(vector, index)| Embedding {
                object: "embedding".to_owned(),
                index,
                embedding: write(vector, format),
            })
            .collect(),
        usage: PromptUsage::new(embedded.tokens),
    }))
}

fn write(vector: Vec<f32>, format: EncodingFormat) -> Vector {
    match format {
        EncodingFormat::Float => Vector::Floats(vector),
        EncodingFormat::Base64 => {
            let bytes: Vec<u8> = vector.into_iter().flat_map(f32::to_le_bytes).collect();
            Vector::Base64(BASE64_STANDARD.encode(bytes))
        }
    }
}

/// Refuses what has nothing to embed, or too much, or tokens that the model does not have.
fn check(input: &EmbeddingInput, vocabulary: u32) -> Result<(), ApiError> {
    require((1..=MOST_INPUTS).contains(&input.len()), "input", rules)?;
    let item = |at: usize| format!("input[{at}]");
    match input {
        EmbeddingInput::Text(text) => require(!text.is_empty(), "input", rules),
        EmbeddingInput::Texts(texts) => match texts.iter().position(String::is_empty) {
            Some(at) => require(false, &item(at), rules),
            None => Ok(()),
        },
        EmbeddingInput::Tokens(tokens) => known(tokens, "input", vocabulary),
        EmbeddingInput::TokenLists(lists) => {
            lists.iter().enumerate().try_for_each(|(at, tokens)| {
                require(!tokens.is_empty(), &item(at), rules)?;
                known(tokens, &item(at), vocabulary)
            })
        }
    }
}

fn known(tokens: &[u32], list: &str, vocabulary: u32) -> Result<(), ApiError> {
    let Some(at) = tokens.iter().position(|&token| token >= vocabulary) else {
        return Ok(());
    };
    let (param, token, last) = (format!("{list}[{at}]"), tokens[at], vocabulary - 1);
    let message = format!("`{param}` is {token}, and the model's tokens end at {last}.");
    Err(ApiError::invalid(&param, message))
}

fn rules(path: &str) -> &'static str {
    match path {
        "model" => "a string: the name of a model",
        "input" => {
            "a string, a list of strings, of tokens or of lists of tokens; 1 to 2048 items, none of them empty"
        }
        "input[]" => "of the same kind as the first item, and not empty",
        "input[][]" => "a token: a whole number, not negative",
        "encoding_format" => "`float` or `base64`",
        "dimensions" => "a whole number",
        _ => "of another type or value",
    }
}
