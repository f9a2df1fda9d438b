//! The counter agrees with what the worker reports, to the token.

use engine::Counter;
use engine::catalog::{CHAT, EMBEDDINGS, MODERATION};
use serde_json::{Value, json};
use wire::{EmbeddingInput, Message};

use crate::{embed, models_dir, moderate, post, router};

const TEXTS: [&str; 5] = [
    "Hi",
    "What is the capital of France? Paris, 1234 and 5.6!",
    "Übergrößenträger 日本語 🎉 e\u{301}",
    "[CLS] <|im_end|> [SEP] unaffable\t\n  x",
    "supercalifragilisticexpialidocious-supercalifragilisticexpialidocious",
];

fn long() -> String {
    "A long text, of many words; ".repeat(400)
}

fn prompt_tokens(answer: &Value) -> Option<u64> {
    answer["usage"]["prompt_tokens"].as_u64()
}

#[tokio::test]
async fn conversations_are_counted_as_the_worker_counts_them() {
    let (Some(router), Some(dir)) = (router(), models_dir()) else {
        return;
    };
    let counter = Counter::new(&dir);
    for text in TEXTS.into_iter().chain([long().get(..3000).unwrap()]) {
        for messages in [
            json!([{"role": "user", "content": text}]),
            json!([
                {"role": "developer", "content": "Be brief."},
                {"role": "user", "content": [{"type": "text", "text": text}, {"type": "text", "text": "!"}]},
                {"role": "assistant", "content": null},
                {"role": "user", "content": "And?"},
            ]),
        ] {
            let body = json!({"model": CHAT.id, "messages": messages, "max_tokens": 1});
            let (_, answer) = post(&router, "/v1/chat/completions", &body).await;
            let messages: Vec<Message> = serde_json::from_value(messages).unwrap();
            let counted = counter.chat(CHAT.id, &messages);
            assert!(counted.is_some());
            assert_eq!(counted, prompt_tokens(&answer), "{text}");
        }
    }
}

#[tokio::test]
async fn inputs_are_counted_as_the_worker_counts_them() {
    let (Some(router), Some(dir)) = (router(), models_dir()) else {
        return;
    };
    let counter = Counter::new(&dir);
    for input in [
        json!("Hi"),
        json!(TEXTS),
        json!([long(), "x"]),
        json!([7592, 2088]),
        json!([[7592], [101, 2088, 102]]),
    ] {
        let answer = embed(&router, input.clone()).await;
        let input: EmbeddingInput = serde_json::from_value(input).unwrap();
        let counted = counter.embeddings(EMBEDDINGS.id, &input);
        assert!(counted.is_some());
        assert_eq!(counted, prompt_tokens(&answer), "{input:?}");
    }
}

#[tokio::test]
async fn documents_and_texts_are_counted_as_the_worker_counts_them() {
    let (Some(router), Some(dir)) = (router(), models_dir()) else {
        return;
    };
    let counter = Counter::new(&dir);
    let body = json!({"model": EMBEDDINGS.id, "query": long(), "documents": TEXTS});
    let (_, answer) = post(&router, "/v1/rerank", &body).await;
    let counted = counter.rerank(EMBEDDINGS.id, &long(), &TEXTS);
    assert!(counted.is_some());
    assert_eq!(counted, prompt_tokens(&answer));

    let answer = moderate(&router, json!(TEXTS)).await;
    let counted = counter.moderation(MODERATION.id, &TEXTS);
    assert!(counted.is_some());
    assert_eq!(counted, prompt_tokens(&answer));
}

#[test]
fn what_is_not_here_is_not_counted() {
    let empty = tempfile::tempdir().unwrap();
    let counter = Counter::new(empty.path());
    let messages = [Message::text(wire::Role::User, "Hi")];
    assert_eq!(counter.chat(CHAT.id, &messages), None);
    assert_eq!(counter.moderation(MODERATION.id, &["Hi"]), None);
    let Some(dir) = models_dir() else { return };
    let counter = Counter::new(&dir);
    assert_eq!(counter.chat("gpt-5", &messages), None);
    assert_eq!(counter.chat(EMBEDDINGS.id, &messages), None);
    assert_eq!(counter.rerank(CHAT.id, "Hi", &["Hi"]), None);
    assert_eq!(
        counter.embeddings("gpt-5", &EmbeddingInput::Text("Hi".into())),
        None
    );
}
