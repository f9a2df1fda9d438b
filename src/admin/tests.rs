use clap::Parser;
use tempfile::TempDir;

use super::*;
use crate::clock::UnixMs;
use crate::db;

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
        let password = password::first_line(input.as_bytes()).ok();
        perform(line.command, password, self.db.clone(), self.clock.clone())
            .await
            .map_err(|error| error.to_string())
    }
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
        .run(&words, "correct horse\r\nnot this")
        .await
        .unwrap();
    assert_eq!(
        said,
        "ada@example.org has an account now, on the tier startup, as an administrator."
    );

    let accounts = Accounts::new(shell.db.clone(), shell.clock.clone());
    let account = accounts
        .verify_password("ada@example.org", Password::new("correct horse"))
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
    let shell = Shell::open().await;
    shell
        .run(&["create-account", "ada@example.org"], "correct horse")
        .await
        .unwrap();
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
    let shell = Shell::open().await;
    shell
        .run(&["create-account", "ada@example.org"], "correct horse")
        .await
        .unwrap();
    for (words, input, expected) in [
        (
            &["create-account", "ada@example.org"][..],
            "correct horse",
            "`assisters admin set-tier`",
        ),
        (&["create-account", "bob@example.org"], "", "pipe in a line"),
        (
            &["create-account", "bob@example.org"],
            "short",
            "at least 8 characters",
        ),
        (
            &["create-account", "bob"],
            "correct horse",
            "such as ada@example.org",
        ),
        (
            &["create-account", "bob@example.org", "--tier", "gold"],
            "correct horse",
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
