//! `POST /v1/rerank`.

use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use engine::Counter;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use uuid::Uuid;
use wire::{
    BilledUnits, Document, DocumentText, MOST_DOCUMENTS, PromptUsage, RerankMeta, RerankResponse,
    RerankResult, Task, Usage,
};

use super::call::{Call, Outcome, Target};
use super::error::ApiError;
use super::exchange::Exchange;
use super::fields::{self, estimate};
use super::plain;
use crate::pool::Pool;
use crate::principal::Endpoint;

static TARGET: Target = Target {
    endpoint: Endpoint::Rerank,
    task: Task::Rerank,
    path: "/v1/rerank",
    count,
};

/// Tokens that a model may put around a pair of query and document.
const TOKENS_AROUND_A_PAIR: u64 = 4;

pub(super) const PATH: &str = "/rerank";

/// Rank documents
///
/// The documents, best first, by how well each answers the query.
#[utoipa::path(
    post,
    path = "/rerank",
    operation_id = "rerank",
    tag = "Rerank",
    responses((status = 200, description = "The ranking.", body = RerankResponse)),
)]
pub(super) async fn create(exchange: Exchange, request: Request) -> Response {
    match exchange.begin(&TARGET, request, parse).await {
        Ok(work) => plain::answer(work).await,
        Err(answered) => answered,
    }
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    query: Option<&'a RawValue>,
    #[serde(borrow)]
    documents: Option<&'a RawValue>,
    #[serde(borrow)]
    top_n: Option<&'a RawValue>,
    #[serde(borrow)]
    return_documents: Option<&'a RawValue>,
}

pub(super) fn parse(pool: &Pool, body: &Bytes) -> Result<Call, ApiError> {
    let fields: Fields<'_> = fields::object(body)?;
    let asked = fields::model(fields.model)?;
    let text = "a string that is not empty";
    let query: String = fields::required(fields.query, "query", text)?;
    if query.is_empty() {
        return Err(ApiError::invalid("query", text));
    }
    let documents = fields
        .documents
        .ok_or_else(|| ApiError::missing("documents"))?;
    let documents = texts(documents)?;
    let top_n = fields::count(fields.top_n, "top_n")?;
    let returned = fields::optional(fields.return_documents, "return_documents", "true or false")?
        .unwrap_or(false);
    // A cross-encoder reads the query once with each document.
    let around = estimate(query.len()).saturating_add(TOKENS_AROUND_A_PAIR);
    let prompt_tokens = documents.iter().fold(0u64, |sum, document| {
        sum.saturating_add(estimate(document.len()).saturating_add(around))
    });
    let wanted = Wanted {
        model: pool.id_of(&asked).to_owned(),
        top_n: top_n.map_or(usize::MAX, |most| {
            usize::try_from(most).unwrap_or(usize::MAX)
        }),
        units: u64::try_from(documents.len().div_ceil(DOCUMENTS_A_UNIT)).unwrap_or(u64::MAX),
        documents: returned.then_some(documents),
    };
    let read = Box::new(|body: &Bytes, prompt_tokens| outcome(body, wanted, prompt_tokens));
    Ok(Call::new(&TARGET, asked, body.clone(), prompt_tokens, read))
}

/// As Cohere counts its search units.
const DOCUMENTS_A_UNIT: usize = 100;

fn texts(raw: &RawValue) -> Result<Vec<String>, ApiError> {
    let expected = "a list of strings, or of objects with a `text`";
    let items = fields::list(raw, "documents", MOST_DOCUMENTS, expected)?;
    let text = |(at, item): (usize, &&RawValue)| {
        let path = format!("documents[{at}]");
        match serde_json::from_str::<Document>(item.get()) {
            Ok(Document::Text(text) | Document::Object(DocumentText { text })) => Ok(text),
            Err(_) if fields::begins_with(item, '{') => {
                Err(ApiError::invalid(path + ".text", "a string"))
            }
            Err(_) => Err(ApiError::invalid(
                path,
                "a string, or an object with a `text`",
            )),
        }
    };
    items.iter().enumerate().map(text).collect()
}

/// What the answer is to hold. Workers differ in the shape of theirs, so the client's is made here.
struct Wanted {
    model: String,
    top_n: usize,
    /// Their texts, where they are to be returned.
    documents: Option<Vec<String>>,
    units: u64,
}

