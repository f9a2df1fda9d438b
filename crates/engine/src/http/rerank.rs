//! `POST /v1/rerank`: documents in the order of how well they answer a query.

use std::cmp::Reverse;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use uuid::Uuid;
use wire::{
    BilledUnits, Document, DocumentText, MOST_DOCUMENTS, PromptUsage, RerankMeta, RerankRequest,
    RerankResponse, RerankResult, Task,
};

use super::error::ApiError;
use super::fields::{read, require};
use super::{not_for, whole};
use crate::bert::Ranked;
use crate::engine::Engine;
use crate::error::Cut;
use crate::workshop::Watch;

/// As many documents as one search unit covers.
const UNIT: u64 = 100;

pub async fn rank(
    State(engine): State<Engine>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<RerankResponse>, ApiError> {
    let request: RerankRequest = read(&whole(body)?, rules)?;
    let ranker = ranker(&engine, &request.model)
        .ok_or_else(|| not_for(&engine, &request.model, Task::Rerank))?;
    let count = request.documents.len();
    require(!request.query.is_empty(), "query", rules)?;
    require((1..=MOST_DOCUMENTS).contains(&count), "documents", rules)?;
    require(request.top_n != Some(0), "top_n", rules)?;
    let RerankRequest {
        model,
        query,
        documents,
        top_n,
        return_documents,
    } = request;
    let (ranked, documents) = engine
        .workshop
        .work(move |watch| Ok((ranker(&query, &documents, watch)?, documents)))
        .await?;
    let shown = top_n.map_or(count, |most| most as usize);
    let texts = return_documents.unwrap_or(false).then_some(documents);
    Ok(Json(RerankResponse {
        id: format!("rerank-{}", Uuid::now_v7().simple()),
        model,
        results: results(&ranked.scores, shown, texts.as_deref()),
        usage: PromptUsage::new(ranked.tokens),
        meta: RerankMeta {
            billed_units: BilledUnits {
                search_units: (count as u64).div_ceil(UNIT),
            },
        },
    }))
}

/// Scores that differ by less are one: a card rounds otherwise in a pass of 32 texts than in one of four.
const ONE_SCORE: f32 = 1e-6;

/// The best `most`, those of one score in the order of the request.
fn results(scores: &[f32], most: usize, texts: Option<&[Document]>) -> Vec<RerankResult> {
    let mut best: Vec<(usize, f32)> = scores.iter().copied().enumerate().collect();
    best.sort_by_key(|(_, score)| Reverse((score / ONE_SCORE).round() as i64));
    let shown = best.into_iter().take(most);
    shown
        .map(|(at, relevance_score)| RerankResult {
            index: at as u32,
            relevance_score,
            document: texts
                .and_then(|texts| texts.get(at))
                .map(|document| DocumentText {
                    text: document.text().to_owned(),
                }),
        })
        .collect()
}

type Ranker = Box<dyn FnOnce(&str, &[Document], &Watch) -> Result<Ranked, Cut> + Send>;

/// What ranks under the name `asked`. The embedding model does, even where a better one is there and it is not listed.
fn ranker(engine: &Engine, asked: &str) -> Option<Ranker> {
    let cross_encoder = engine.cross_encoder.clone();
    if let Some(model) = cross_encoder.filter(|model| model.about.id == asked) {
        return Some(Box::new(move |query, documents, watch| {
            model.rank(query, documents.iter().map(Document::text), watch)
        }));
    }
    let embedder = engine.embedder.clone();
    let model = embedder.filter(|model| model.about.id == asked)?;
    Some(Box::new(move |query, documents, watch| {
        model.rank(query, documents.iter().map(Document::text), watch)
    }))
}

fn rules(path: &str) -> &'static str {
    match path {
        "model" => "a string: the name of a model",
        "query" => "a string that is not empty",
        "documents" => "a list of 1 to 1000 documents, each a string or an object with `text`",
        "documents[]" => "a string or an object with `text`",
        "documents[].text" => "a string",
        "top_n" => "a whole number of at least 1",
        "return_documents" => "true or false",
        _ => "of another type or value",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_come_first_and_keep_their_place_in_the_request() {
        let documents: Vec<Document> = ["a", "b", "c"]
            .map(|text| Document::Text(text.into()))
            .into();
        let best = results(&[0.1, 0.9, 0.1], 3, Some(&documents));
        let found: Vec<_> = best.iter().map(|result| result.index).collect();
        assert_eq!(found, [1, 0, 2]);
        assert_eq!(best[0].document.as_ref().unwrap().text, "b");
        assert_eq!(results(&[0.1, 0.9], 1, None).len(), 1);
        assert!(results(&[0.1], 9, None)[0].document.is_none());
    }
}
