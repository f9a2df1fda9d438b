//! `assisters doctor`.

use serde_json::Value;

use super::*;

/// The state of each check, and the exit status.
async fn examined(data_dir: &Path, worker: &str) -> (Option<i32>, Value) {
    let mut command = assisters(data_dir, &["doctor", "--json"]);
    let command = command.env("ASSISTERS_WORKERS", worker);
    let output = within(command.output()).await.unwrap();
    let findings = serde_json::from_str(said(&output.stdout)).unwrap();
    (output.status.code(), findings)
}

fn state<'a>(findings: &'a Value, name: &str) -> &'a str {
    let checks = findings["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == name);
    check.unwrap_or_else(|| panic!("{name}: {findings}"))["state"]
        .as_str()
        .unwrap()
}

#[tokio::test]
async fn a_service_that_runs_is_found_well_and_is_not_disturbed() {
    let (worker, dir) = (FakeWorker::start().await, TempDir::new().unwrap());
    let data_dir = dir.path().join("data");
    let (_service, base) = serve(&data_dir, worker.address).await;
    let key = key(&data_dir).await;
    assert_eq!(answered(&base, &key).await, StatusCode::OK);

    let (status, findings) = examined(&data_dir, &format!("http://{}", worker.address)).await;
    assert_eq!(
        (status, &findings["ok"]),
        (Some(0), &true.into()),
        "{findings}"
    );
    for name in [
        "configuration",
        "data directory",
        "database",
        "ledger",
        "journal",
        "worker",
    ] {
        assert_eq!(state(&findings, name), "ok", "{findings}");
    }
    assert_eq!(state(&findings, "model"), "warning", "none was fetched");
    assert_eq!(answered(&base, &key).await, StatusCode::OK);
}

#[tokio::test]
async fn what_has_failed_is_told_with_what_to_do_and_by_the_status() {
    let dir = TempDir::new().unwrap();
    let data_dir = dir.path().join("data");
    key(&data_dir).await;
    let (status, findings) = examined(&data_dir, "http://127.0.0.1:1").await;
    assert_eq!(status, Some(1), "{findings}");
    assert_eq!(state(&findings, "worker"), "failed");

    let url = db::embedded_url(&data_dir).unwrap();
    let database = db::open(&url).await.unwrap();
    let ledger =
        "INSERT INTO usage_hourly (account_id, hour_ms, key_id, endpoint, model, status, requests, prompt_tokens,
             completion_tokens)
         VALUES ('acct_1', 3600000, '', '/v1/models', '', 200, 1, 0, 0)";
    sqlx::query(ledger).execute(&database).await.unwrap();
    let output = run(&data_dir, &["doctor"], "").await;
    let said = said(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for words in [
        "acct_1 in the hour from 1970-01-01 01:00 UTC: 0 requests and 0 tokens in its rows, 1 and 0 in the sums",
        "→ run `assisters models fetch`",
        "4 checks failed.",
    ] {
        assert!(said.contains(words), "{said}");
    }
}

#[tokio::test]
async fn a_worker_that_was_added_is_asked_too() {
    let (worker, dir) = (FakeWorker::start().await, TempDir::new().unwrap());
    let data_dir = dir.path().join("data");
    let configured = format!("http://{}", worker.address);
    let add = [
        "admin",
        "workers",
        "add",
        "http://127.0.0.1:1",
        "--unchecked",
    ];
    assert!(run(&data_dir, &add, "").await.status.success());
    let (status, findings) = examined(&data_dir, &configured).await;
    assert_eq!(status, Some(1), "{findings}");
    let workers = findings["checks"].as_array().unwrap().iter();
    let workers: Vec<_> = workers.filter(|check| check["name"] == "worker").collect();
    let states: Vec<_> = workers.iter().map(|check| &check["state"]).collect();
    assert_eq!(states, ["ok", "failed"], "{findings}");
    let advice = "start it, or `assisters admin workers remove http://127.0.0.1:1`";
    assert_eq!(workers[1]["advice"], advice);

    let remove = ["admin", "workers", "remove", "http://127.0.0.1:1"];
    assert!(run(&data_dir, &remove, "").await.status.success());
    assert_eq!(
        state(&examined(&data_dir, &configured).await.1, "worker"),
        "ok"
    );
}

#[tokio::test]
async fn settings_that_cannot_be_read_are_the_first_finding() {
    let dir = TempDir::new().unwrap();
    let data_dir = dir.path().join("data");
    let (status, findings) = examined(&data_dir, "nowhere").await;
    assert_eq!(status, Some(1));
    assert_eq!(state(&findings, "configuration"), "failed");
    assert!(findings.to_string().contains("ASSISTERS_WORKERS"));
    assert_eq!(
        run(&data_dir, &["doctor", "x"], "").await.status.code(),
        Some(2)
    );
}

#[tokio::test]
async fn the_catalog_is_held_against_what_is_served() {
    let (worker, dir) = (FakeWorker::start().await, TempDir::new().unwrap());
    let data_dir = dir.path().join("data");
    let catalog = "[[model]]\nid = 'fake'\naliases = ['fake-model']\n[[model]]\nid = 'gone'\naliases = ['org/gone']";
    fs::write(dir.path().join("assisters.toml"), catalog).unwrap();
    let address = format!("http://{}", worker.address);
    let (_, findings) = examined(&data_dir, &address).await;
    let checks = findings["checks"].as_array().unwrap().iter();
    let checks = checks.filter(|check| check["name"] == "catalog");
    let told: Vec<_> = checks
        .map(|check| {
            (
                check["state"].as_str().unwrap(),
                check["seen"].as_str().unwrap(),
            )
        })
        .collect();
    let other = format!(
        "no [[model]] speaks of {}: there the workers have the word",
        worker.own_model()
    );
    let expected = [
        ("warning", "no worker that answers serves gone or org/gone"),
        ("ok", other.as_str()),
    ];
    assert_eq!(told, expected);
}
