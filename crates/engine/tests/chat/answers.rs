//! What an answer says, plain and streamed.

use engine::catalog::CHAT;
use serde_json::{Value, json};

use crate::{LONG, ask, chat, events, get, joined, post, text};

#[tokio::test]
async fn it_knows_the_capital_of_france() {
    let Some(router) = chat().map(engine::router) else {
        return;
    };
    let (status, answer) = post(&router, ask("What is the capital of France?", json!({}))).await;
    assert_eq!(status, 200, "{answer}");
    assert!(text(&answer).contains("Paris"), "{answer}");
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    assert!(answer["choices"][0].get("logprobs").unwrap().is_null());
    // "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n" and so on, in SmolLM2's own tokens.
    assert_eq!(answer["usage"]["prompt_tokens"], 27);
    assert_eq!(answer["usage"]["completion_tokens"], 7);
    assert_eq!(answer["usage"]["total_tokens"], 34);
}

#[tokio::test]
async fn a_prompt_is_counted_as_the_models_makers_count_it() {
    let Some(router) = chat().map(engine::router) else {
        return;
    };
    let system = "You are a helpful AI assistant named SmolLM, trained by Hugging Face";
    let messages = json!([
        {"role": "system", "content": system},
        {"role": "user", "content": "What is the capital of France?"},
    ]);
    let (_, answer) = post(
        &router,
        ask("", json!({"messages": messages, "max_tokens": 1})),
    )
    .await;
    assert_eq!(answer["usage"]["prompt_tokens"], 37, "{answer}");
}

#[tokio::test]
async fn a_stream_says_what_the_plain_answer_says() {
    let Some(router) = chat().map(engine::router) else {
        return;
    };
    let body = ask(
        "Name three colours, each with an emoji.",
        json!({"max_tokens": 40}),
    );
    let (_, plain) = post(&router, body.clone()).await;
    let events = events(&router, body).await;
    assert_eq!(joined(&events), text(&plain));
    assert_eq!(events[0]["choices"][0]["delta"]["role"], "assistant");
    let (first, last) = (&events[0], events.last().unwrap());
    assert_eq!(
        last["choices"][0]["finish_reason"],
        plain["choices"][0]["finish_reason"]
    );
    for event in &events {
        assert_eq!(event["object"], "chat.completion.chunk");
        assert_eq!(
            (&event["id"], &event["created"]),
            (&first["id"], &first["created"])
        );
        assert!(
            event.get("usage").is_none(),
            "usage was not asked for: {event}"
        );
    }
}

#[tokio::test]
async fn usage_comes_last_and_only_where_it_is_asked_for() {
    let Some(router) = chat().map(engine::router) else {
        return;
    };
    let more = json!({"max_tokens": 5, "stream_options": {"include_usage": true}});
    let mut events = events(&router, ask(LONG, more)).await;
    let last = events.pop().unwrap();
    assert_eq!(last["choices"], json!([]));
    assert_eq!(last["usage"]["completion_tokens"], 5);
    assert!(
        events
            .iter()
            .all(|event| event.get("usage").is_some_and(Value::is_null))
    );
    assert_eq!(
        events.last().unwrap()["choices"][0]["finish_reason"],
        "length"
    );
}

#[tokio::test]
async fn a_seed_repeats_an_answer_and_another_changes_it() {
    let Some(router) = chat().map(engine::router) else {
        return;
    };
    let with = |seed| {
        ask(
            LONG,
            json!({"temperature": 1.5, "top_p": 1, "seed": seed, "max_tokens": 12}),
        )
    };
    // Side by side, too: what runs next to it must not change an answer.
    let ((_, one), (_, two), (_, other)) = tokio::join!(
        post(&router, with(7)),
        post(&router, with(7)),
        post(&router, with(8))
    );
    assert_eq!(text(&one), text(&two));
    assert_ne!(text(&one), text(&other));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_conversations_side_by_side_are_each_as_it_would_be_alone() {
    let Some(router) = chat().map(engine::router) else {
        return;
    };
    let asked = ask(LONG, json!({"max_tokens": 24}));
    let (_, alone) = post(&router, asked.clone()).await;
    let mut talks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (router, asked) = (router.clone(), asked.clone());
        talks.spawn(async move { post(&router, asked).await.1 });
    }
    for answer in talks.join_all().await {
        assert_eq!(text(&answer), text(&alone));
    }
}

#[tokio::test]
async fn an_answer_ends_before_a_stop_string() {
    let Some(router) = chat().map(engine::router) else {
        return;
    };
    let question = "What is the capital of France?";
    // Across tokens: it begins within " of" and ends within " Paris".
    let body = ask(question, json!({"stop": ["London", "f France is Par"]}));
    let (_, plain) = post(&router, body.clone()).await;
    assert_eq!(text(&plain), "The capital o");
    assert_eq!(plain["choices"][0]["finish_reason"], "stop");
    assert_eq!(joined(&events(&router, body).await), "The capital o");
}

#[tokio::test]
async fn max_tokens_is_kept_to_the_token() {
    let Some(router) = chat().map(engine::router) else {
        return;
    };
    for limit in ["max_tokens", "max_completion_tokens"] {
        let (_, answer) = post(&router, ask(LONG, json!({limit: 3}))).await;
        assert_eq!(answer["choices"][0]["finish_reason"], "length");
        assert_eq!(answer["usage"]["completion_tokens"], 3);
    }
}

#[tokio::test]
async fn the_model_is_listed_with_its_limits() {
    let Some(router) = chat().map(engine::router) else {
        return;
    };
    let (_, list) = get(&router, "/v1/models").await;
    let model = &list["data"][0];
    assert_eq!(
        (&list["object"], &model["id"]),
        (&json!("list"), &json!(CHAT.id))
    );
    assert_eq!(model["max_model_len"], 4096);
    assert_eq!(model["default_max_tokens"], 1024);
    assert_eq!(
        get(&router, &format!("/v1/models/{}", CHAT.id)).await.1,
        *model
    );
    assert_eq!(get(&router, "/health").await.0, 200);
}
