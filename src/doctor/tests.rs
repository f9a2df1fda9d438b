use std::fs;
use std::path::Path;

use engine::catalog::MODELS;
use tempfile::TempDir;

use super::*;
use crate::db;

fn config(dir: &Path) -> Config {
    let file = dir.join("assisters.toml");
    let text = format!("data_dir = '{}'", dir.join("data").display());
    fs::write(&file, text).unwrap();
    Config {
        // Whoever runs the tests may have models elsewhere.
        models_dir: dir.join("data/models"),
        ..Config::load(Some(&file)).unwrap()
    }
}

/// A data directory as a service leaves it.
async fn used() -> (TempDir, Config) {
    let dir = TempDir::new().unwrap();
    let config = config(dir.path());
    fs::create_dir(&config.data_dir).unwrap();
    let url = db::embedded_url(&config.data_dir).unwrap();
    db::open(&url).await.unwrap().pool().close().await;
    (dir, config)
}

impl Findings {
    fn of(&self, name: &str) -> &Finding {
        self.0.iter().find(|finding| finding.name == name).unwrap()
    }
}

#[tokio::test]
async fn what_was_never_started_is_told_as_such_and_left_as_it_is() {
    let dir = TempDir::new().unwrap();
    let config = config(dir.path());
    let findings = examine(Ok(config.clone())).await;
    for name in ["data directory", "database"] {
        assert_eq!(findings.of(name).state, State::Warning, "{findings:?}");
    }
    assert_eq!(findings.of("journal").state, State::Ok);
    assert_eq!(findings.of("model").state, State::Failed);
    assert!(!config.data_dir.exists());
}

#[tokio::test]
async fn a_used_directory_is_well_but_for_its_models() {
    let (_dir, config) = used().await;
    let findings = examine(Ok(config.clone())).await;
    for name in [
        "configuration",
        "data directory",
        "database",
        "ledger",
        "journal",
        "worker",
        "mail",
    ] {
        assert_eq!(findings.of(name).state, State::Ok, "{findings:?}");
    }
    let left: Vec<_> = fs::read_dir(&config.data_dir).unwrap().flatten().collect();
    assert!(
        left.iter()
            .all(|it| !it.file_name().to_string_lossy().starts_with(".doctor"))
    );
}

#[tokio::test]
async fn a_database_of_another_version_is_not_taken_for_one_of_this() {
    let (_dir, config) = used().await;
    let url = db::embedded_url(&config.data_dir).unwrap();
    for (statement, state, said) in [
        (
            "DELETE FROM _sqlx_migrations WHERE version = (SELECT MAX(version) FROM _sqlx_migrations)",
            State::Warning,
            "lacks 1 migration",
        ),
        (
            "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1",
            State::Failed,
            "another version",
        ),
        ("DROP TABLE _sqlx_migrations", State::Warning, "lacks"),
    ] {
        let db = db::open_as_it_is(&url).await.unwrap();
        sqlx::query(statement).execute(&db).await.unwrap();
        db.pool().close().await;
        let findings = examine(Ok(config.clone())).await;
        let database = findings.of("database");
        assert_eq!(database.state, state, "{database:?}");
        assert!(database.seen.contains(said), "{database:?}");
        assert!(findings.0.iter().all(|finding| finding.name != "ledger"));
    }
    fs::write(db::embedded_file(&config.data_dir), "no database").unwrap();
    let findings = examine(Ok(config)).await;
    let database = findings.of("database");
    assert_eq!(database.state, State::Failed);
    assert!(database.seen.contains("not a database"), "{database:?}");
}

#[tokio::test]
async fn records_that_wait_and_files_set_aside_are_told() {
    let (_dir, config) = used().await;
    let journal = config.data_dir.join("journal");
    fs::create_dir(&journal).unwrap();
    // Of another day, as a service that was killed leaves it.
    let record = json!({
        "request_id": "req_1", "account_id": "acct_1", "endpoint": "/v1/models", "status": 200, "prompt_tokens": 0,
        "completion_tokens": 0, "streamed": false, "duration_ms": 1, "replayed": false, "retry_count": 0,
        "billing_basis": "none", "started_ms": 1,
    });
    let record = record.to_string();
    let line = format!("{:08x} {record}\n", crc32fast::hash(record.as_bytes()));
    fs::write(journal.join("000000000007.log"), line).unwrap();
    let state = async || {
        let findings = examine(Ok(config.clone())).await;
        let finding = findings.of("journal");
        (finding.state, finding.seen.clone())
    };
    let fresh = (State::Ok, "1 record on the way into the ledger".to_owned());
    assert_eq!(state().await, fresh);

    let file = fs::File::options()
        .append(true)
        .open(journal.join("000000000007.log"))
        .unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    assert_eq!(state().await.0, State::Warning);

    fs::write(journal.join("000000000003.damaged"), "?").unwrap();
    assert_eq!(state().await.0, State::Failed);
}

#[tokio::test]
async fn a_model_that_is_not_the_right_one_is_told_from_one_that_is_not_there() {
    let (_dir, mut config) = used().await;
    let model = MODELS[0];
    let folder = config.models_dir.join(model.id);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(model.files[0].name), "short").unwrap();
    let findings = examine(Ok(config.clone())).await;
    let finding = findings.of("model");
    assert!(finding.seen.contains("not the right one"), "{finding:?}");
    assert_eq!(finding.state, State::Failed);

    config.workers = vec!["http://127.0.0.1:1".parse().unwrap()];
    let findings = examine(Ok(config)).await;
    assert_eq!(findings.of("model").state, State::Warning);
    assert_eq!(findings.of("worker").state, State::Failed, "{findings:?}");
}

#[test]
fn findings_are_told_as_a_table_and_as_json() {
    let findings = Findings(vec![
        Finding::ok("settings", "all\u{1b} read"),
        Finding::warning("model", "m is not there", "fetch it"),
        Finding::failed("worker", "w is silent", "start it"),
        Finding::failed("worker", "v is silent", "start it"),
    ]);
    assert_eq!(
        findings.told(false),
        "ok       settings  all\u{fffd} read\n\
         warning  model     m is not there\n\
         \u{20}                  → fetch it\n\
         failed   worker    w is silent\n\
         \u{20}                  → start it\n\
         failed   worker    v is silent\n\
         \u{20}                  → start it\n\n\
         2 checks failed, 1 warning."
    );
    let json: Value = serde_json::from_str(&findings.told(true)).unwrap();
    assert_eq!(
        (&json["ok"], &json["checks"][1]["state"]),
        (&json!(false), &json!("warning"))
    );
    assert_eq!(Findings(vec![]).summary(), "All is well.");
}

#[tokio::test]
async fn a_mail_server_that_is_not_there_is_named_without_its_password() {
    let (_dir, mut config) = used().await;
    let file = config.data_dir.join("mail.toml");
    let text = "[smtp]\nurl = 'smtps://ada:s3cret@127.0.0.1:1'\n[mail]\nfrom = 'ada@example.org'";
    fs::write(&file, text).unwrap();
    config.mail = Config::load(Some(&file)).unwrap().mail;
    let findings = examine(Ok(config)).await;
    let mail = findings.of("mail");
    assert_eq!(mail.state, State::Failed);
    assert!(mail.seen.contains("127.0.0.1:1"), "{mail:?}");
    assert!(!format!("{mail:?}").contains("s3cret"));
}
