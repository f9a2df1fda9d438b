//! A worker that keeps every rule, or all but one.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub const MODEL: &str = "by-the-book";
pub const KEY: &str = "worker-secret";
const CONTEXT: usize = 64;

/// The rule that is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    None,
    WantsKey,
    ListsNone,
    UnlistedEndpoints,
    PlainUsage,
    Limit,
    Stop,
    Seed,
    Choices,
    Tools,
    Json,
    ContentType,
    Done,
    Role,
    StreamUsage,
    NullUsage,
    Index,
    Base64,
    Tokens,
    Rank,
    Flag,
    Malformed,
    AnyName,
    CutsPrompt,
    FailsOnLong,
    Shape,
    Code,
    KeepsWorking,
    NoStats,
    Closes,
}

/// Ends when it is dropped.
pub struct Worker {
    pub address: SocketAddr,
    _serving: JoinSet<()>,
}

#[derive(Clone)]
struct Face {
    breach: Breach,
    load: Arc<Load>,
}

#[derive(Default)]
struct Load {
    active: AtomicU64,
    cancelled: AtomicU64,
    answers: AtomicU64,
}

impl Worker {
    pub async fn with(breach: Breach) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let face = Face {
            breach,
            load: Arc::default(),
        };
        let router = Router::new()
            .route("/v1/models", get(models))
            .route("/v1/chat/completions", post(chat))
            .route("/stats", get(stats))
            .layer(middleware::from_fn_with_state(face.clone(), around));
        let router = match breach {
            Breach::UnlistedEndpoints => router,
            _ => router
                .route("/v1/embeddings", post(embeddings))
                .route("/v1/rerank", post(rerank))
                .route("/v1/moderations", post(moderations)),
        };
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            axum::serve(listener, router.with_state(face))
                .await
                .unwrap();
        });
        Worker {
            address,
            _serving: serving,
        }
    }
}

