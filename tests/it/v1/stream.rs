use std::sync::Arc;
use std::time::Duration;

use assisters::principal::Tier;
use reqwest::Response;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use wire::sse::{self, Framer};

use super::{header, read_until};
use crate::fake_worker::{FakeWorker, Script};
use crate::site::Site;
use crate::within;

/// Reads a stream event by event.
struct Events {
    response: Response,
    framer: Framer,
    ready: Vec<String>,
}

impl Events {
    async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = within(request.send()).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(header(&response, "content-type"), "text/event-stream");
        Events {
            response,
            framer: Framer::default(),
            ready: vec![],
        }
    }

    /// The payload of the next event; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        while self.ready.is_empty() {
            let piece = within(self.response.chunk()).await.unwrap()?;
            let ready = &mut self.ready;
            self.framer.push(&piece, |event| {
                ready.extend(sse::data(str::from_utf8(event).unwrap()))
            });
        }
        Some(self.ready.remove(0))
    }

    async fn chunk(&mut self) -> Value {
        serde_json::from_str(&self.next().await.unwrap()).unwrap()
    }

    async fn rest(mut self) -> Vec<String> {
        let mut rest = vec![];
        while let Some(event) = self.next().await {
            rest.push(event);
        }
        rest
    }
}

fn chunks(events: &[String]) -> Vec<Value> {
    events
        .iter()
        .filter(|event| *event != sse::DONE)
        .map(|event| serde_json::from_str(event).unwrap())
        .collect()
}

fn text(chunks: &[Value]) -> String {
    chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
        .collect()
}

#[tokio::test]
async fn each_token_arrives_before_the_next_is_made() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let gate = Arc::new(Semaphore::new(0));
    worker.follow(Script::says(&["a", "b", "c"]).through(&gate));
    let mut events =
        Events::of(site.chat(&site.key(Tier::Free).await, json!({"stream": true}))).await;
    assert_eq!(
        events.chunk().await["choices"][0]["delta"]["role"],
        "assistant"
    );
    for token in ["a", "b", "c"] {
        gate.add_permits(1);
        assert_eq!(
            events.chunk().await["choices"][0]["delta"]["content"],
            token
        );
    }
    assert_eq!(events.chunk().await["choices"][0]["finish_reason"], "stop");
    assert_eq!(events.rest().await, [sse::DONE]);
}

#[tokio::test]
async fn usage_is_asked_of_the_worker_always_and_shown_only_to_who_asks() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Free).await;

    let silent = Events::of(site.chat(&key, json!({"stream": true})))
        .await
        .rest()
        .await;
    assert!(
        chunks(&silent)
            .iter()
            .all(|chunk| !chunk["choices"].as_array().unwrap().is_empty())
    );
    assert!(!silent.concat().contains("usage"), "{silent:?}");

    let asks = json!({"stream": true, "stream_options": {"include_usage": true}});
    let shown = Events::of(site.chat(&key, asks)).await.rest().await;
    let mut shown_chunks = chunks(&shown);
    let last = shown_chunks.pop().unwrap();
    assert!(
        shown_chunks
            .iter()
            .all(|chunk| chunk.get("usage") == Some(&Value::Null)),
        "{shown:?}"
    );
    assert_eq!(
        (&last["choices"], &last["usage"]["total_tokens"]),
        (&json!([]), &json!(7))
    );

    for events in [silent, shown] {
        assert_eq!(text(&chunks(&events)), "Hello");
        assert_eq!(events.last().map(String::as_str), Some(sse::DONE));
    }
    let asked = worker.requests();
    assert!(
        asked
            .iter()
            .all(|request| request["stream_options"]["include_usage"] == true),
        "{asked:?}"
    );
}

