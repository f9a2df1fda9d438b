//! `assisters admin workers`.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Semaphore;

use super::*;
use crate::fake_worker::Script;
use crate::v1::read_until;

/// What an admin command that must succeed prints on standard output.
async fn printed(data_dir: &Path, words: &[&str], input: &str) -> String {
    let output = run(data_dir, &[&["admin", "workers"], words].concat(), input).await;
    let status = output.status;
    assert!(status.success(), "{words:?}: {}", said(&output.stderr));
    said(&output.stdout).to_owned()
}

/// How the one gateway that runs sees `worker`, if it does.
async fn seen(data_dir: &Path, worker: &FakeWorker) -> Option<Value> {
    let fleet: Value = serde_json::from_str(&printed(data_dir, &["--json"], "").await).unwrap();
    let workers = fleet["workers"].as_array().unwrap();
    let id = worker.address.to_string();
    let worker = workers.iter().find(|one| one["id"] == id)?;
    worker["views"].as_array().unwrap().first().cloned()
}

async fn is(state: &str, data_dir: &Path, worker: &FakeWorker) -> bool {
    seen(data_dir, worker)
        .await
        .is_some_and(|view| view["state"] == state)
}

#[tokio::test]
async fn a_worker_is_added_drained_resumed_and_removed_in_a_shell_beside_a_service() {
    let (own, added) = (FakeWorker::start().await, FakeWorker::start().await);
    added.lock("worker-key");
    let dir = TempDir::new().unwrap();
    let data_dir = dir.path().join("data");
    let (_service, base) = serve(&data_dir, own.address).await;
    let key = key(&data_dir).await;
    let (url, id) = (
        format!("http://{}", added.address),
        added.address.to_string(),
    );
    let ask = |stream: bool| {
        let body = chat(json!({"model": added.own_model(), "stream": stream}));
        let request = Client::new().post(format!("{base}/v1/chat/completions"));
        request.bearer_auth(&key).json(&body).send()
    };

    let add = ["add", &url, "--max-in-flight", "4", "--key-stdin"];
    let told = printed(&data_dir, &add, "worker-key\n").await;
    assert_eq!(
        told,
        format!(
            "{id} is a worker now. It serves fake-model, {}.",
            added.own_model()
        )
    );
    until(async || is("ready", &data_dir, &added).await).await;
    let table = printed(&data_dir, &[], "").await;
    assert!(
        table.lines().all(|line| line.chars().count() <= 80),
        "{table}"
    );
    assert!(
        !table.contains("worker-key") && table.contains("0/4"),
        "{table}"
    );

    let gate = Arc::new(Semaphore::new(0));
    added.follow(Script::says(&["a", "b"]).and_waits_for(&gate));
    let mut running = within(ask(true)).await.unwrap();
    read_until(&mut running, r#""content":"b""#).await;
    printed(&data_dir, &["drain", &id], "").await;
    let drained = async || {
        let view = seen(&data_dir, &added).await.unwrap();
        view["state"] == "draining" && view["in_flight"] == 1
    };
    until(async || drained().await).await;
    let asked = added.requests().len();
    gate.add_permits(1);
    read_until(&mut running, "[DONE]").await;
    assert_eq!(
        within(ask(false)).await.unwrap().status(),
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(added.requests().len(), asked);

    added.follow(Script::says(&["x"]));
    printed(&data_dir, &["resume", &url], "").await;
    until(async || within(ask(false)).await.unwrap().status() == StatusCode::OK).await;
    let change = ["change", &id, "--max-in-flight", "0", "--weight", "2"];
    printed(&data_dir, &change, "").await;
    let changed = async || {
        let table = printed(&data_dir, &[], "").await;
        !table.contains("0/4") && table.contains("with a key, weight 2")
    };
    until(async || changed().await).await;
    assert_eq!(within(ask(false)).await.unwrap().status(), StatusCode::OK);
    printed(&data_dir, &["remove", &id], "").await;
    until(async || within(ask(false)).await.unwrap().status() == StatusCode::NOT_FOUND).await;
    until(async || seen(&data_dir, &added).await.is_none()).await;
    assert!(is("ready", &data_dir, &own).await);
}

#[tokio::test]
async fn where_no_service_runs_workers_are_listed_and_nobody_knows_how_they_stand() {
    let dir = TempDir::new().unwrap();
    let data_dir = dir.path().join("data");
    let nothing = printed(&data_dir, &["list"], "").await;
    assert!(nothing.contains("admin workers add URL"), "{nothing}");
    let unchecked = [
        "add",
        "http://10.9.9.9:8000/v1/",
        "--unchecked",
        "--weight",
        "3",
    ];
    printed(&data_dir, &unchecked, "").await;
    printed(&data_dir, &["drain", "10.9.9.9:8000"], "").await;
    let output = run(&data_dir, &["admin", "workers", "list"], "").await;
    let table = said(&output.stdout);
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(rows[1][..2], ["10.9.9.9:8000", "draining"], "{table}");
    assert_eq!(rows[2], ["added,", "weight", "3"], "{table}");
    let note = said(&output.stderr);
    assert!(note.contains("No gateway runs"), "{note}");
}

#[tokio::test]
async fn what_cannot_be_done_to_a_worker_is_told_with_the_way_out() {
    let (own, locked) = (FakeWorker::start().await, FakeWorker::start().await);
    locked.lock("worker-key");
    let dead = FakeWorker::dead().await;
    let dir = TempDir::new().unwrap();
    let data_dir = dir.path().join("data");
    let (_service, _) = serve(&data_dir, own.address).await;
    until(async || seen(&data_dir, &own).await.is_some()).await;
    let [own, locked, dead] = [&own, &locked, &dead].map(|worker| worker.address.to_string());
    let [own_url, locked_url, dead_url] =
        [&own, &locked, &dead].map(|it| format!("http://{it}/v1"));
    for (words, input, status, expected) in [
        (&["add", &dead_url][..], "", 1, "could not be reached"),
        (&["add", &dead_url], "", 1, "--unchecked"),
        (&["add", &locked_url], "", 1, "--key-stdin"),
        (
            &["add", &locked_url, "--key-stdin"],
            "wrong-key",
            1,
            "status 401",
        ),
        (
            &["add", &locked_url, "--key-stdin"],
            "",
            1,
            "pipe in a line",
        ),
        (
            &["add", &locked_url, "--key-stdin"],
            "wrong key",
            1,
            "visible ASCII",
        ),
        (&["add", &own_url], "", 1, "is a worker already"),
        (
            &["add", "ftp://10.0.0.5"],
            "",
            2,
            "such as http://10.0.0.5:8000",
        ),
        (&["add"], "", 2, "<URL>"),
        (&["add", &dead_url, "--weight", "0"], "", 2, "1..=1000"),
        (
            &["add", &dead_url, "--max-in-flight", "0"],
            "",
            2,
            "--max-in-flight",
        ),
        (
            &["drain", "nobody"],
            "",
            1,
            &format!("the only one is {own}"),
        ),
        (&["resume", "nobody"], "", 1, "there is no worker nobody"),
        (&["remove", &dead], "", 1, &format!("the only one is {own}")),
        (
            &["remove", &own],
            "",
            1,
            "assisters.toml or ASSISTERS_WORKERS",
        ),
        (&["remove"], "", 2, "<ID>"),
        (&["change", &own, "--weight", "2"], "", 1, "assisters.toml"),
        (&["change", "nobody", "--no-key"], "", 1, "the only one is"),
        (&["change", &own], "", 2, "--weight"),
        (
            &["change", &own, "--no-key", "--key-stdin"],
            "",
            2,
            "cannot be used with",
        ),
        (&["lists"], "", 2, "list"),
    ] {
        let output = run(&data_dir, &[&["admin", "workers"], words].concat(), input).await;
        let said = said(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{words:?}: {said}");
        assert!(said.contains(expected), "{words:?}: {said}");
        assert!(
            !said.contains("wrong-key") && !said.contains("wrong key"),
            "{said}"
        );
        assert!(output.stdout.is_empty(), "{words:?}");
    }
}