/// For the API's description: what [`parse`] takes.
pub(super) fn describe_body() -> Value {
    let text = json!({ "type": "string" });
    let object = json!({ "type": "object", "required": ["text"], "properties": { "text": text } });
    let schema = json!({
        "type": "object",
        "required": ["model", "query", "documents"],
        "properties": {
            "model": { "type": "string", "description": "A model's id, as GET /v1/models lists them.", "examples": ["all-minilm-l6-v2"] },
            "query": { "type": "string", "minLength": 1, "description": "What the documents are held against." },
            "documents": {
                "type": "array", "minItems": 1, "maxItems": MOST_DOCUMENTS,
                "description": "Texts, as they are or as `{\"text\": …}`.",
                "items": { "anyOf": [text, object] },
            },
            "top_n": {
                "type": ["integer", "null"], "minimum": 1, "maximum": fields::MOST,
                "description": "How many of the best to give; all, where it is left out.",
            },
            "return_documents": { "type": ["boolean", "null"], "description": "Whether each result carries its document's text." },
        },
    });
    let example = json!({
        "model": "all-minilm-l6-v2",
        "query": "How do I cancel my subscription?",
        "documents": ["Plans can be cancelled on the billing page.", "Our office is closed on Sundays."],
        "top_n": 1,
    });
    json!({ "schema": schema, "examples": { "question": { "value": example } } })
}

fn count(counter: &Counter, model: &str, body: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Prompt {
        query: String,
        documents: Vec<Document>,
    }
    let prompt: Prompt = serde_json::from_slice(body).ok()?;
    let documents: Vec<&str> = prompt.documents.iter().map(Document::text).collect();
    counter.rerank(model, &prompt.query, &documents)
}

/// A worker's answer: vLLM's, Infinity's, Cohere's and our own all have this much.
#[derive(Deserialize)]
struct Answer {
    id: Option<String>,
    results: Vec<Ranked>,
    #[serde(default, deserialize_with = "fields::if_readable")]
    usage: Option<AnswerUsage>,
}

#[derive(Deserialize)]
struct Ranked {
    index: u32,
    relevance_score: f32,
}

#[derive(Deserialize)]
struct AnswerUsage {
    prompt_tokens: Option<u64>,
    total_tokens: Option<u64>,
}

fn outcome(body: &Bytes, wanted: Wanted, prompt_tokens: u64) -> Option<Outcome> {
    let answer: Answer = serde_json::from_slice(body).ok()?;
    let used = answer
        .usage
        .and_then(|usage| usage.prompt_tokens.or(usage.total_tokens));
    let mut ranked = answer.results;
    ranked.sort_by(|one, other| other.relevance_score.total_cmp(&one.relevance_score));
    let results = ranked.into_iter().take(wanted.top_n).map(|ranked| {
        let document = wanted.documents.as_ref().and_then(|documents| {
            let text = documents.get(usize::try_from(ranked.index).ok()?)?.clone();
            Some(DocumentText { text })
        });
        RerankResult {
            index: ranked.index,
            relevance_score: ranked.relevance_score,
            document,
        }
    });
    let response = RerankResponse {
        id: answer
            .id
            .filter(|id| id.starts_with("rerank-"))
            .unwrap_or_else(|| format!("rerank-{}", Uuid::now_v7().simple())),
        results: results.collect(),
        model: wanted.model,
        usage: PromptUsage::new(used.unwrap_or(prompt_tokens)),
        meta: RerankMeta {
            billed_units: BilledUnits {
                search_units: wanted.units,
            },
        },
    };
    Some(Outcome {
        usage: used.map(|tokens| Usage::new(tokens, 0)),
        rewritten: Some(serde_json::to_vec(&response).ok()?.into()),
        ..Outcome::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted {
            model: "m".into(),
            top_n: 2,
            documents: Some(vec!["a".into(), "b".into(), "c".into()]),
            units: 1,
        }
    }

    #[test]
    fn a_workers_ranking_is_put_into_our_shape() {
        let body = Bytes::from_static(
            br#"{"id":"score-7","model":"other","results":[
                {"index":0,"relevance_score":0.1,"document":{"text":"?"}},
                {"index":2,"relevance_score":0.9},{"index":1,"relevance_score":0.5}],
                "usage":{"total_tokens":7}}"#,
        );
        let outcome = outcome(&body, wanted(), 9).unwrap();
        assert_eq!(outcome.usage, Some(Usage::new(7, 0)));
        let answer: RerankResponse = serde_json::from_slice(&outcome.rewritten.unwrap()).unwrap();
        let ranked: Vec<_> = answer
            .results
            .iter()
            .map(|result| {
                (
                    result.index,
                    result.document.as_ref().map(|it| it.text.as_str()),
                )
            })
            .collect();
        assert_eq!(ranked, [(2, Some("c")), (1, Some("b"))]);
        assert!(answer.id.starts_with("rerank-"));
        assert_eq!((answer.model.as_str(), answer.usage.total_tokens), ("m", 7));
    }

    #[test]
    fn a_worker_that_does_not_count_is_counted_for() {
        let body = Bytes::from_static(br#"{"results":[]}"#);
        let outcome = outcome(&body, wanted(), 9).unwrap();
        assert_eq!(outcome.usage, None);
        let answer: RerankResponse = serde_json::from_slice(&outcome.rewritten.unwrap()).unwrap();
        assert_eq!(answer.usage, PromptUsage::new(9));
    }
}