#[tokio::test]
async fn a_worker_lost_in_the_middle_is_told_in_the_stream() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let gate = Arc::new(Semaphore::new(1));
    worker.follow(Script::says(&["Hel"]).through(&gate).and_breaks_off());
    let mut events =
        Events::of(site.chat(&site.key(Tier::Free).await, json!({"stream": true}))).await;
    events.chunk().await;
    assert_eq!(
        events.chunk().await["choices"][0]["delta"]["content"],
        "Hel"
    );
    gate.add_permits(1);
    let events = events.rest().await;
    let chunks = chunks(&events);
    let error = &chunks.last().unwrap()["error"];
    assert_eq!(
        (&error["type"], &error["code"]),
        (&json!("server_error"), &json!("upstream_error"))
    );
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk["choices"][0]["finish_reason"].is_null()),
        "none is invented"
    );
    assert_eq!(events.last().map(String::as_str), Some(sse::DONE));
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_workers_generation() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let gate = Arc::new(Semaphore::new(1));
    worker.follow(Script::says(&["a", "b", "c"]).through(&gate));
    let mut events =
        Events::of(site.chat(&site.key(Tier::Free).await, json!({"stream": true}))).await;
    events.chunk().await;
    assert_eq!(events.chunk().await["choices"][0]["delta"]["content"], "a");
    drop(events);
    // Nothing more is let through the gate: it is the hang-up alone that ends the answer.
    worker.abandoned(1).await;
}

#[tokio::test]
async fn every_event_has_an_id_of_its_own() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let response = site.chat(&site.key(Tier::Free).await, json!({"stream": true}));
    let text = within(response.send()).await.unwrap().text().await.unwrap();
    let ids: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .collect();
    let events = text.lines().filter(|line| line.starts_with("data: "));
    assert_eq!(ids.len(), events.count());
    let runs: Vec<_> = ids.iter().map(|id| id.rsplit_once('-').unwrap()).collect();
    for (at, (run, number)) in runs.iter().enumerate() {
        assert_eq!((*run, *number), (runs[0].0, (at + 1).to_string().as_str()));
    }
}

#[tokio::test]
async fn who_asks_for_usage_has_it_though_the_worker_does_not_say() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    worker.follow(Script::says(&["a", "b", "c"]).without_usage());
    let asks = json!({"stream": true, "stream_options": {"include_usage": true}});
    let events = Events::of(site.chat(&site.key(Tier::Free).await, asks)).await;
    let last = chunks(&events.rest().await).pop().unwrap();
    assert_eq!(last["choices"], json!([]));
    assert_eq!(last["usage"]["completion_tokens"], 3);
    assert_eq!(last["id"], "chatcmpl-fake");
}

/// A service whose streams get a comment as soon as nothing happens.
async fn impatient(worker: &FakeWorker) -> Site {
    Site::tuned(&[worker], |config| {
        config.streams.keepalive = Duration::from_millis(1);
    })
    .await
}

