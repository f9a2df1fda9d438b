//! The engine behind a real socket: clients that hang up, and the way it shuts down.
//!
//! The weights are looked for in `ASSISTERS_MODELS_DIR`. Where they are absent these tests say so and pass.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod given;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use engine::catalog::CHAT;
use given::processor;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

#[expect(
    clippy::disallowed_methods,
    reason = "a test has no configuration of its own"
)]
fn models_dir() -> Option<PathBuf> {
    let dir = std::env::var("ASSISTERS_MODELS_DIR")
        .ok()
        .map(PathBuf::from);
    let there = dir.filter(|dir| dir.join(CHAT.id).join("model.gguf").exists());
    if there.is_none() {
        eprintln!("skipped: ASSISTERS_MODELS_DIR has no {}", CHAT.id);
    }
    there
}

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinSet<Result<(), engine::Error>>,
}

async fn server(dir: PathBuf) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let mut served = JoinSet::new();
    served.spawn(async move {
        let shutdown = async { stopped.await.unwrap_or_default() };
        engine::serve(listener, &dir, processor(), shutdown).await
    });
    Server {
        address,
        stop,
        served,
    }
}

async fn send(address: SocketAddr, head: &str, body: &str) -> TcpStream {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request =
        format!("{head} HTTP/1.1\r\nhost: engine\r\ncontent-length: {length}\r\n\r\n{body}");
    connection.write_all(request.as_bytes()).await.unwrap();
    connection
}

/// Begins a long streamed answer and reads until the first token has come.
async fn long_stream(address: SocketAddr) -> TcpStream {
    let body = json!({
        "model": CHAT.id,
        "messages": [{"role": "user", "content": "Write a very long story about a fox."}],
        "stream": true,
        "max_tokens": 3000,
        "temperature": 0,
    });
    let mut connection = send(address, "POST /v1/chat/completions", &body.to_string()).await;
    let mut seen = String::new();
    let mut buffer = [0; 4096];
    while !seen.contains("\"content\":\"") {
        let read = connection.read(&mut buffer).await.unwrap();
        assert_ne!(read, 0, "closed after {seen}");
        seen += &String::from_utf8_lossy(&buffer[..read]);
        assert!(seen.starts_with("HTTP/1.1 200"), "{seen}");
    }
    connection
}

async fn stats(address: SocketAddr) -> Value {
    let mut connection = send(address, "GET /stats", "").await;
    let mut seen = String::new();
    let mut buffer = [0; 4096];
    loop {
        let read = connection.read(&mut buffer).await.unwrap();
        assert_ne!(read, 0, "closed after {seen}");
        seen += &String::from_utf8_lossy(&buffer[..read]);
        if let Some((_, body)) = seen.split_once("\r\n\r\n")
            && let Ok(stats) = serde_json::from_str(body)
        {
            return stats;
        }
    }
}

#[tokio::test]
async fn hanging_up_ends_the_generation() {
    let Some(dir) = models_dir() else { return };
    let server = server(dir).await;
    drop(long_stream(server.address).await);
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    let stats = loop {
        looks.tick().await;
        let stats = stats(server.address).await;
        if stats["active"] == 0 {
            break stats;
        }
        assert!(Instant::now() < deadline, "still generating: {stats}");
    };
    assert_eq!(stats["cancelled"], 1, "{stats}");
    assert!(stats["generated_tokens"].as_u64().unwrap() < 50, "{stats}");
}

#[tokio::test]
async fn shutting_down_cuts_answers_off_and_says_so() {
    let Some(dir) = models_dir() else { return };
    let Server {
        address,
        stop,
        mut served,
    } = server(dir).await;
    let mut answer = long_stream(address).await;
    stop.send(()).unwrap();
    let mut rest = String::new();
    answer.read_to_string(&mut rest).await.unwrap();
    assert!(rest.contains("\"code\":\"shutting_down\""), "{rest}");
    assert!(rest.contains("data: [DONE]"), "{rest}");
    assert!(!rest.contains("\"finish_reason\":\"stop\""), "{rest}");
    served.join_next().await.unwrap().unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn without_models_it_says_how_to_get_them() {
    let empty = tempfile::tempdir().unwrap();
    let mut server = server(empty.path().to_owned()).await;
    let refused = server
        .served
        .join_next()
        .await
        .unwrap()
        .unwrap()
        .unwrap_err();
    let message = refused.to_string();
    assert!(message.contains("assisters models fetch"), "{message}");
    let folder = empty.path().to_str().unwrap();
    assert!(message.contains(folder), "{message}");
}
