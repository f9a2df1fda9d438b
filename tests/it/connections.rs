//! What a connection may cost: slow, wrong and too many clients; and what becomes of those that are there when the
//! service stops.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use assisters::principal::Tier;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::command_line::{assisters, serve_by};
use crate::fake_worker::{FakeWorker, Script};
use crate::raw::Raw;
use crate::site::{Site, chat, config};
use crate::{until, within};

async fn impatient() -> Site {
    let dir = TempDir::new().unwrap();
    let mut config = config(dir.path(), &["127.0.0.1:9".parse().unwrap()]);
    config.limits.head = Duration::from_millis(50);
    Site::configured(dir, config).await
}

#[tokio::test]
async fn a_head_that_never_ends_closes_its_connection() {
    let site = impatient().await;
    for head in [
        "",
        "GET",
        "GET /healthz HTTP/1.1\r\nHost: a\r\n",
        "POST /v1/chat/completions HTTP/1.1\r\nAuthorization: Bearer ask_",
    ] {
        let mut raw = Raw::to(site.address()).await;
        raw.send(head.as_bytes()).await.unwrap();
        let answer = raw.rest().await;
        assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    }
}

#[tokio::test]
async fn a_head_that_comes_in_drops_is_given_no_more_time() {
    let site = impatient().await;
    let mut raw = Raw::to(site.address()).await;
    raw.send(b"GET /healthz HTTP/1.1\r\nX-Long: ")
        .await
        .unwrap();
    // As slow as a clock that is read each few milliseconds.
    until(async || raw.send(b"a").await.is_err() || raw.is_closed().await).await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_answer() {
    let site = impatient().await;
    let mut raw = Raw::to(site.address()).await;
    raw.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    let (head, body) = raw.answer().await;
    assert!(
        head.starts_with("HTTP/1.1 200 ") && body == "ok",
        "{head}{body}"
    );
    assert_eq!(raw.rest().await, "");
}

#[tokio::test]
async fn one_address_has_so_many_connections_and_gets_more_when_some_end() {
    let dir = TempDir::new().unwrap();
    let mut config = config(dir.path(), &["127.0.0.1:9".parse().unwrap()]);
    config.limits.connections_per_address = 2;
    let site = Site::configured(dir, config).await;
    let answered = async || {
        let mut raw = Raw::to(site.address()).await;
        // It may be closed before this is sent.
        let _ = raw.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await;
        raw.starts_answering().await.then_some(raw)
    };
    let (one, _two) = (answered().await.unwrap(), answered().await.unwrap());
    for _ in 0..10 {
        assert!(answered().await.is_none());
    }
    one.leave().await;
    until(async || answered().await.is_some()).await;
}

#[tokio::test]
async fn a_page_takes_no_body_and_a_form_a_small_one() {
    let site = Site::unready(TempDir::new().unwrap(), vec![]).await;
    let browser = site.browser_of(&site.caller(Tier::Free).await).await;
    let large = "x".repeat(1 << 20);
    for (path, status) in [
        ("/usage", 405),
        ("/keys", 405),
        ("/nothing", 405),
        ("/healthz", 405),
        ("/api/settings/rename", 413),
        ("/api/nothing", 413),
    ] {
        let answer = browser.submit(path, &[("name", &large)]).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
    }
}

#[tokio::test]
async fn what_is_no_http_is_refused_and_nothing_breaks() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let many = "X-Filler: a\r\n".repeat(200);
    let long = format!("X-Filler: {}\r\n", "a".repeat(1 << 20));
    for (sent, status) in [
        ("nonsense\r\n\r\n".to_owned(), "400"),
        ("GET /healthz\r\n\r\n".to_owned(), "400"),
        ("GET /healthz HTTP/9.9\r\n\r\n".to_owned(), "400"),
        (
            "GET /healthz HTTP/1.1\r\nno colon\r\n\r\n".to_owned(),
            "400",
        ),
        (
            "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n".to_owned(),
            "400",
        ),
        (
            format!(
                "GET /{} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                "a".repeat(9_000)
            ),
            "414",
        ),
        (
            format!("GET /?a={} HTTP/1.1\r\n\r\n", "a".repeat(70_000)),
            "414",
        ),
        (
            "POST /v1/models HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n".to_owned(),
            "400",
        ),
        (format!("GET /healthz HTTP/1.1\r\n{many}\r\n"), "431"),
        (format!("GET /healthz HTTP/1.1\r\n{long}\r\n"), "431"),
        ("\x16\x03\x01\x02\x00\x01".to_owned(), "400"),
        (
            "POST /v1/models HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n".to_owned(),
            "400",
        ),
    ] {
        let mut raw = Raw::to(site.address()).await;
        // It may be refused before all of it is sent.
        let _ = raw.send(sent.as_bytes()).await;
        let answer = raw.rest().await;
        let shown = sent.get(..60).unwrap_or(&sent);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{shown:?}: {answer}"
        );
    }
    // Who speaks HTTP/2 at once would not understand an answer.
    let mut raw = Raw::to(site.address()).await;
    raw.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    assert_eq!(raw.rest().await, "");
    site.answer(&site.key(Tier::Free).await, json!({})).await;
}

