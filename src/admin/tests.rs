mod record;

use clap::Parser;
use serde_json::{Value, json};
use sqlx::AnyConnection;
use tempfile::TempDir;

use super::*;
use crate::clock::UnixMs;
use crate::config::MailSettings;
use crate::db;
use crate::mail::{Letter, Mail};
use crate::second_factor::Secret;

/// The command line, from where `assisters admin` hands over.
#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    command: AdminCommand,
}

struct Shell {
    // Holds the database.
    _dir: TempDir,
    db: Db,
    clock: Clock,
}

impl Shell {
    async fn open() -> Self {
        let dir = TempDir::new().unwrap();
        let db = db::open(&db::embedded_url(dir.path()).unwrap())
            .await
            .unwrap();
        Shell {
            _dir: dir,
            db,
            clock: Clock::manual(UnixMs(0)),
        }
    }

    /// What is printed, or what the error says.
    async fn run(&self, words: &[&str], input: &str) -> Result<String, String> {
        let line = Line::try_parse_from([&["admin"], words].concat())
            .map_err(|error| error.to_string())?;
        let secrets = Secrets {
            password: secrets::password_from(input.as_bytes()).ok(),
            worker_key: None,
        };
        let (db, clock) = (self.db.clone(), self.clock.clone());
        let roster = Roster::new(&[], db.clone(), clock.clone());
        perform(line.command, secrets, &roster, db, clock)
            .await
            .map(|said| said.out)
            .map_err(|error| error.to_string())
    }

    /// One with the account of ada@example.org.
    async fn of_ada() -> Self {
        let shell = Shell::open().await;
        shell
            .run(
                &["create-account", "ada@example.org"],
                "correct horse battery",
            )
            .await
            .unwrap();
        shell
    }

    async fn keys(&self) -> Value {
        let listed = self
            .run(&["list-keys", "ada@example.org", "--json"], "")
            .await;
        serde_json::from_str(&listed.unwrap()).unwrap()
    }

    /// The id of a mail that is written to Ada.
    async fn mail(&self) -> String {
        let (dir, settings) = (self._dir.path(), MailSettings::default());
        let (db, clock) = (self.db.clone(), self.clock.clone());
        let mail = Mail::new(&settings, dir, "http://a".into(), db, clock).unwrap();
        let accounts = Accounts::new(self.db.clone(), self.clock.clone());
        let ada = accounts.find_by_email("ada@example.org").await.unwrap();
        let ada = ada.unwrap();
        mail.post(&ada.id, &ada.email, &Letter::Verify)
            .await
            .unwrap();
        let listed = mail.outbox().list(1).await.unwrap();
        listed[0].id.to_string()
    }

    async fn turn_on_second_factor(&self) {
        let accounts = Accounts::new(self.db.clone(), self.clock.clone());
        let ada = accounts.find_by_email("ada@example.org").await.unwrap();
        let factors = SecondFactors::new(self.db.clone(), self.clock.clone());
        let secret = Secret::generate().unwrap();
        let code = secret.shown(self.clock.now());
        let id = ada.unwrap().id;
        factors.turn_on(&id, &secret, &code).await.unwrap();
    }
}

/// Another with whatever is committed, if not on `watch` itself.
async fn version(watch: &mut AnyConnection) -> i64 {
    let version = sqlx::query_scalar("PRAGMA data_version");
    version.fetch_one(watch).await.unwrap()
}

#[tokio::test]
async fn an_account_made_in_a_shell_signs_in_and_its_key_is_printed_alone() {
    let shell = Shell::open().await;
    let words = [
        "create-account",
        "Ada@example.org",
        "--tier",
        "startup",
        "--admin",
    ];
    let said = shell
        .run(&words, "correct horse battery\r\nnot this")
        .await
        .unwrap();
    assert_eq!(
        said,
        "ada@example.org has an account now, on the tier startup, as an administrator."
    );

    let accounts = Accounts::new(shell.db.clone(), shell.clock.clone());
    let account = accounts
        .verify_password("ada@example.org", Password::new("correct horse battery"))
        .await
        .unwrap()
        .unwrap();
    assert!(account.is_admin);

    let key = shell
        .run(&["create-key", "ada@example.org", "laptop"], "")
        .await
        .unwrap();
    let principal = Keys::new(shell.db.clone(), shell.clock.clone())
        .verify(&key, None)
        .await
        .unwrap();
    assert_eq!(
        (principal.account, principal.quota),
        (account.id, Tier::Startup.quota())
    );
}

