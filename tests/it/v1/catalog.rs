//! Models that are called one thing by the catalog and others by workers and clients.

use std::num::NonZeroU32;
use std::path::PathBuf;

use assisters::config::{Config, ModelSettings};
use assisters::keys::NewKey;
use assisters::principal::Tier;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use wire::{Capability, Price, Task};

use super::error_of;
use crate::fake_worker::{FakeWorker, MODEL, Script};
use crate::site::{Site, chat};
use crate::within;

/// What the catalog calls the model, one worker calls it, and a client may.
const ID: &str = "llama-8b";
const SERVED_AS: &str = "meta/Llama \"8B\"";
const NICKNAME: &str = "small";
const NAMES: [&str; 3] = [ID, SERVED_AS, NICKNAME];

/// A text that looks like the field in which a model is named.
const TRAP: &str = "\"model\":\"meta/Llama \\\"8B\\\"\"";

fn with_catalog(config: &mut Config) {
    config.models = vec![
        ModelSettings {
            id: ID.into(),
            aliases: vec![SERVED_AS.into(), NICKNAME.into(), MODEL.into()],
            description: Some("Small and quick.".into()),
            tasks: Some(vec![
                Task::Chat,
                Task::Embeddings,
                Task::Rerank,
                Task::Moderation,
            ]),
            context: NonZeroU32::new(4096),
            capabilities: Some(vec![Capability::Tools]),
            price: Some(Price {
                currency: "EUR".into(),
                input_micros: 50_000,
                output_micros: 80_000,
            }),
            ..ModelSettings::default()
        },
        ModelSettings {
            id: "unserved".into(),
            ..ModelSettings::default()
        },
    ];
}

async fn site(workers: &[&FakeWorker]) -> Site {
    Site::tuned(workers, with_catalog).await
}

