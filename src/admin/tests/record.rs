//! What commands leave on record, and what they show of it.

use sqlx::Executor;

use super::*;
use crate::audit::{Place, Query, Record};

/// Commands that change nothing.
const READ: &[&str] = &[
    "list-keys",
    "list-requests",
    "list-accounts",
    "audit-log",
    "mail list",
    "workers list",
];

/// What each of the others leaves on record; `KEY` stands for the id of Ada's key, `MAIL` for that of a mail to her.
const CHANGES: &[(&str, &str)] = &[
    ("create-account eve@example.org", "account.created"),
    ("create-key ada@example.org ci", "key.created"),
    ("rotate-key ada@example.org KEY", "key.rotated"),
    ("revoke-key ada@example.org KEY", "key.revoked"),
    ("set-tier ada@example.org startup", "tier.changed"),
    ("suspend ada@example.org --reason spam", "account.suspended"),
    ("resume ada@example.org", "account.resumed"),
    ("workers add http://127.0.0.1:1 --unchecked", "worker.added"),
    ("workers change 127.0.0.1:1 --weight 2", "worker.changed"),
    ("workers drain 127.0.0.1:1", "worker.drained"),
    ("workers resume 127.0.0.1:1", "worker.resumed"),
    ("workers remove 127.0.0.1:1", "worker.removed"),
    ("mail retry MAIL", "mail.retried"),
    (
        "reset-second-factor ada@example.org",
        "second_factor.disabled",
    ),
];

/// The names of all commands, those of the workers' own among them.
fn commands() -> Vec<String> {
    let line = <Line as clap::CommandFactory>::command();
    let mut found = vec![];
    for command in line.get_subcommands() {
        let name = command.get_name();
        match command.has_subcommands() {
            true => found.extend(
                command
                    .get_subcommands()
                    .map(|one| format!("{name} {}", one.get_name())),
            ),
            false => found.push(name.to_owned()),
        }
    }
    found
}

#[tokio::test]
async fn every_command_that_changes_something_leaves_a_record() {
    for name in commands() {
        let known = CHANGES.iter().any(|(line, _)| line.starts_with(&name));
        assert!(
            known != READ.contains(&name.as_str()),
            "{name}: say what it leaves on record"
        );
    }
    for (line, action) in CHANGES {
        let (shell, words) = ready(line).await;
        let before = records(&shell).await.len();
        run(&shell, &words).await.unwrap();
        let all = records(&shell).await;
        let actions: Vec<_> = all.iter().map(|record| record.action.as_str()).collect();
        assert_eq!(all.len(), before + 1, "{line}: {actions:?}");
        assert!(
            all.iter()
                .any(|one| one.action == *action && one.actor == "shell"),
            "{line}: {actions:?}"
        );
    }
}

#[tokio::test]
async fn a_command_that_cannot_be_recorded_does_nothing_until_it_can() {
    const REFUSAL: &str = "CREATE TRIGGER no_records BEFORE INSERT ON audit_log BEGIN SELECT RAISE(ABORT, 'full'); END";
    for (line, _) in CHANGES {
        let (shell, words) = ready(line).await;
        shell.db.execute(REFUSAL).await.unwrap();
        let mut watch = shell.db.pool().acquire().await.unwrap();
        let before = version(&mut watch).await;
        let refused = run(&shell, &words).await.unwrap_err();
        assert!(refused.contains("it was not done"), "{line}: {refused}");
        assert!(!refused.contains("full"), "{line}: {refused}");
        assert_eq!(version(&mut watch).await, before, "{line}");
        shell.db.execute("DROP TRIGGER no_records").await.unwrap();
        run(&shell, &words).await.unwrap();
        assert_ne!(version(&mut watch).await, before, "{line}");
    }
}

/// A shell in which `line` can be run, and its words.
async fn ready(line: &str) -> (Shell, Vec<String>) {
    let shell = Shell::of_ada().await;
    shell
        .run(&["create-key", "ada@example.org", "laptop"], "")
        .await
        .unwrap();
    if line.starts_with("workers") && !line.contains("add") {
        shell
            .run(&["workers", "add", "http://127.0.0.1:1", "--unchecked"], "")
            .await
            .unwrap();
    }
    if line.starts_with("resume") {
        shell
            .run(&["suspend", "ada@example.org", "--reason", "spam"], "")
            .await
            .unwrap();
    }
    if line.starts_with("reset-second-factor") {
        shell.turn_on_second_factor().await;
    }
    let keys = shell.keys().await;
    let mail = shell.mail().await;
    let named = |word| match word {
        "KEY" => keys[0]["id"].as_str().unwrap().to_owned(),
        "MAIL" => mail.clone(),
        word => word.to_owned(),
    };
    let words = line.split(' ').map(named).collect();
    (shell, words)
}

async fn run(shell: &Shell, words: &[String]) -> Result<String, String> {
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    shell.run(&words, "correct horse battery").await
}

async fn records(shell: &Shell) -> Vec<Record> {
    let audit = Audit::new(shell.db.clone(), shell.clock.clone());
    let all = Query::default();
    audit.list(&all, &Place::top(), 100).await.unwrap()
}

#[tokio::test]
async fn the_log_is_printed_for_people_and_for_programs() {
    let shell = Shell::of_ada().await;
    shell
        .run(&["create-key", "ada@example.org", "laptop"], "")
        .await
        .unwrap();
    let words = ["audit-log", "--account", "ada@example.org"];
    let table = shell.run(&words, "").await.unwrap();
    assert!(table.starts_with("TIME (UTC)"), "{table}");
    assert!(
        table.contains("key.created") && table.contains("laptop"),
        "{table}"
    );
    let lines = shell
        .run(
            &[&words[..], &["--action", "key.created", "--json"]].concat(),
            "",
        )
        .await;
    let line: Value = serde_json::from_str(&lines.unwrap()).unwrap();
    assert_eq!(
        (&line["action"], &line["actor"]["type"]),
        (&json!("key.created"), &json!("shell"))
    );
    let unknown = shell
        .run(&["audit-log", "--action", "key.stolen"], "")
        .await
        .unwrap_err();
    assert!(unknown.contains("key.revoked"), "{unknown}");
    let none = shell
        .run(&["audit-log", "--action", "worker.added"], "")
        .await;
    assert_eq!(none.unwrap(), "Nothing of that is on record.");
}

#[tokio::test]
async fn a_suspended_account_is_listed_with_its_reason_and_the_last_administrator_is_not_suspended()
{
    let shell = Shell::of_ada().await;
    shell
        .run(&["suspend", "ada@example.org", "--reason", "spam"], "")
        .await
        .unwrap();
    let table = shell.run(&["list-accounts"], "").await.unwrap();
    assert!(
        table.contains("suspended 1970-01-01 00:00: spam"),
        "{table}"
    );
    let listed = shell.run(&["list-accounts", "--json"], "").await.unwrap();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(
        listed[0]["suspended"],
        json!({"since_ms": 0, "reason": "spam"})
    );
    let root = "root@example.org";
    shell
        .run(
            &["create-account", root, "--admin"],
            "correct horse battery",
        )
        .await
        .unwrap();
    let refused = shell
        .run(&["suspend", root, "--reason", "spam"], "")
        .await
        .unwrap_err();
    assert!(refused.contains("last administrator"), "{refused}");
    let refused = shell
        .run(&["suspend", "ada@example.org", "--reason", " "], "")
        .await
        .unwrap_err();
    assert!(refused.contains("1 to 300"), "{refused}");
}
