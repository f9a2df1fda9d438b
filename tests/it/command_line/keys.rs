//! `assisters admin create-key`, `list-keys`, `rotate-key` and `revoke-key`.

use serde_json::Value;

use super::*;

const ADA: &str = "ada@example.org";

/// What an admin command that must succeed prints on standard output.
async fn printed(data_dir: &Path, words: &[&str]) -> String {
    let output = run(data_dir, &[&["admin"], words].concat(), "").await;
    assert!(
        output.status.success(),
        "{words:?}: {}",
        said(&output.stderr)
    );
    said(&output.stdout).to_owned()
}

#[tokio::test]
async fn a_key_rotated_in_a_shell_goes_on_under_both_secrets_in_a_service_that_runs() {
    let (worker, dir) = (FakeWorker::start().await, TempDir::new().unwrap());
    let data_dir = dir.path().join("data");
    let (_service, base) = serve(&data_dir, worker.address).await;
    let old = key(&data_dir).await;
    assert_eq!(answered(&base, &old).await, StatusCode::OK);
    let listed = printed(&data_dir, &["list-keys", ADA, "--json"]).await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let id = listed[0]["id"].as_str().unwrap();

    let rotate = ["admin", "rotate-key", ADA, id, "--overlap", "1h"];
    let rotated = run(&data_dir, &rotate, "").await;
    let new = said(&rotated.stdout);
    assert_eq!((rotated.status.code(), new.len()), (Some(0), 36), "{new}");
    let note = said(&rotated.stderr);
    assert!(
        note.contains(&old[..8]) && note.contains("is taken until"),
        "{note}"
    );
    for secret in [old.as_str(), new] {
        assert_eq!(answered(&base, secret).await, StatusCode::OK);
    }
    let table = printed(&data_dir, &["list-keys", ADA]).await;
    assert_eq!(table.lines().count(), 3, "{table}");

    let newest = printed(&data_dir, &["rotate-key", ADA, id]).await;
    printed(&data_dir, &["revoke-key", ADA, id]).await;
    // The service has not seen this one yet; the others it may remember for some seconds.
    assert_eq!(answered(&base, &newest).await, StatusCode::UNAUTHORIZED);
    let table = printed(&data_dir, &["list-keys", ADA]).await;
    assert!(table.contains("revoked 20"), "{table}");
}

#[tokio::test]
async fn a_key_made_for_another_address_is_refused_by_the_service() {
    let (worker, dir) = (FakeWorker::start().await, TempDir::new().unwrap());
    let data_dir = dir.path().join("data");
    let (_service, base) = serve(&data_dir, worker.address).await;
    key(&data_dir).await;
    for (ip, status) in [
        ("192.0.2.0/24", StatusCode::FORBIDDEN),
        ("127.0.0.0/8", StatusCode::OK),
    ] {
        let made = ["create-key", ADA, "ci", "--ip", ip, "--expires", "1h"];
        let secret = printed(&data_dir, &made).await;
        assert_eq!(answered(&base, &secret).await, status, "{ip}");
    }
}

#[tokio::test]
async fn wrong_usage_is_told_from_what_cannot_be_done() {
    let dir = TempDir::new().unwrap();
    let data_dir = dir.path().join("data");
    key(&data_dir).await;
    for (words, status, expected) in [
        (
            &["create-key", ADA, "ci", "--ip", "10.0.0/8"][..],
            2,
            "10.0.0.0/8",
        ),
        (
            &["create-key", ADA, "ci", "--endpoint", "x"],
            2,
            "moderations",
        ),
        (
            &["create-key", ADA, "ci", "--expires", "x"],
            2,
            "2027-01-31",
        ),
        (&["create-key", ADA, "ci", "--rpm", "0"], 2, "--rpm"),
        (
            &["create-key", ADA, "ci", "--expires", "2020-01-01"],
            1,
            "still to come",
        ),
        (&["create-key", ADA, "ci", "--rpm", "501"], 1, "at most 500"),
        (
            &["rotate-key", ADA, "key_1", "--overlap", "8d"],
            2,
            "at most 7d",
        ),
        (&["rotate-key", ADA, "key_1"], 1, "has no key key_1"),
        (&["revoke-key", ADA, "key_1"], 1, "has no key key_1"),
        (&["list-keys", "bob@example.org"], 1, "no account"),
        (&["list-keys"], 2, "<EMAIL>"),
    ] {
        let output = run(&data_dir, &[&["admin"], words].concat(), "").await;
        let said = said(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{words:?}: {said}");
        assert!(said.contains(expected), "{words:?}: {said}");
        assert!(output.stdout.is_empty(), "{words:?}");
    }
}
