//! A worker that does what a test tells it to, and tells what was done to it.

// Told, because benches/chaos.rs has this file from where it lies itself.
#[path = "fake_worker/answer.rs"]
mod answer;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

pub use answer::Tally;
use answer::{Answer, Asked};

pub const MODEL: &str = "fake-model";

/// How the worker answers, from the next request on.
#[derive(Clone)]
pub struct Script {
    /// What the worker calls the model that answers.
    model: String,
    tokens: Vec<String>,
    usage: Option<(u64, u64)>,
    finish_reason: String,
    refusal: Option<(StatusCode, Value)>,
    /// Seconds, in a refusal's `Retry-After`.
    retry_after: Option<u64>,
    gate: Option<Arc<Semaphore>>,
    /// Holds the head of an answer back.
    door: Option<Arc<Semaphore>>,
    /// Whether the gate holds back the end alone, and no token.
    holds_end: bool,
    breaks_off: bool,
    /// How long it takes to begin.
    pub takes: Duration,
}

impl Script {
    /// Says these tokens, and that the prompt had 5.
    pub fn says(tokens: &[&str]) -> Self {
        let count = tokens.len().try_into().unwrap();
        Script {
            model: MODEL.to_owned(),
            tokens: tokens.iter().map(ToString::to_string).collect(),
            usage: Some((5, count)),
            finish_reason: "stop".to_owned(),
            refusal: None,
            retry_after: None,
            gate: None,
            door: None,
            holds_end: false,
            breaks_off: false,
            takes: Duration::ZERO,
        }
    }

    /// Answers with `status` and an error that says `message`.
    pub fn refuses(status: u16, message: &str) -> Self {
        let body = json!({"error": {"message": message, "type": "x", "param": "messages", "code": "from_worker"}});
        Script {
            refusal: Some((StatusCode::from_u16(status).unwrap(), body)),
            ..Script::says(&[])
        }
    }

    pub fn and_says_retry_after(self, seconds: u64) -> Self {
        Script {
            retry_after: Some(seconds),
            ..self
        }
    }

    /// Answers with an error of this code.
    pub fn refuses_as(code: &str) -> Self {
        let body = json!({"error": {"message": "No.", "type": "x", "param": null, "code": code}});
        Script {
            refusal: Some((StatusCode::BAD_REQUEST, body)),
            ..Script::says(&[])
        }
    }

    /// Says, too, that it used as many tokens, and why it ended.
    pub fn and_claims(self, usage: (u64, u64), finish_reason: &str) -> Self {
        Script {
            usage: Some(usage),
            finish_reason: finish_reason.to_owned(),
            ..self
        }
    }

    pub fn without_usage(self) -> Self {
        Script {
            usage: None,
            ..self
        }
    }

    /// Holds every token back until a permit is added to the gate.
    pub fn through(self, gate: &Arc<Semaphore>) -> Self {
        Script {
            gate: Some(gate.clone()),
            ..self
        }
    }

    /// Says nothing at all, not even its head, until a permit is added to the door.
    pub fn behind(self, door: &Arc<Semaphore>) -> Self {
        Script {
            door: Some(door.clone()),
            ..self
        }
    }

    /// Says all tokens at once, and holds the end back until a permit is added to the gate.
    pub fn and_waits_for(self, gate: &Arc<Semaphore>) -> Self {
        Script {
            holds_end: true,
            ..self.through(gate)
        }
    }

    /// Cuts the connection after the last token, once the gate lets that through too: only then is it sure that the
    /// tokens were sent.
    pub fn and_breaks_off(self) -> Self {
        Script {
            breaks_off: true,
            ..self
        }
    }
}

/// Ends with all its connections when it is dropped.
pub struct FakeWorker {
    pub address: SocketAddr,
    face: Face,
    /// Shared, so that the port stays taken when the worker dies: another test must not get it.
    listener: Arc<TcpListener>,
    serving: JoinSet<()>,
}

#[derive(Clone)]
struct Face {
    /// What it calls the model that all serve.
    model: String,
    /// A model that this worker alone serves, besides the one that all serve.
    own_model: String,
    script: Arc<Mutex<Script>>,
    requests: Arc<Mutex<Vec<Value>>>,
    tally: watch::Sender<Tally>,
    /// Who does not send this key is turned away.
    key: Arc<Mutex<Option<String>>>,
    /// What it exports for Prometheus, if it does.
    metrics: Arc<Mutex<Option<String>>>,
}

impl FakeWorker {
    pub async fn start() -> Self {
        FakeWorker::calling_it(MODEL).await
    }

    /// One that has a name of its own for the model that all serve.
    pub async fn calling_it(model: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let face = Face {
            model: model.to_owned(),
            own_model: format!("only-at-{}", address.port()),
            script: Arc::new(Mutex::new(Script::says(&["Hel", "lo"]))),
            requests: Arc::default(),
            tally: watch::Sender::default(),
            key: Arc::default(),
            metrics: Arc::default(),
        };
        let listener = Arc::new(listener);
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener.clone(), face.clone()));
        FakeWorker {
            address,
            face,
            listener,
            serving,
        }
    }

    /// One that nobody has ever seen alive.
    pub async fn dead() -> Self {
        let mut worker = FakeWorker::start().await;
        worker.die();
        worker
    }

    /// Cuts all connections, and every new one at once.
    pub fn die(&mut self) {
        self.serving.abort_all();
        let listener = self.listener.clone();
        self.serving.spawn(async move {
            loop {
                drop(listener.accept().await);
            }
        });
    }

    /// Serves again, as one that has died and was started anew.
    pub async fn revive(&mut self) {
        self.serving.shutdown().await;
        let serving = serve(self.listener.clone(), self.face.clone());
        self.serving.spawn(serving);
    }

    /// Turns away, from now on, who does not send `key`.
    pub fn lock(&self, key: &str) {
        *self.face.key.lock().unwrap() = Some(key.to_owned());
    }

    /// Says so for Prometheus from now on, or nothing.
    pub fn exports(&self, metrics: Option<&str>) {
        *self.face.metrics.lock().unwrap() = metrics.map(str::to_owned);
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

    /// What has become so far of what it was asked.
    pub fn tally(&self) -> Tally {
        *self.face.tally.borrow()
    }

    /// Returns once as many answers were abandoned.
    pub async fn abandoned(&self, count: usize) {
        let mut tally = self.face.tally.subscribe();
        crate::within(tally.wait_for(|so_far| so_far.abandoned >= count))
            .await
            .unwrap();
    }
}

