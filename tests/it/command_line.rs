//! The program itself, as a shell starts it and as a machine kills it.

mod conformance;
mod doctor;
mod keys;
mod log;
mod scan;
mod workers;

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Output, Stdio};

use assisters::accounts::Accounts;
use assisters::clock::Clock;
use assisters::db;
use reqwest::{Client, StatusCode};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

use crate::fake_worker::FakeWorker;
use crate::ledger::ledger_in;
use crate::site::{PASSWORD, chat};
use crate::{until, within};

pub fn assisters(data_dir: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assisters"));
    command
        .args(words)
        .env_clear()
        .env("ASSISTERS_DATA_DIR", data_dir)
        .env("ASSISTERS_LISTEN", "127.0.0.1:0")
        .current_dir(data_dir.parent().unwrap())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Runs `assisters` to its end, with `input` on its standard input.
pub async fn run(data_dir: &Path, words: &[&str], input: &str) -> Output {
    let mut child = assisters(data_dir, words)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // One that never reads its input may have closed it.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    within(child.wait_with_output()).await.unwrap()
}

fn said(output: &[u8]) -> &str {
    str::from_utf8(output).unwrap().trim_end()
}

/// A service with `worker`, and where it listens.
async fn serve(data_dir: &Path, worker: SocketAddr) -> (Child, String) {
    serve_by(assisters(data_dir, &["serve"]), worker).await
}

/// The one that `command` starts.
pub async fn serve_by(mut command: Command, worker: SocketAddr) -> (Child, String) {
    let workers = format!("http://{worker}");
    let mut child = command
        .env("ASSISTERS_WORKERS", workers)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = within(lines.next_line())
        .await
        .unwrap()
        .expect("it says where it listens");
    let base = line
        .strip_prefix("assisters: listening on ")
        .unwrap_or_else(|| panic!("{line}"))
        .to_owned();
    let client = Client::new();
    until(async || {
        client
            .get(format!("{base}/readyz"))
            .send()
            .await
            .unwrap()
            .status()
            == StatusCode::OK
    })
    .await;
    (child, base)
}

pub async fn key(data_dir: &Path) -> String {
    let made = run(
        data_dir,
        &[
            "admin",
            "create-account",
            "ada@example.org",
            "--tier",
            "startup",
        ],
        PASSWORD,
    )
    .await;
    assert!(made.status.success(), "{}", said(&made.stderr));
    let key = run(
        data_dir,
        &["admin", "create-key", "ada@example.org", "laptop"],
        "",
    )
    .await;
    said(&key.stdout).to_owned()
}

async fn answered(base: &str, key: &str) -> StatusCode {
    let request = Client::new()
        .post(format!("{base}/v1/chat/completions"))
        .bearer_auth(key)
        .json(&chat(json!({})));
    let response = within(request.send()).await.unwrap();
    let status = response.status();
    response.bytes().await.unwrap();
    status
}

#[tokio::test]
async fn a_key_made_in_a_shell_calls_a_service_that_runs() {
    let (worker, dir) = (FakeWorker::start().await, TempDir::new().unwrap());
    let data_dir = dir.path().join("data");
    let (mut service, base) = serve(&data_dir, worker.address).await;
    let key = key(&data_dir).await;
    assert_eq!(key.len(), 36, "the key alone: {key}");
    assert_eq!(answered(&base, &key).await, StatusCode::OK);

    let pid = service.id().unwrap().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .await
            .unwrap()
            .success()
    );
    assert!(
        within(service.wait()).await.unwrap().success(),
        "asked to stop, it ends well"
    );
}

#[tokio::test]
async fn a_service_killed_at_once_after_its_answers_has_recorded_them_all() {
    let (worker, dir) = (FakeWorker::start().await, TempDir::new().unwrap());
    let data_dir = dir.path().join("data");
    let (mut service, base) = serve(&data_dir, worker.address).await;
    let key = key(&data_dir).await;
    for _ in 0..25 {
        assert_eq!(answered(&base, &key).await, StatusCode::OK);
    }
    service.start_kill().unwrap();
    within(service.wait()).await.unwrap();

    let (_service, base) = serve(&data_dir, worker.address).await;
    assert_eq!(answered(&base, &key).await, StatusCode::OK);
    let db = db::open(&db::embedded_url(&data_dir).unwrap())
        .await
        .unwrap();
    let account = Accounts::new(db, Clock::system())
        .find_by_email("ada@example.org")
        .await
        .unwrap()
        .unwrap();
    until(async || ledger_in(&data_dir, &account).await.len() >= 26).await;
    let rows = ledger_in(&data_dir, &account).await;
    assert_eq!(rows.len(), 26);
    assert!(
        rows.iter()
            .all(|row| row.status == 200 && row.tokens == (5, 2)),
        "{rows:?}"
    );
}

#[tokio::test]
async fn what_stops_a_start_is_named_with_the_way_out() {
    let dir = TempDir::new().unwrap();
    let data_dir = dir.path().join("data");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let file = file.to_str().unwrap();
    for (variable, value, expected) in [
        ("ASSISTERS_LISTEN", taken.as_str(), "ASSISTERS_LISTEN"),
        ("ASSISTERS_LISTEN", "localhost", "such as 127.0.0.1:3000"),
        ("ASSISTERS_DATA_DIR", file, "ASSISTERS_DATA_DIR"),
        ("ASSISTERS_WORKERS", "nowhere", "ASSISTERS_WORKERS"),
    ] {
        let output = within(
            assisters(&data_dir, &["serve"])
                .env(variable, value)
                .output(),
        )
        .await
        .unwrap();
        let said = said(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{variable}={value}: {said}");
        assert!(
            said.contains(expected) && !said.contains("panicked"),
            "{variable}={value}: {said}"
        );
    }
}

#[tokio::test]
async fn a_device_that_is_none_or_cannot_be_used_is_told_of() {
    let dir = TempDir::new().unwrap();
    let worker = ["worker", "--listen", "127.0.0.1:0", "--device"];
    let mut cases = vec![("gpu", 2, "`cuda:1`")];
    if cfg!(not(feature = "cuda")) {
        cases.push(("cuda:1", 1, "--features cuda"));
    }
    for (device, status, expected) in cases {
        let words = [&worker[..], &[device]].concat();
        let output = run(&dir.path().join("data"), &words, "").await;
        let said = said(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{device}: {said}");
        assert!(said.contains(expected), "{device}: {said}");
    }
}

#[tokio::test]
async fn an_admin_command_that_fails_says_so_by_its_status() {
    let dir = TempDir::new().unwrap();
    let data_dir = dir.path().join("data");
    key(&data_dir).await;
    for (words, input, status, expected) in [
        (
            &["create-account", "ada@example.org"][..],
            PASSWORD,
            1,
            "has an account already",
        ),
        (
            &["create-account", "bob@example.org"],
            "short",
            1,
            "at least 15 characters",
        ),
        (
            &["create-account", "bob@example.org"],
            "",
            1,
            "pipe in a line",
        ),
        (
            &["create-key", "bob@example.org", "ci"],
            "",
            1,
            "no account has the e-mail address bob@example.org",
        ),
        (
            &["set-tier", "ada@example.org", "gold"],
            "",
            2,
            "free, developer, startup, enterprise",
        ),
    ] {
        let output = run(&data_dir, &[&["admin"], words].concat(), input).await;
        let said = said(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{words:?}: {said}");
        assert!(
            said.contains(expected) && !said.contains("panicked"),
            "{words:?}: {said}"
        );
        assert!(output.stdout.is_empty(), "{words:?}");
    }
}
