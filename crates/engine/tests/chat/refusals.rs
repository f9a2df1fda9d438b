//! What is refused, and in which words.

use serde_json::json;

use crate::{ask, chat, get, post};

#[tokio::test]
async fn what_does_not_fit_the_context_is_refused() {
    let Some(router) = chat().map(engine::router) else {
        return;
    };
    for body in [
        ask(&"many words ".repeat(2500), json!({})),
        ask(&"long".repeat(2_000_000), json!({})),
        ask("Hi", json!({"max_tokens": 4090})),
    ] {
        let (status, refused) = post(&router, body).await;
        assert_eq!(status, 400);
        assert_eq!(refused["error"]["code"], "context_length_exceeded");
        assert_eq!(refused["error"]["param"], "messages");
        let message = refused["error"]["message"].as_str().unwrap();
        assert!(message.contains("4096"), "{message}");
    }
}

#[tokio::test]
async fn errors_have_all_four_fields_on_every_path() {
    let Some(router) = chat().map(engine::router) else {
        return;
    };
    let huge = ask(&"x".repeat(10 << 20), json!({}));
    let answers = [
        (404, "not_found", get(&router, "/v2").await),
        (
            405,
            "method_not_allowed",
            get(&router, "/v1/chat/completions").await,
        ),
        (
            404,
            "model_not_found",
            get(&router, "/v1/models/gpt-5").await,
        ),
        (
            404,
            "model_not_found",
            post(&router, ask("Hi", json!({"model": "gpt-5"}))).await,
        ),
        (
            400,
            "invalid_parameter",
            post(&router, ask("Hi", json!({"n": 2}))).await,
        ),
        (413, "body_too_large", post(&router, huge).await),
    ];
    for (status, code, (found, body)) in answers {
        assert_eq!(found, status, "{body}");
        let error = body["error"].as_object().unwrap();
        assert_eq!(error["code"], code);
        assert_eq!(error["type"], "invalid_request_error");
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
        assert!(error.contains_key("param"));
    }
}