#[tokio::test]
async fn a_tier_is_set_with_limits_of_its_own_or_without() {
    let shell = Shell::of_ada().await;
    let said = shell
        .run(
            &["set-tier", "ada@example.org", "enterprise", "--rpm", "7"],
            "",
        )
        .await
        .unwrap();
    assert!(
        said.contains("enterprise now: 7 requests and 5000000 tokens a minute"),
        "{said}"
    );
    let said = shell
        .run(&["set-tier", "ada@example.org", "developer"], "")
        .await
        .unwrap();
    assert!(
        said.contains("developer now: 100 requests and 1000000 tokens a minute"),
        "{said}"
    );
}

#[tokio::test]
async fn what_cannot_be_done_names_the_way_out() {
    let shell = Shell::of_ada().await;
    for (words, input, expected) in [
        (
            &["create-account", "ada@example.org"][..],
            "correct horse battery",
            "`assisters admin set-tier`",
        ),
        (&["create-account", "bob@example.org"], "", "pipe in a line"),
        (
            &["create-account", "bob@example.org"],
            "short",
            "at least 15 characters",
        ),
        (
            &["create-account", "bob"],
            "correct horse battery",
            "such as ada@example.org",
        ),
        (
            &["create-account", "bob@example.org", "--tier", "gold"],
            "correct horse battery",
            "free, developer",
        ),
        (
            &["create-key", "bob@example.org", "laptop"],
            "",
            "`assisters admin create-account bob@example.org`",
        ),
        (
            &["create-key", "ada@example.org", " "],
            "",
            "such as \"laptop\"",
        ),
        (
            &["create-key", "ada@example.org", "ci", "--expires", "0d"],
            "",
            "still to come",
        ),
        (
            &["create-key", "ada@example.org", "ci", "--expires", "soon"],
            "",
            "such as 30d",
        ),
        (
            &["create-key", "ada@example.org", "ci", "--endpoint", "chats"],
            "",
            "moderations",
        ),
        (
            &["create-key", "ada@example.org", "ci", "--ip", "10.0.0.0/99"],
            "",
            "10.0.0.0/8",
        ),
        (
            &["create-key", "ada@example.org", "ci", "--rpm", "11"],
            "",
            "at most 10",
        ),
        (
            &["list-keys", "bob@example.org"],
            "",
            "`assisters admin create-account bob@example.org`",
        ),
        (
            &["rotate-key", "ada@example.org", "key_1"],
            "",
            "`assisters admin list-keys ada@example.org`",
        ),
        (
            &["rotate-key", "ada@example.org", "key_1", "--overlap", "8d"],
            "",
            "at most 7d",
        ),
        (
            &["revoke-key", "ada@example.org", "key_1"],
            "",
            "`assisters admin list-keys ada@example.org`",
        ),
        (
            &["set-tier", "bob@example.org", "free"],
            "",
            "`assisters admin create-account bob@example.org`",
        ),
        (
            &["set-tier", "ada@example.org", "free", "--rpm", "0"],
            "",
            "not in 1..",
        ),
        (
            &[
                "set-tier",
                "ada@example.org",
                "free",
                "--tpm",
                "99999999999999999999",
            ],
            "",
            "--tpm",
        ),
    ] {
        let said = shell.run(words, input).await.unwrap_err();
        assert!(said.contains(expected), "{words:?}: {said}");
    }
}

