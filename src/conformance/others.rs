//! Rerank and moderation: each is one case.

use serde_json::{Value, json};
use wire::Task;

use super::client::{Answer, Client};
use super::doors::{self, Door};
use super::models::Card;

pub(super) const RERANK: &str = "/v1/rerank";
pub(super) const MODERATIONS: &str = "/v1/moderations";
const DOCUMENTS: [&str; 3] = [
    "Ships sail.",
    "Bread is baked in an oven.",
    "The sky is blue.",
];

pub(super) async fn rerank(client: &Client, cards: &[Card]) -> Door {
    let body = |model: &str| json!({"model": model, "query": "How is bread made?", "documents": DOCUMENTS});
    doors::knock(client, (RERANK, Task::Rerank), cards, body, misranked).await
}

fn misranked(answer: &Answer) -> Option<&'static str> {
    let Some(results) = answer.json["results"].as_array() else {
        return Some("no `results`");
    };
    let mut indices: Vec<_> = results
        .iter()
        .filter_map(|result| result["index"].as_u64())
        .collect();
    indices.sort_unstable();
    if indices != [0, 1, 2] {
        return Some("not a result for each document");
    }
    let scores = results
        .iter()
        .map(|result| result["relevance_score"].as_f64());
    match scores.collect::<Option<Vec<_>>>() {
        None => Some("a result has no `relevance_score`"),
        Some(scores) => (!scores.is_sorted_by(|a, b| a >= b)).then_some("the best is not first"),
    }
}

pub(super) async fn moderation(client: &Client, cards: &[Card]) -> Door {
    let body = |model: &str| json!({"model": model, "input": ["Hello.", "How are you?"]});
    let unjudged = |answer: &Answer| {
        let results = answer.json["results"].as_array();
        let judged = |result: &Value| result["flagged"].is_boolean();
        match results {
            Some(results) if results.len() == 2 && results.iter().all(judged) => None,
            _ => Some("not a `flagged` for each text"),
        }
    };
    doors::knock(
        client,
        (MODERATIONS, Task::Moderation),
        cards,
        body,
        unjudged,
    )
    .await
}