async fn json_of(request: RequestBuilder) -> Value {
    let response = within(request.send()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    within(response.json()).await.unwrap()
}

async fn text_of(request: RequestBuilder) -> String {
    let response = within(request.send()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    within(response.text()).await.unwrap()
}

/// The chunks of a stream that has ended well.
fn chunks(stream: &str) -> Vec<Value> {
    let payloads = stream
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    let mut payloads: Vec<_> = payloads.collect();
    assert_eq!(payloads.pop(), Some("[DONE]"), "{stream}");
    let chunks = payloads.into_iter();
    chunks
        .map(|one| serde_json::from_str(one).unwrap())
        .collect()
}

#[tokio::test]
async fn a_model_has_one_card_whatever_its_workers_call_it() {
    let (first, second) = (
        FakeWorker::calling_it(SERVED_AS).await,
        FakeWorker::start().await,
    );
    let site = site(&[&first, &second]).await;
    let key = site.key(Tier::Developer).await;
    let list = json_of(site.get("/v1/models").bearer_auth(&key)).await;
    let cards = list["data"].as_array().unwrap();
    let mut expected = vec![ID, first.own_model(), second.own_model()];
    expected.sort_unstable();
    let mut ids: Vec<_> = cards
        .iter()
        .map(|card| card["id"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, expected, "and none that nobody serves");

    let card = cards.iter().find(|card| card["id"] == ID).unwrap();
    let said = json!({
        "id": ID, "object": "model", "created": 1, "owned_by": "test",
        "aliases": [SERVED_AS, NICKNAME, MODEL], "description": "Small and quick.", "max_model_len": 4096,
        "default_max_tokens": 64, "tasks": ["chat", "embeddings", "rerank", "moderation"], "capabilities": ["tools"],
        "price": {"currency": "EUR", "input_micros": 50_000, "output_micros": 80_000},
    });
    assert_eq!(*card, said);
    for name in NAMES {
        let path = format!("/v1/models/{}", name.replace(' ', "%20"));
        assert_eq!(json_of(site.get(&path).bearer_auth(&key)).await, said);
    }
    let unserved = site.get("/v1/models/unserved").bearer_auth(&key);
    error_of(unserved, 404, "invalid_request_error", "model_not_found").await;
}

#[tokio::test]
async fn by_every_name_a_model_answers_on_every_endpoint_under_its_id() {
    let worker = FakeWorker::calling_it(SERVED_AS).await;
    let site = site(&[&worker]).await;
    let caller = site.caller(Tier::Developer).await;
    worker.follow(Script::says(&["Say ", TRAP]));
    let ask = |name: &str| {
        let inputs = [TRAP, "b"];
        [
            (
                "/v1/chat/completions",
                chat(json!({"model": name, "user": TRAP, "metadata": {"model": name}})),
            ),
            ("/v1/embeddings", json!({"model": name, "input": inputs})),
            (
                "/v1/rerank",
                json!({"query": TRAP, "documents": inputs, "model": name}),
            ),
            ("/v1/moderations", json!({"input": inputs, "model": name})),
        ]
    };
    for name in NAMES {
        for (at, (path, body)) in ask(name).into_iter().enumerate() {
            let request = site.post(path).bearer_auth(&caller.secret).json(&body);
            let answer = json_of(request).await;
            assert_eq!(answer["model"], ID, "{path}");
            if at == 0 {
                let content = &answer["choices"][0]["message"]["content"];
                assert_eq!(*content, format!("Say {TRAP}"));
            }
            let mut expected = body;
            expected["model"] = json!(SERVED_AS);
            assert_eq!(worker.requests().pop(), Some(expected), "{path}");
        }
    }
    // The first model that moderates, where none is named.
    let moderation = site.post("/v1/moderate").bearer_auth(&caller.secret);
    let answer = json_of(moderation.json(&json!({"input": "a"}))).await;
    assert_eq!(answer["model"], ID);
    assert_eq!(worker.requests().pop().unwrap()["model"], SERVED_AS);

    let rows = site.ledger_of(&caller).await;
    assert_eq!(rows.len(), 13);
    assert!(
        rows.iter().all(|row| row.model.as_deref() == Some(ID)),
        "{rows:?}"
    );
}

#[tokio::test]
async fn every_chunk_of_a_stream_names_the_id_and_is_otherwise_as_it_was() {
    let other = FakeWorker::calling_it(SERVED_AS).await;
    let same = FakeWorker::calling_it(ID).await;
    let mut streams = vec![];
    for worker in [&other, &same] {
        worker.follow(Script::says(&["Say ", TRAP, "."]));
        let site = site(&[worker]).await;
        let key = site.key(Tier::Developer).await;
        for fields in [
            json!({"stream": true, "model": NICKNAME}),
            json!({"stream": true, "model": NICKNAME, "stream_options": {"include_usage": true}}),
        ] {
            let chunks = chunks(&text_of(site.chat(&key, fields)).await);
            assert!(chunks.len() > 4);
            assert!(
                chunks.iter().all(|chunk| chunk["model"] == ID),
                "{chunks:?}"
            );
            streams.push(chunks);
        }
        // The usage is our own chunk here.
        worker.follow(Script::says(&["Hi"]).without_usage());
        let fields =
            json!({"stream": true, "model": ID, "stream_options": {"include_usage": true}});
        let chunks = chunks(&text_of(site.chat(&key, fields)).await);
        let last = chunks.last().unwrap();
        assert_eq!((&last["model"], &last["choices"]), (&json!(ID), &json!([])));
    }
    let (renamed, named) = streams.split_at(2);
    assert_eq!(renamed, named);
    assert_eq!(other.requests()[0]["model"], SERVED_AS);
    assert_eq!(same.requests()[0]["model"], ID);
}

#[tokio::test]
async fn each_worker_is_asked_by_its_own_name_for_it() {
    let workers = [
        FakeWorker::calling_it(SERVED_AS).await,
        FakeWorker::start().await,
        FakeWorker::calling_it(NICKNAME).await,
    ];
    let [first, second, third] = &workers;
    let site = site(&[first, second, third]).await;
    let key = site.key(Tier::Developer).await;
    for worker in &workers {
        worker.follow(Script::refuses(500, "no"));
    }
    let failed = site.chat(&key, json!({"model": ID}));
    error_of(failed, 502, "server_error", "upstream_error").await;
    for (worker, name) in workers.iter().zip([SERVED_AS, MODEL, NICKNAME]) {
        let requests = worker.requests();
        assert_eq!(requests, [chat(json!({"model": name}))], "all were tried");
    }
}

#[tokio::test]
async fn a_key_may_be_restricted_by_any_of_a_models_names() {
    let worker = FakeWorker::calling_it("hf/llama").await;
    let site = Site::tuned(&[&worker], |config| {
        with_catalog(config);
        config.models[0].aliases.push("hf/llama".into());
    })
    .await;
    for (allowed, asked, status) in [
        (NICKNAME, "hf/llama", StatusCode::OK),
        (ID, NICKNAME, StatusCode::OK),
        ("hf/llama", ID, StatusCode::OK),
        ("llama", ID, StatusCode::FORBIDDEN),
        (worker.own_model(), NICKNAME, StatusCode::FORBIDDEN),
    ] {
        let caller = site.caller(Tier::Developer).await;
        let new = NewKey {
            models: vec![allowed.to_owned()],
            ..NewKey::named("restricted")
        };
        let (_, key) = site.keys().create(&caller.account.id, new).await.unwrap();
        let asking = site.chat(key.expose(), json!({"model": asked})).send();
        assert_eq!(within(asking).await.unwrap().status(), status);
        let card = site.get(&format!("/v1/models/{asked}"));
        let card = within(card.bearer_auth(key.expose()).send()).await.unwrap();
        assert_eq!(card.status(), status);
        let list = json_of(site.get("/v1/models").bearer_auth(key.expose())).await;
        let data = list["data"].as_array().unwrap();
        let sees_it = data.iter().any(|card| card["id"] == ID);
        assert_eq!(sees_it, status == StatusCode::OK);
    }
}

#[tokio::test]
async fn what_is_answered_again_is_the_same_to_the_byte() {
    let worker = FakeWorker::calling_it(SERVED_AS).await;
    let site = site(&[&worker]).await;
    let key = site.key(Tier::Developer).await;
    for (name, stream) in [("plain", false), ("stream", true)] {
        let ask = |model: &str| {
            let fields = json!({"model": model, "stream": stream});
            site.chat(&key, fields).header("Idempotency-Key", name)
        };
        let first = text_of(ask(NICKNAME)).await;
        assert!(first.contains(&format!("\"model\":\"{ID}\"")), "{first}");
        assert_eq!(text_of(ask(NICKNAME)).await, first);
        // Another name makes another body.
        error_of(ask(ID), 422, "idempotency_error", "idempotency_mismatch").await;
    }
    assert_eq!(worker.requests().len(), 2);
}

#[tokio::test]
async fn a_conversation_stays_where_it_began_by_whichever_name_it_goes_on() {
    let workers = [
        FakeWorker::calling_it(SERVED_AS).await,
        FakeWorker::start().await,
    ];
    let [first, second] = &workers;
    let site = Site::tuned(&[first, second], |config| {
        with_catalog(config);
        config.affinity.models = vec![NICKNAME.to_owned()];
    })
    .await;
    let key = site.key(Tier::Developer).await;
    for conversation in 0..8 {
        let before = [first.requests().len(), second.requests().len()];
        for model in [ID, SERVED_AS, NICKNAME, MODEL] {
            let messages = json!([{"role": "user", "content": format!("About {conversation}")}]);
            let fields = json!({"model": model, "messages": messages});
            site.answer(&key, fields).await;
        }
        let after = [first.requests().len(), second.requests().len()];
        let went = [after[0] - before[0], after[1] - before[1]];
        assert!([[4, 0], [0, 4]].contains(&went), "{went:?}");
    }
}

#[tokio::test]
async fn who_slips_in_a_name_is_told_the_one_that_was_meant_if_they_may_use_it() {
    let worker = FakeWorker::calling_it(SERVED_AS).await;
    let site = site(&[&worker]).await;
    let caller = site.caller(Tier::Developer).await;
    let new = NewKey {
        models: vec![worker.own_model().to_owned()],
        ..NewKey::named("restricted")
    };
    let (_, restricted) = site.keys().create(&caller.account.id, new).await.unwrap();
    let told = async |key: &str, request: RequestBuilder| {
        let request = request.bearer_auth(key);
        let error = error_of(request, 404, "invalid_request_error", "model_not_found").await;
        error["message"].as_str().unwrap().to_owned()
    };
    let chat = || {
        site.post("/v1/chat/completions")
            .json(&chat(json!({"model": "lama-8B"})))
    };
    let card = || site.get("/v1/models/lama-8B");
    for request in [chat(), card()] {
        let message = told(&caller.secret, request).await;
        assert!(message.contains("Did you mean `llama-8b`?"), "{message}");
    }
    let message = told(restricted.expose(), card()).await;
    assert!(!message.contains("Did you mean"), "{message}");
    let error = chat().bearer_auth(restricted.expose());
    error_of(error, 403, "permission_error", "model_not_allowed").await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test has no configuration of its own"
)]
fn models_dir() -> Option<PathBuf> {
    let dir = std::env::var("ASSISTERS_MODELS_DIR").ok()?;
    let there = engine::installed(dir.as_ref()).contains(&CHAT);
    there.then(|| dir.into())
}

const CHAT: &str = "smollm2-135m-instruct";

/// Needs the tokenizer of the chat model; where `ASSISTERS_MODELS_DIR` does not hold it, this passes.
#[tokio::test]
async fn a_conversation_that_does_not_fit_is_refused_before_a_worker_is_asked() {
    let Some(models_dir) = models_dir() else {
        eprintln!("skipped: ASSISTERS_MODELS_DIR does not hold {CHAT}");
        return;
    };
    let worker = FakeWorker::calling_it(CHAT).await;
    let site = Site::tuned(&[&worker], |config| {
        config.models_dir = models_dir;
        config.models = vec![ModelSettings {
            id: "tiny".into(),
            aliases: vec![CHAT.into()],
            context: NonZeroU32::new(100),
            ..ModelSettings::default()
        }];
    })
    .await;
    let caller = site.caller(Tier::Developer).await;
    let long = "one two three ".repeat(40);
    let long = json!({"model": "tiny", "messages": [{"role": "user", "content": long}]});
    let greedy = json!({"model": "tiny", "max_tokens": 90});
    for fields in [long, greedy] {
        let request = site.chat(&caller.secret, fields);
        let code = "context_length_exceeded";
        let error = error_of(request, 400, "invalid_request_error", code).await;
        assert_eq!(error["param"], "messages");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains("`tiny` has a context of 100 tokens"),
            "{message}"
        );
    }
    assert_eq!(worker.requests().len(), 0);
    for fields in [json!({"max_tokens": 50}), json!({})] {
        let mut fields = fields;
        fields["model"] = json!("tiny");
        site.answer(&caller.secret, fields).await;
    }
    let rows = site.ledger_of(&caller).await;
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.status, row.error_code.as_deref()))
        .collect();
    let refused = (400, Some("context_length_exceeded"));
    assert_eq!(told, [refused, refused, (200, None), (200, None)]);
    assert!(rows.iter().all(|row| row.model.as_deref() == Some("tiny")));
    assert_eq!(rows[0].tokens, (0, 0));
}
