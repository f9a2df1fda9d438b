//! A worker that does what a test tells it to, and tells what was done to it.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::stream::{self, Stream};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

pub const MODEL: &str = "fake-model";

/// How the worker answers, from the next request on.
#[derive(Clone)]
pub struct Script {
    tokens: Vec<String>,
    usage: Option<(u64, u64)>,
    refusal: Option<(StatusCode, Value)>,
    gate: Option<Arc<Semaphore>>,
    breaks_off: bool,
}

impl Script {
    /// Says these tokens, and that the prompt had 5.
    pub fn says(tokens: &[&str]) -> Self {
        let count = tokens.len().try_into().unwrap();
        Script {
            tokens: tokens.iter().map(ToString::to_string).collect(),
            usage: Some((5, count)),
            refusal: None,
            gate: None,
            breaks_off: false,
        }
    }

    /// Answers with `status` and an error that says `message`.
    pub fn refuses(status: u16, message: &str) -> Self {
        let body = json!({"error": {"message": message, "type": "x", "param": "messages", "code": "from_worker"}});
        Script { refusal: Some((StatusCode::from_u16(status).unwrap(), body)), ..Script::says(&[]) }
    }

    pub fn without_usage(self) -> Self {
        Script { usage: None, ..self }
    }

    /// Holds every token back until a permit is added to the gate.
    pub fn through(self, gate: &Arc<Semaphore>) -> Self {
        Script { gate: Some(gate.clone()), ..self }
    }

    /// Cuts the connection after the last token, once the gate lets that through too: only then is it sure that the
    /// tokens were sent.
    pub fn and_breaks_off(self) -> Self {
        Script { breaks_off: true, ..self }
    }
}

/// Closes its port and all its connections when it is dropped.
pub struct FakeWorker {
    pub address: SocketAddr,
    face: Face,
    _connections: JoinSet<()>,
}

#[derive(Clone)]
struct Face {
    /// A model that this worker alone serves, besides the one that all serve.
    own_model: String,
    script: Arc<Mutex<Script>>,
    requests: Arc<Mutex<Vec<Value>>>,
    /// How many answers were abandoned by whoever had asked for them.
    abandoned: watch::Sender<usize>,
}

impl FakeWorker {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let face = Face {
            own_model: format!("only-at-{}", address.port()),
            script: Arc::new(Mutex::new(Script::says(&["Hel", "lo"]))),
            requests: Arc::default(),
            abandoned: watch::Sender::new(0),
        };
        let mut connections = JoinSet::new();
        connections.spawn(accept(listener, face.clone()));
        FakeWorker { address, face, _connections: connections }
    }

    pub fn own_model(&self) -> &str {
        &self.face.own_model
    }

    pub fn follow(&self, script: Script) {
        *self.face.script.lock().unwrap() = script;
    }

    /// The bodies that it was asked with.
    pub fn requests(&self) -> Vec<Value> {
        self.face.requests.lock().unwrap().clone()
    }

    /// Returns once as many answers were abandoned.
    pub async fn abandoned(&self, count: usize) {
        let mut abandoned = self.face.abandoned.subscribe();
        crate::within(abandoned.wait_for(|so_far| *so_far >= count)).await.unwrap();
    }
}