#[tokio::test]
async fn a_stream_that_runs_when_the_service_stops_may_end() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let (caller, address) = (site.caller(Tier::Free).await, site.address());
    let gate = Arc::new(Semaphore::new(0));
    worker.follow(Script::says(&["a", "b"]).through(&gate));
    let idle = Raw::to(address).await;
    let running = site.chat(&caller.secret, json!({"stream": true}));
    let running = within(running.send()).await.unwrap();
    let reading = async {
        until(async || TcpStream::connect(address).await.is_err()).await;
        gate.add_permits(2);
        within(running.text()).await.unwrap()
    };
    let (rows, text) = tokio::join!(site.ledger_of(&caller), reading);
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
    assert_eq!(rows.iter().map(|row| row.status).collect::<Vec<_>>(), [200]);
    drop(idle);
}

#[tokio::test]
async fn who_reads_nothing_of_a_stream_is_cut_off_and_pays_for_what_was_made() {
    const TOKENS: usize = 48;
    let worker = FakeWorker::start().await;
    let site = Site::tuned(&[&worker], |config| {
        config.limits.stalled_reader = Duration::from_millis(50);
    })
    .await;
    // More than the kernel takes on both sides of a connection.
    let token = "x".repeat(1 << 20);
    worker.follow(Script::says(&[token.as_str(); TOKENS]));
    let caller = site.caller(Tier::Free).await;
    let body = chat(json!({"stream": true})).to_string();
    let mut raw = Raw::to(site.address()).await;
    raw.send_head(
        &caller.secret,
        &format!("Content-Length: {}\r\n", body.len()),
    )
    .await;
    raw.send(body.as_bytes()).await.unwrap();
    worker.abandoned(1).await;
    until(async || site.in_flight() == 0).await;
    let came = raw.rest().await;
    assert!(came.starts_with("HTTP/1.1 200 ") && !came.contains("[DONE]"));
    let [row] = site.ledger_of(&caller).await.try_into().unwrap();
    assert_eq!(
        (row.status, row.error_code.as_deref(), row.basis.as_str()),
        (499, Some("client_closed_request"), "counted")
    );
    let charged: usize = row.tokens.1.try_into().unwrap();
    assert!((1..TOKENS).contains(&charged), "{charged} were charged");
}

#[tokio::test]
async fn running_out_of_files_is_survived() {
    let (worker, dir) = (FakeWorker::start().await, TempDir::new().unwrap());
    let data_dir = dir.path().join("data");
    let command = assisters(&data_dir, &["serve"]);
    let program = command.as_std().get_program().to_owned();
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -n 80; exec \"$0\" serve"])
        .arg(program)
        .env_clear()
        .envs(
            command
                .as_std()
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let (_service, base) = serve_by(limited, worker.address).await;
    let address = base.strip_prefix("http://").unwrap();
    let mut crowd = vec![];
    // The kernel takes them all; the service has files for fewer.
    for _ in 0..120 {
        crowd.push(within(TcpStream::connect(address)).await.unwrap());
    }
    let healthy = async || {
        let asked = reqwest::get(format!("{base}/healthz"));
        matches!(timeout(Duration::from_millis(200), asked).await, Ok(Ok(answer)) if answer.status() == 200)
    };
    assert!(!healthy().await, "the crowd has taken all files");
    drop(crowd);
    until(healthy).await;
}