async fn around(
    State(face): State<Face>,
    headers: HeaderMap,
    request: Request,
    next: Next,
) -> Response {
    let key = headers.get(header::AUTHORIZATION);
    let known = key.is_some_and(|key| key == format!("Bearer {KEY}").as_str());
    if face.breach == Breach::WantsKey && !known {
        return face.refuse(401, "invalid_api_key", "who are you?");
    }
    let mut response = next.run(request).await;
    if face.breach == Breach::Closes {
        let close = header::HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

async fn models(State(face): State<Face>) -> Json<Value> {
    let model = json!({"id": MODEL, "object": "model", "max_model_len": CONTEXT});
    let models = match face.breach {
        Breach::ListsNone => json!([]),
        _ => json!([model]),
    };
    Json(json!({"object": "list", "data": models}))
}

async fn stats(State(face): State<Face>) -> Response {
    if face.breach == Breach::NoStats {
        return face.refuse(404, "not_found", "nothing is here");
    }
    let [active, cancelled] =
        [&face.load.active, &face.load.cancelled].map(|count| count.load(Ordering::SeqCst));
    Json(json!({"active": active, "cancelled": cancelled})).into_response()
}

async fn chat(State(face): State<Face>, body: String) -> Response {
    let request = match face.read(&body) {
        Ok(request) => request,
        Err(refusal) => return *refusal,
    };
    let words = request["messages"][0]["content"].as_str().unwrap();
    let words = words.split_whitespace().count();
    match face.breach {
        Breach::CutsPrompt => {}
        Breach::FailsOnLong if words > CONTEXT => return face.refuse(500, "broken", "I failed"),
        _ if words > CONTEXT => {
            return face.refuse(400, "context_length_exceeded", "The context has 64 tokens.");
        }
        _ => {}
    }
    if face.breach == Breach::Tools && request["tools"].is_array() {
        return face.refuse(400, "invalid_parameter", "There are no tools.");
    }
    let (tokens, reason) = face.says(&request);
    let usage = usage(words.min(CONTEXT), tokens.len());
    if request["stream"] == true {
        return face.stream(&request, &tokens, reason, usage);
    }
    let choices = match face.breach {
        Breach::Choices => 1,
        _ => request["n"].as_u64().unwrap_or(1),
    };
    let choices = (0..choices).map(|index| {
        let mut message = json!({"role": "assistant", "content": tokens.concat()});
        if request["tools"].is_array() {
            let call = json!({"name": "weather", "arguments": "{}"});
            message["tool_calls"] = json!([{"type": "function", "function": call}]);
        }
        json!({"index": index, "message": message, "finish_reason": reason})
    });
    let mut answer = json!({"object": "chat.completion", "choices": choices.collect::<Vec<_>>()});
    if face.breach != Breach::PlainUsage {
        answer["usage"] = usage;
    }
    Json(answer).into_response()
}

async fn embeddings(State(face): State<Face>, body: String) -> Response {
    let request = match face.read(&body) {
        Ok(request) => request,
        Err(refusal) => return *refusal,
    };
    let inputs = request["input"].as_array().unwrap();
    if face.breach == Breach::Tokens && inputs[0].is_array() {
        return face.refuse(400, "invalid_parameter", "Texts, please.");
    }
    let items = inputs.iter().enumerate().map(|(index, input)| {
        let vector = [input.to_string().len() as f32, 1.0];
        let bytes = vector.map(f32::to_le_bytes).concat();
        let vector = match request["encoding_format"] == "base64" {
            true if face.breach != Breach::Base64 => json!(BASE64_STANDARD.encode(bytes)),
            _ => json!(vector),
        };
        let index = if face.breach == Breach::Index {
            0
        } else {
            index
        };
        json!({"object": "embedding", "index": index, "embedding": vector})
    });
    Json(json!({"object": "list", "data": items.collect::<Vec<_>>()})).into_response()
}

async fn rerank(State(face): State<Face>, body: String) -> Response {
    if let Err(refusal) = face.read(&body) {
        return *refusal;
    }
    let best = if face.breach == Breach::Rank {
        0.1
    } else {
        0.9
    };
    let results = [(1, best), (0, 0.4), (2, 0.4)];
    let results = results.map(|(index, score)| json!({"index": index, "relevance_score": score}));
    Json(json!({"results": results})).into_response()
}

async fn moderations(State(face): State<Face>, body: String) -> Response {
    if let Err(refusal) = face.read(&body) {
        return *refusal;
    }
    let result = match face.breach {
        Breach::Flag => json!({"categories": {}}),
        _ => json!({"flagged": false, "categories": {}}),
    };
    Json(json!({"results": [result, result]})).into_response()
}

impl Face {
    fn read(&self, body: &str) -> Result<Value, Box<Response>> {
        let Ok(request) = serde_json::from_str::<Value>(body) else {
            let status = if self.breach == Breach::Malformed {
                401
            } else {
                400
            };
            return Err(self
                .refuse(status, "invalid_json", "This is not JSON.")
                .into());
        };
        if request["model"] != MODEL && self.breach != Breach::AnyName {
            return Err(self
                .refuse(404, "model_not_found", "There is no such model.")
                .into());
        }
        Ok(request)
    }

    fn refuse(&self, status: u16, code: &str, message: &str) -> Response {
        let mut error = json!({"message": message, "type": "x", "param": null, "code": code});
        if self.breach == Breach::Code {
            error["code"] = status.into();
        }
        let body = match self.breach {
            Breach::Shape => json!({"detail": message, "context": null}),
            _ => json!({"error": error}),
        };
        (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
    }

    /// The tokens of an answer, and why it ends.
    fn says(&self, request: &Value) -> (Vec<String>, &'static str) {
        if request["response_format"]["type"] == "json_object" && self.breach != Breach::Json {
            return (vec!["{\"name\": \"Ada\"}".to_owned()], "stop");
        }
        if request["seed"].is_u64() {
            let seed = match self.breach {
                Breach::Seed => json!(self.load.answers.fetch_add(1, Ordering::SeqCst)),
                _ => request["seed"].clone(),
            };
            return (vec![format!("The {seed}")], "stop");
        }
        let limit = match self.breach {
            Breach::Limit => 24,
            _ => request["max_tokens"].as_u64().unwrap(),
        };
        let mut tokens: Vec<String> = (1..=limit).map(|number| format!("{number}, ")).collect();
        let stop = request["stop"][0].as_str();
        let stop = stop.filter(|_| self.breach != Breach::Stop);
        match stop.and_then(|stop| tokens.iter().position(|token| token.contains(stop))) {
            Some(at) => {
                tokens.truncate(at);
                (tokens, "stop")
            }
            None => (tokens, "length"),
        }
    }

    /// One that is asked for no usage says its first token and no more: it waits to be left.
    fn stream(&self, request: &Value, tokens: &[String], reason: &str, usage: Value) -> Response {
        let chunk = |choices: Value, usage: Value| {
            let mut chunk = json!({"id": "chatcmpl-1", "created": 1, "choices": choices});
            if !(self.breach == Breach::NullUsage && usage.is_null()) {
                chunk["usage"] = usage;
            }
            format!("data: {chunk}\n\n")
        };
        let choice = |delta: Value, reason: Value| {
            let choice = json!({"index": 0, "delta": delta, "finish_reason": reason});
            chunk(json!([choice]), Value::Null)
        };
        let first = match self.breach {
            Breach::Role => json!({"content": ""}),
            _ => json!({"role": "assistant", "content": ""}),
        };
        let mut events = vec![choice(first, Value::Null)];
        let texts = tokens
            .iter()
            .map(|token| choice(json!({"content": token}), Value::Null));
        events.extend(texts);
        events.push(choice(json!({}), reason.into()));
        if self.breach != Breach::StreamUsage {
            events.push(chunk(json!([]), usage));
        }
        if self.breach != Breach::Done {
            events.push("data: [DONE]\n\n".to_owned());
        }
        let waits = request["stream_options"].is_null();
        if waits {
            events.truncate(2);
        }
        let running = Running::on(self);
        let body = stream::unfold(
            (events.into_iter(), running),
            move |(mut events, running)| async move {
                match events.next() {
                    Some(event) => Some((Ok::<_, Infallible>(event), (events, running))),
                    None if waits => std::future::pending().await,
                    None => {
                        running.ends();
                        None
                    }
                }
            },
        );
        let content_type = match self.breach {
            Breach::ContentType => "application/json",
            _ => "text/event-stream",
        };
        (
            [(header::CONTENT_TYPE, content_type)],
            Body::from_stream(body),
        )
            .into_response()
    }
}

/// Keeps the load one higher; dropped before its end, it was cancelled.
struct Running(Option<Face>);

impl Running {
    fn on(face: &Face) -> Self {
        face.load.active.fetch_add(1, Ordering::SeqCst);
        Running(Some(face.clone()))
    }

    fn ends(mut self) {
        if let Some(face) = self.0.take() {
            face.load.active.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let left = self.0.take();
        if let Some(face) = left.filter(|face| face.breach != Breach::KeepsWorking) {
            face.load.active.fetch_sub(1, Ordering::SeqCst);
            face.load.cancelled.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn usage(prompt: usize, completion: usize) -> Value {
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    })
}