#[tokio::test]
async fn a_key_is_made_with_restrictions_and_listed_with_them() {
    let shell = Shell::of_ada().await;
    let empty = shell.run(&["list-keys", "ada@example.org"], "").await;
    assert!(empty.unwrap().contains("create-key ada@example.org"));
    let words = [
        "create-key",
        "ada@example.org",
        "ci",
        "--expires",
        "1970-01-02",
        "--endpoint",
        "chat",
        "--endpoint",
        "models",
        "--model",
        "m",
        "--ip",
        "10.0.0.1/8",
        "--rpm",
        "5",
        "--tpm",
        "1000",
    ];
    let key = shell.run(&words, "").await.unwrap();
    let made = &shell.keys().await[0];
    assert_eq!(made["masked"], format!("{}…{}", &key[..8], &key[32..]));
    for (field, expected) in [
        ("name", json!("ci")),
        ("state", json!("active")),
        ("expires_ms", json!(86_400_000)),
        ("endpoints", json!(["chat", "models"])),
        ("models", json!(["m"])),
        ("ips", json!(["10.0.0.0/8"])),
        ("rpm", json!(5)),
        ("tpm", json!(1000)),
        ("last_used_ms", json!(null)),
        ("old_secrets", json!([])),
    ] {
        assert_eq!(made[field], expected, "{field}");
    }

    let table = shell.run(&["list-keys", "ada@example.org"], "").await;
    let table = table.unwrap();
    let row = table.lines().nth(1).unwrap();
    assert!(row.starts_with(made["id"].as_str().unwrap()), "{table}");
    for words in [
        "active until 1970-01-02 00:00",
        "never",
        "only chat, models; model m; from 10.0.0.0/8; 5 requests/min; 1000 tokens/min",
    ] {
        assert!(row.contains(words), "{table}");
    }
    assert!(!table.contains(&key[8..32]));
}

#[tokio::test]
async fn a_key_is_rotated_and_revoked_by_its_id() {
    let shell = Shell::of_ada().await;
    let old = shell
        .run(&["create-key", "ada@example.org", "ci"], "")
        .await;
    let old = old.unwrap();
    let id = shell.keys().await[0]["id"].as_str().unwrap().to_owned();
    let new = shell.run(&["rotate-key", "ada@example.org", &id], "").await;
    let new = new.unwrap();
    assert_eq!(new.len(), 36, "the key alone: {new}");
    let keys = Keys::new(shell.db.clone(), shell.clock.clone());
    for secret in [&old, &new] {
        assert!(keys.verify(secret, None).await.is_ok());
    }
    let listed = shell.keys().await;
    assert_eq!(listed[0]["id"], id);
    assert_eq!(listed[0]["old_secrets"][0]["ends_ms"], 86_400_000);
    let table = shell.run(&["list-keys", "ada@example.org"], "").await;
    assert!(table.unwrap().contains("taken until 1970-01-02 00:00"));

    let revoke = ["revoke-key", "ada@example.org", &id];
    shell.run(&revoke, "").await.unwrap();
    let keys = Keys::new(shell.db.clone(), shell.clock.clone());
    for secret in [&old, &new] {
        assert!(keys.verify(secret, None).await.is_err());
    }
    let refused = shell.run(&["rotate-key", "ada@example.org", &id], "").await;
    assert!(refused.unwrap_err().contains("was revoked"));
    assert_eq!(shell.keys().await[0]["state"], "revoked");
}

#[tokio::test]
async fn mails_are_listed_and_tried_again() {
    let shell = Shell::of_ada().await;
    let nothing = shell.run(&["mail"], "").await.unwrap();
    assert!(nothing.contains("No mail"), "{nothing}");
    let posted = shell.mail().await;

    let listed = shell.run(&["mail", "list", "--json"], "").await.unwrap();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed[0]["to"], "ada@example.org");
    assert_eq!(listed[0]["state"], "waiting");
    assert!(!listed.to_string().contains("token"));
    let id = listed[0]["id"].as_str().unwrap();
    assert_eq!(id, posted);
    let retried = shell.run(&["mail", "retry", id], "").await.unwrap();
    assert!(retried.contains(id), "{retried}");
    shell.clock.advance(Duration::from_secs(24 * 3_600));
    let refused = shell.run(&["mail", "retry", id], "").await.unwrap_err();
    assert!(refused.contains("run out"), "{refused}");
    let unknown = shell.run(&["mail", "retry", "mail_x"], "").await;
    assert!(unknown.unwrap_err().contains("no mail mail_x"));
}