async fn accept(listener: TcpListener, face: Face) {
    let router = Router::new()
        .route("/v1/models", get(models))
        .route("/v1/chat/completions", post(chat))
        .with_state(face);
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let service = TowerToHyperService::new(router.clone());
        connections.spawn(async move {
            // An error here is a client that went away, which tests do on purpose.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn models(State(face): State<Face>) -> Json<Value> {
    let model = |id: &str| {
        json!({
            "id": id, "object": "model", "created": 1, "owned_by": "test",
            "max_model_len": 2048, "default_max_tokens": 64,
        })
    };
    Json(json!({"object": "list", "data": [model(MODEL), model(&face.own_model)]}))
}

async fn chat(State(face): State<Face>, Json(request): Json<Value>) -> Response {
    face.requests.lock().unwrap().push(request.clone());
    let script = face.script.lock().unwrap().clone();
    if let Some((status, body)) = script.refusal {
        return (status, Json(body)).into_response();
    }
    let is_stream = request["stream"] == true;
    let events = match is_stream {
        true => streamed(&script, request["stream_options"]["include_usage"] == true),
        false => VecDeque::from([Event { gated: true, bytes: Some(plain(&script)) }]),
    };
    let mut answer = Answer { events, gate: script.gate, unfinished: Some(face.abandoned) };
    if is_stream {
        return ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(answer.into_stream())).into_response();
    }
    // Not even the head of a plain answer goes out before the gate lets it.
    let body = answer.next().await.unwrap().unwrap();
    answer.unfinished = None;
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn plain(script: &Script) -> Bytes {
    let mut body = json!({
        "id": "chatcmpl-fake", "object": "chat.completion", "created": 1, "model": MODEL,
        "choices": [{
            "index": 0, "logprobs": null, "finish_reason": "stop",
            "message": {"role": "assistant", "content": script.tokens.concat(), "refusal": null},
        }],
    });
    if let Some(usage) = script.usage {
        body["usage"] = usage_of(usage);
    }
    body.to_string().into()
}

fn streamed(script: &Script, wants_usage: bool) -> VecDeque<Event> {
    let chunk = |choices: Value| {
        let mut chunk = json!({
            "id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 1, "model": MODEL, "choices": choices,
        });
        if wants_usage {
            chunk["usage"] = Value::Null;
        }
        chunk
    };
    let choice = |delta: Value, reason: Value| {
        chunk(json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": reason}]))
    };
    let mut events = VecDeque::from([Event::at_once(choice(json!({"role": "assistant", "content": ""}), Value::Null))]);
    events.extend(script.tokens.iter().map(|token| Event {
        gated: true,
        ..Event::at_once(choice(json!({"content": token}), Value::Null))
    }));
    if script.breaks_off {
        events.push_back(Event { gated: true, bytes: None });
        return events;
    }
    events.push_back(Event::at_once(choice(json!({}), "stop".into())));
    if let Some(usage) = script.usage.filter(|_| wants_usage) {
        let mut last = chunk(json!([]));
        last["usage"] = usage_of(usage);
        events.push_back(Event::at_once(last));
    }
    events.push_back(Event { gated: false, bytes: Some("data: [DONE]\n\n".into()) });
    events
}

fn usage_of((prompt, completion): (u64, u64)) -> Value {
    json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion})
}

struct Event {
    /// Whether it waits for the script's gate.
    gated: bool,
    /// `None` cuts the connection.
    bytes: Option<Bytes>,
}

impl Event {
    fn at_once(chunk: Value) -> Self {
        Event { gated: false, bytes: Some(format!("data: {chunk}\n\n").into()) }
    }
}

/// An answer on its way; dropped before its end, it was abandoned.
struct Answer {
    events: VecDeque<Event>,
    gate: Option<Arc<Semaphore>>,
    unfinished: Option<watch::Sender<usize>>,
}

impl Answer {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        let Some(event) = self.events.pop_front() else {
            self.unfinished = None;
            return None;
        };
        if let Some(gate) = self.gate.as_ref().filter(|_| event.gated) {
            gate.acquire().await.unwrap().forget();
        }
        if event.bytes.is_none() {
            self.unfinished = None;
        }
        Some(event.bytes.ok_or_else(|| io::Error::other("the script says to break off")))
    }

    fn into_stream(self) -> impl Stream<Item = io::Result<Bytes>> {
        stream::unfold(self, async |mut answer| Some((answer.next().await?, answer)))
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(abandoned) = &self.unfinished {
            abandoned.send_modify(|count| *count += 1);
        }
    }
}
