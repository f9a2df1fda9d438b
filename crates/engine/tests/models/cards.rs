//! What the worker says of its models, and which of them it serves.

use std::path::Path;

use engine::Engine;
use engine::catalog::{
    CHAT, CONFIG, CROSS_ENCODER, EMBEDDINGS, MODERATION, Model, TENSORS, TOKENIZER,
};
use serde_json::{Value, json};

use crate::{get, models_dir, post, processor, router};

async fn listed(router: &axum::Router) -> Vec<Value> {
    let (_, list) = get(router, "/v1/models").await;
    list["data"].as_array().unwrap().clone()
}

fn link(from: &Path, to: &Path, model: &Model) {
    std::os::unix::fs::symlink(from.join(model.id), to.join(model.id)).unwrap();
}

#[tokio::test]
async fn every_model_is_listed_with_what_it_can_do() {
    let Some(router) = router() else { return };
    let cards = listed(&router).await;
    let find = |id: &str| cards.iter().find(|card| card["id"] == id).unwrap();
    assert_eq!(cards[0]["id"], CHAT.id);
    assert_eq!(cards[0]["tasks"], json!(["chat"]));
    let embeddings = find(EMBEDDINGS.id);
    assert_eq!(embeddings["dimensions"], 384);
    assert_eq!(embeddings["max_model_len"], 256);
    let moderation = find(MODERATION.id);
    assert_eq!(moderation["tasks"], json!(["moderation"]));
    assert_eq!(
        moderation["moderation_categories"],
        json!({
            "harassment": "classifier",
            "harassment/threatening": "classifier+prototypes",
            "hate": "classifier+prototypes",
            "self-harm": "prototypes",
            "sexual": "prototypes",
            "violence": "prototypes",
        })
    );
    for card in &cards {
        let path = format!("/v1/models/{}", card["id"].as_str().unwrap());
        assert_eq!(get(&router, &path).await.1, *card);
    }
}

#[tokio::test]
async fn what_is_installed_is_served_without_the_rest() {
    let Some(dir) = models_dir() else { return };
    let some = tempfile::tempdir().unwrap();
    assert!(Engine::open(some.path(), processor()).is_err());
    link(&dir, some.path(), &MODERATION);
    // Of the right sizes, and nothing else about it is right.
    let damaged = some.path().join(CHAT.id);
    std::fs::create_dir(&damaged).unwrap();
    for file in CHAT.files {
        let made = std::fs::File::create(damaged.join(file.name)).unwrap();
        made.set_len(file.bytes).unwrap();
    }
    assert_eq!(engine::installed(some.path()), [CHAT.id, MODERATION.id]);
    let router = engine::router(Engine::open(some.path(), processor()).unwrap());
    let cards = listed(&router).await;
    assert_eq!(cards.len(), 1);
    // Without the embedding model nobody can tell the other categories.
    let told = cards[0]["moderation_categories"].as_object().unwrap();
    assert_eq!(
        told.keys().collect::<Vec<_>>(),
        ["harassment", "harassment/threatening", "hate"]
    );
    let body = json!({"input": "You are so dumb and stupid!"});
    let (_, answer) = post(&router, "/v1/moderate", &body).await;
    assert_eq!(answer["results"][0]["flagged"], true, "{answer}");
    let body = json!({"model": EMBEDDINGS.id, "input": "Hi"});
    assert_eq!(post(&router, "/v1/embeddings", &body).await.0, 404);
}

#[tokio::test]
async fn a_cross_encoder_takes_over_where_somebody_has_put_one() {
    let Some(dir) = models_dir() else { return };
    let some = tempfile::tempdir().unwrap();
    link(&dir, some.path(), &EMBEDDINGS);
    // The embedding model's own network with a classifier on top: of the right form, though it was trained for nothing.
    let guest = some.path().join(CROSS_ENCODER.id);
    std::fs::create_dir(&guest).unwrap();
    let model = dir.join(EMBEDDINGS.id);
    for name in [CONFIG, TOKENIZER] {
        std::fs::copy(model.join(name), guest.join(name)).unwrap();
    }
    let device = candle_core::Device::Cpu;
    let mut tensors = candle_core::safetensors::load(model.join(TENSORS), &device).unwrap();
    let weight = candle_core::Tensor::from_iter((0..384).map(|at| (at as f32).sin()), &device);
    let weight = weight.unwrap().reshape((1, 384)).unwrap();
    tensors.insert("classifier.weight".to_owned(), weight);
    let bias = candle_core::Tensor::new(&[0.1f32], &device).unwrap();
    tensors.insert("classifier.bias".to_owned(), bias);
    candle_core::safetensors::save(&tensors, guest.join(TENSORS)).unwrap();

    assert_eq!(
        engine::installed(some.path()),
        [EMBEDDINGS.id, CROSS_ENCODER.id]
    );
    let router = engine::router(Engine::open(some.path(), processor()).unwrap());
    let cards = listed(&router).await;
    assert_eq!(cards[0]["tasks"], json!(["embeddings"]));
    assert!(cards[0].get("rerank_method").is_none());
    assert_eq!(
        (&cards[1]["id"], &cards[1]["tasks"]),
        (&json!(CROSS_ENCODER.id), &json!(["rerank"]))
    );
    assert_eq!(cards[1]["rerank_method"], "cross-encoder");

    let counter = engine::Counter::new(some.path());
    for id in [CROSS_ENCODER.id, EMBEDDINGS.id] {
        let body =
            json!({"model": id, "query": "a hen", "documents": ["fox", "a hen", "the market"]});
        let (status, answer) = post(&router, "/v1/rerank", &body).await;
        assert_eq!(
            (status.as_u16(), &answer["model"]),
            (200, &json!(id)),
            "{answer}"
        );
        assert_eq!(answer["results"].as_array().unwrap().len(), 3);
        let counted = counter.rerank(id, "a hen", &["fox", "a hen", "the market"]);
        assert_eq!(answer["usage"]["prompt_tokens"].as_u64(), counted);
        assert!(counted.is_some());
    }
}