#[tokio::test]
async fn while_a_worker_is_silent_the_client_hears_that_we_are_there() {
    let worker = FakeWorker::start().await;
    let site = impatient(&worker).await;
    let gate = Arc::new(Semaphore::new(1));
    worker.follow(Script::says(&["a", "b"]).through(&gate));
    for keyed in [false, true] {
        let mut request = site.chat(&site.key(Tier::Free).await, json!({"stream": true}));
        if keyed {
            request = request.header("Idempotency-Key", "one");
        }
        let mut response = within(request.send()).await.unwrap();
        read_until(&mut response, r#""content":"a""#).await;
        read_until(&mut response, ": keepalive\n\n").await;
        gate.add_permits(2);
        read_until(&mut response, r#""content":"b""#).await;
        read_until(&mut response, "[DONE]").await;
    }
}

#[tokio::test]
async fn a_worker_that_falls_silent_for_too_long_has_broken_off() {
    let worker = FakeWorker::start().await;
    let site = impatient(&worker).await;
    let caller = site.caller(Tier::Free).await;
    let gate = Arc::new(Semaphore::new(1));
    worker.follow(Script::says(&["a", "b"]).through(&gate));
    let request = site.chat(&caller.secret, json!({"stream": true}));
    let mut response = within(request.send()).await.unwrap();
    read_until(&mut response, r#""content":"a""#).await;
    site.clock.advance(Duration::from_secs(19));
    // Not yet: what comes still counts, and its time begins anew.
    gate.add_permits(1);
    read_until(&mut response, "[DONE]").await;

    worker.follow(Script::says(&["a", "b"]).through(&gate));
    gate.add_permits(1);
    let request = site.chat(&caller.secret, json!({"stream": true}));
    let mut response = within(request.send()).await.unwrap();
    read_until(&mut response, r#""content":"a""#).await;
    site.clock.advance(Duration::from_secs(20));
    let rest = read_until(&mut response, "[DONE]").await;
    assert!(rest.contains(r#""code":"upstream_error""#), "{rest}");
    worker.abandoned(1).await;
    let rows = site.ledger_of(&caller).await;
    let statuses: Vec<_> = rows.iter().map(|row| row.status).collect();
    assert_eq!(statuses, [200, 502]);
}

#[tokio::test]
async fn the_head_goes_out_though_the_worker_has_not_begun() {
    let worker = FakeWorker::start().await;
    let site = impatient(&worker).await;
    for keyed in [false, true] {
        let door = Arc::new(Semaphore::new(0));
        worker.follow(Script::says(&["a"]).behind(&door));
        let mut request = site.chat(&site.key(Tier::Free).await, json!({"stream": true}));
        if keyed {
            request = request.header("Idempotency-Key", "one");
        }
        let mut response = within(request.send()).await.unwrap();
        assert_eq!(response.status(), 200);
        let before = read_until(&mut response, ": keepalive\n\n").await;
        assert!(!before.contains("data:"));
        door.add_permits(1);
        read_until(&mut response, "[DONE]").await;
    }
}

#[tokio::test]
async fn what_goes_wrong_behind_the_head_is_told_in_the_stream_and_the_ledger() {
    let worker = FakeWorker::start().await;
    let site = impatient(&worker).await;
    let caller = site.caller(Tier::Free).await;
    let door = Arc::new(Semaphore::new(0));
    worker.follow(Script::refuses(400, "the context is too long").behind(&door));
    let mut response = site
        .chat(&caller.secret, json!({"stream": true}))
        .send()
        .await
        .unwrap();
    read_until(&mut response, ": keepalive\n\n").await;
    door.add_permits(1);
    let told = read_until(&mut response, "[DONE]").await;
    assert!(told.contains("id: ") && told.contains("the context is too long"));
    let [row] = site.ledger_of(&caller).await.try_into().unwrap();
    assert_eq!((row.status, row.tokens), (400, (0, 0)));
}

#[tokio::test]
async fn a_service_that_can_wait_no_longer_says_so_in_the_stream_and_in_the_ledger() {
    let worker = FakeWorker::start().await;
    let site = Site::tuned(&[&worker], |config| {
        config.limits.drain = Duration::from_millis(1);
    })
    .await;
    let caller = site.caller(Tier::Developer).await;
    let mut running = vec![];
    for keyed in [false, true] {
        let gate = Arc::new(Semaphore::new(1));
        worker.follow(Script::says(&["a", "b"]).through(&gate));
        let mut request = site.chat(&caller.secret, json!({"stream": true}));
        if keyed {
            request = request.header("Idempotency-Key", "one");
        }
        let mut response = within(request.send()).await.unwrap();
        read_until(&mut response, r#""content":"a""#).await;
        running.push(response);
    }
    let rows = site.ledger_of(&caller).await;
    for response in running {
        let rest = within(response.text()).await.unwrap();
        assert!(rest.contains(r#""code":"shutting_down""#), "{rest}");
        assert!(rest.ends_with("data: [DONE]\n\n"), "{rest}");
    }
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.status, row.error_code.as_deref(), row.tokens.1))
        .collect();
    assert_eq!(told, [(503, Some("shutting_down"), 1); 2]);
}