async fn serve(listener: Arc<TcpListener>, face: Face) {
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/v1/models", get(models))
        .route("/v1/chat/completions", post(chat))
        .route("/v1/embeddings", post(embeddings))
        .route("/v1/moderations", post(moderations))
        .route("/v1/rerank", post(rerank))
        .layer(from_fn_with_state(face.clone(), open))
        .with_state(face);
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let service = TowerToHyperService::new(router.clone());
        connections.spawn(async move {
            // An error here is a client that went away, which tests do on purpose.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn open(State(face): State<Face>, request: Request, next: Next) -> Response {
    let key = face.key.lock().unwrap().clone();
    let expected = key.map(|key| format!("Bearer {key}"));
    let sent = request.headers().get(header::AUTHORIZATION);
    // Who needs no key is not to be shown one either.
    if sent.map(|sent| sent.to_str().unwrap()) != expected.as_deref() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    next.run(request).await
}

async fn metrics(State(face): State<Face>) -> Result<String, StatusCode> {
    let metrics = face.metrics.lock().unwrap().clone();
    metrics.ok_or(StatusCode::NOT_FOUND)
}

async fn models(State(face): State<Face>) -> Json<Value> {
    let model = |id: &str| {
        json!({
            "id": id, "object": "model", "created": 1, "owned_by": "test",
            "max_model_len": 2048, "default_max_tokens": 64,
        })
    };
    Json(json!({"object": "list", "data": [model(&face.model), model(&face.own_model)]}))
}

async fn chat(State(face): State<Face>, Json(request): Json<Value>) -> Response {
    let (script, asked) = match face.begin(&request).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    if request["stream"] == true {
        let wants_usage = request["stream_options"]["include_usage"] == true;
        let stream = Answer::streamed(script, wants_usage, asked).into_stream();
        let event_stream = [(header::CONTENT_TYPE, "text/event-stream")];
        return (event_stream, Body::from_stream(stream)).into_response();
    }
    let body = Answer::plain(script, asked).whole().await;
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// Two figures for each item of the input.
async fn embeddings(State(face): State<Face>, Json(request): Json<Value>) -> Response {
    let one = json!([request["input"]]);
    let items = request["input"].as_array().or(one.as_array()).unwrap();
    let embedding = |(index, _): (usize, _)| json!({"object": "embedding", "index": index, "embedding": [0.5, index]});
    let data: Vec<Value> = items.iter().enumerate().map(embedding).collect();
    let body = json!({
        "object": "list", "model": face.model, "data": data, "usage": {"prompt_tokens": 5, "total_tokens": 5},
    });
    face.whole(&request, body).await
}

/// Finds nothing wrong, and does not count.
async fn moderations(State(face): State<Face>, Json(request): Json<Value>) -> Response {
    let body =
        json!({"id": "modr-fake", "model": request["model"], "results": [{"flagged": false}]});
    face.whole(&request, body).await
}

/// Likes later documents better, and answers as vLLM does.
async fn rerank(State(face): State<Face>, Json(request): Json<Value>) -> Response {
    let documents = request["documents"].as_array().unwrap().iter().enumerate();
    let ranked = documents.map(|(index, text)| {
        json!({"index": index, "document": {"text": text}, "relevance_score": 0.25 * index as f64})
    });
    let body = json!({
        "id": "score-1", "model": face.model, "results": ranked.collect::<Vec<_>>(), "usage": {"total_tokens": 9},
    });
    face.whole(&request, body).await
}

impl Face {
    /// Notes a request; gives what to do with it, or the refusal that the script says.
    async fn begin(&self, request: &Value) -> Result<(Script, Asked), Response> {
        self.requests.lock().unwrap().push(request.clone());
        let asked = Asked::new(&self.tally);
        let script = Script {
            model: self.model.clone(),
            ..self.script.lock().unwrap().clone()
        };
        if let Some(door) = &script.door {
            door.acquire().await.unwrap().forget();
        }
        if !script.takes.is_zero() {
            sleep(script.takes).await;
        }
        match script.refusal {
            Some((status, body)) => {
                asked.became(|tally| tally.refused += 1);
                let mut refusal = (status, Json(body)).into_response();
                if let Some(seconds) = script.retry_after {
                    refusal
                        .headers_mut()
                        .insert(header::RETRY_AFTER, seconds.into());
                }
                Err(refusal)
            }
            None => Ok((script, asked)),
        }
    }

    async fn whole(&self, request: &Value, body: Value) -> Response {
        match self.begin(request).await {
            Ok((_, asked)) => {
                asked.became(|tally| tally.finished += 1);
                Json(body).into_response()
            }
            Err(refusal) => refusal,
        }
    }
}
