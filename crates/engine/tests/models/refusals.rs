//! What is refused, and which field is named.

use engine::catalog::{CHAT, EMBEDDINGS, MODERATION};
use serde_json::{Value, json};

use crate::{post, router};

async fn refused(path: &str, body: Value, code: &str, param: &str) {
    let Some(router) = router() else { return };
    let (status, answer) = post(&router, path, &body).await;
    let error = &answer["error"];
    assert_eq!(
        status,
        if code == "model_not_found" { 404 } else { 400 },
        "{body}: {answer}"
    );
    assert_eq!(
        (&error["code"], &error["param"]),
        (&json!(code), &json!(param)),
        "{body}: {error}"
    );
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    );
}

#[tokio::test]
async fn an_input_is_refused_where_it_is_wrong() {
    let path = "/v1/embeddings";
    let body = |input: Value| json!({"model": EMBEDDINGS.id, "input": input});
    for (input, param) in [
        (json!(""), "input"),
        (json!([]), "input"),
        (json!(null), "input"),
        (json!(7), "input"),
        (json!(vec!["x"; 2049]), "input"),
        (json!(["a", "b", "c", ""]), "input[3]"),
        (json!(["a", 1]), "input[1]"),
        (json!([1, -1]), "input[1]"),
        (json!([1, 2, 30_522]), "input[2]"),
        (json!([[1], []]), "input[1]"),
        (json!([[1], [1, 30_522]]), "input[1][1]"),
        (json!([[1], [1, "a"]]), "input[1][1]"),
    ] {
        refused(path, body(input), "invalid_parameter", param).await;
    }
    let with = |field: &str, value: Value| {
        let mut body = body(json!("Hi"));
        body[field] = value;
        body
    };
    for (field, value) in [
        ("encoding_format", json!("hex")),
        ("dimensions", json!(256)),
        ("dimensions", json!("x")),
    ] {
        refused(path, with(field, value), "invalid_parameter", field).await;
    }
    refused(
        path,
        json!({"model": EMBEDDINGS.id}),
        "missing_parameter",
        "input",
    )
    .await;
    refused(path, json!({"input": "Hi"}), "missing_parameter", "model").await;
}

#[tokio::test]
async fn documents_are_refused_where_they_are_wrong() {
    let body =
        |documents: Value| json!({"model": EMBEDDINGS.id, "query": "q", "documents": documents});
    for (documents, code, param) in [
        (json!([]), "invalid_parameter", "documents"),
        (json!(vec!["x"; 1001]), "invalid_parameter", "documents"),
        (json!(["a", 5]), "invalid_parameter", "documents[1]"),
        (
            json!([{"text": 5}]),
            "invalid_parameter",
            "documents[0].text",
        ),
        (
            json!([{"title": "x"}]),
            "missing_parameter",
            "documents[0].text",
        ),
    ] {
        refused("/v1/rerank", body(documents), code, param).await;
    }
    for (field, value) in [
        ("query", json!("")),
        ("top_n", json!(0)),
        ("return_documents", json!("yes")),
    ] {
        let mut body = body(json!(["a"]));
        body[field] = value;
        refused("/v1/rerank", body, "invalid_parameter", field).await;
    }
}

#[tokio::test]
async fn texts_are_refused_where_they_are_wrong() {
    for (input, param) in [
        (json!([]), "input"),
        (json!(vec!["x"; 101]), "input"),
        (json!(["a", {"type": "image_url"}]), "input[1]"),
        (json!(5), "input"),
    ] {
        refused(
            "/v1/moderations",
            json!({"input": input}),
            "invalid_parameter",
            param,
        )
        .await;
    }
    refused("/v1/moderate", json!({}), "missing_parameter", "input").await;
}

#[tokio::test]
async fn a_model_is_refused_for_what_it_cannot_do() {
    let Some(router) = router() else { return };
    let chat =
        |model: &str| json!({"model": model, "messages": [{"role": "user", "content": "Hi"}]});
    let embed = |model: &str| json!({"model": model, "input": "Hi"});
    let rank = |model: &str| json!({"model": model, "query": "q", "documents": ["a"]});
    for (path, body, other) in [
        ("/v1/chat/completions", chat(EMBEDDINGS.id), CHAT.id),
        ("/v1/embeddings", embed(CHAT.id), EMBEDDINGS.id),
        ("/v1/rerank", rank(MODERATION.id), EMBEDDINGS.id),
        ("/v1/moderations", embed(EMBEDDINGS.id), MODERATION.id),
    ] {
        refused(path, body.clone(), "invalid_parameter", "model").await;
        let (_, answer) = post(&router, path, &body).await;
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(&format!("`{other}`")), "{message}");
    }
    for (path, body) in [
        ("/v1/chat/completions", chat("gpt-5")),
        ("/v1/embeddings", embed("gpt-5")),
        ("/v1/rerank", rank("gpt-5")),
        ("/v1/moderate", embed("gpt-5")),
    ] {
        refused(path, body, "model_not_found", "model").await;
    }
}
