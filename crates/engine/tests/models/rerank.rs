//! Rerank by cosine: order, what is given back, and what it is counted as.

use engine::catalog::EMBEDDINGS;
use serde_json::{Value, json};

use crate::{post, router};

fn ask(more: Value) -> Value {
    let mut body = json!({
        "model": EMBEDDINGS.id,
        "query": "How do I cancel my subscription?",
        "documents": [
            "Our subscription plans start at ten dollars a month.",
            {"text": "To end your plan, open Settings, choose Billing and click Cancel subscription."},
            "The hen ran away from the fox.",
        ],
    });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    body
}

fn order(answer: &Value) -> Vec<u64> {
    let results = answer["results"].as_array().unwrap();
    results
        .iter()
        .map(|result| result["index"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn the_answer_comes_before_the_topic_and_the_topic_before_the_rest() {
    let Some(router) = router() else { return };
    let (status, answer) = post(&router, "/v1/rerank", &ask(json!({}))).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(order(&answer), [1, 0, 2]);
    let scores: Vec<f64> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["relevance_score"].as_f64().unwrap())
        .collect();
    assert!(scores.is_sorted_by(|one, other| one >= other), "{scores:?}");
    assert!(answer["id"].as_str().unwrap().starts_with("rerank-"));
    assert!(answer["results"][0].get("document").is_none());
    assert_eq!(answer["meta"]["billed_units"]["search_units"], 1);
    assert_eq!(
        answer["usage"]["prompt_tokens"],
        answer["usage"]["total_tokens"]
    );
}

#[tokio::test]
async fn top_n_and_documents_are_given_where_they_are_asked_for() {
    let Some(router) = router() else { return };
    let more = json!({"top_n": 2, "return_documents": true});
    let (_, answer) = post(&router, "/v1/rerank", &ask(more)).await;
    assert_eq!(order(&answer), [1, 0]);
    let text = answer["results"][0]["document"]["text"].as_str().unwrap();
    assert!(text.contains("Cancel subscription"), "{text}");
    let (_, answer) = post(&router, "/v1/rerank", &ask(json!({"top_n": 50}))).await;
    assert_eq!(order(&answer).len(), 3);
}

#[tokio::test]
async fn a_hundred_documents_are_one_search_unit() {
    let Some(router) = router() else { return };
    for (documents, units) in [(100, 1), (101, 2)] {
        let more = json!({"documents": vec!["hen"; documents], "top_n": 1});
        let (_, answer) = post(&router, "/v1/rerank", &ask(more)).await;
        assert_eq!(answer["meta"]["billed_units"]["search_units"], units);
        // Equal scores stay in the order of the request.
        assert_eq!(order(&answer), [0]);
    }
}
