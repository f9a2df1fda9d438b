use std::fs;

use tempfile::TempDir;

use super::*;
use crate::clock::UnixMs;
use crate::db;
use crate::ids::AccountId;

/// A database, and the processes that share it.
struct Shared {
    dir: TempDir,
    db: Db,
    clock: Clock,
    account: AccountId,
}

impl Shared {
    async fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let db = db::open(&db::embedded_url(dir.path()).unwrap())
            .await
            .unwrap();
        let clock = Clock::manual(UnixMs(1_700_000_000_000));
        let account = AccountId::new();
        sqlx::query(
            "INSERT INTO accounts (id, email, password_hash, tier, is_admin, created_ms)
             VALUES ($1, 'a@example.org', '', 'free', 0, 0)",
        )
        .bind(account.as_str())
        .execute(&db)
        .await
        .unwrap();
        Shared {
            dir,
            db,
            clock,
            account,
        }
    }

    /// The process whose data lies in the folder `name`.
    async fn process(&self, name: &str) -> Idempotency {
        self.waiting(name, Duration::from_millis(1)).await
    }

    /// One that waits so long for a request under way.
    async fn waiting(&self, name: &str, wait: Duration) -> Idempotency {
        let own = self.dir.path().join(name);
        fs::create_dir_all(&own).unwrap();
        let settings = IdempotencySettings {
            wait,
            resume: Duration::from_secs(60),
            keep: Duration::from_secs(24 * 3_600),
        };
        let (db, clock) = (self.db.clone(), self.clock.clone());
        Idempotency::open(&own, db, clock, &Tasks::default(), settings)
            .await
            .unwrap()
    }

    async fn claim(&self, process: &Idempotency, key: &str) -> Result<Claimed, ClaimError> {
        let scope = Scope {
            account: self.account.clone(),
            path: "/v1/embeddings",
            key: IdempotencyKey::parse(key).unwrap(),
        };
        process.claim(scope, Fingerprint::of(b"{}"), None).await
    }

    async fn runs(&self, process: &Idempotency, key: &str) -> Claim {
        match self.claim(process, key).await {
            Ok(Claimed::Run(claim)) => claim,
            _ => panic!("the key is not free"),
        }
    }
}

fn answer() -> Answer {
    Answer {
        status: 200,
        streamed: false,
        body: "{\"a\": 1}".into(),
    }
}

#[tokio::test]
async fn a_claim_whose_process_died_is_taken_over_once_its_lease_has_ended() {
    let shared = Shared::new().await;
    let (dead, alive) = (shared.process("dead").await, shared.process("alive").await);
    // A process that dies ends nothing.
    std::mem::forget(shared.runs(&dead, "one").await);
    assert!(matches!(
        shared.claim(&alive, "one").await,
        Err(ClaimError::InFlight)
    ));
    shared.clock.advance(LEASE);
    shared.runs(&alive, "one").await.end(Some(answer())).await;
    let Ok(Claimed::Answered(Answered::Before(kept))) = shared.claim(&alive, "one").await else {
        panic!("it was answered");
    };
    assert_eq!(kept, answer());
}

#[tokio::test]
async fn a_lease_is_renewed_for_as_long_as_its_process_lives() {
    let shared = Shared::new().await;
    let (one, other) = (shared.process("one").await, shared.process("other").await);
    let claim = shared.runs(&one, "one").await;
    for _ in 0..3 {
        shared.clock.advance(LEASE - Duration::from_millis(1));
        one.renew().await;
        assert!(matches!(
            shared.claim(&other, "one").await,
            Err(ClaimError::InFlight)
        ));
    }
    claim.end(Some(answer())).await;
}

#[tokio::test]
async fn who_was_taken_over_keeps_nothing() {
    let shared = Shared::new().await;
    let (slow, quick) = (shared.process("slow").await, shared.process("quick").await);
    let late = shared.runs(&slow, "one").await;
    shared.clock.advance(LEASE);
    shared.runs(&quick, "one").await.end(Some(answer())).await;
    let other = Answer {
        body: "other".into(),
        ..answer()
    };
    late.end(Some(other)).await;
    let Ok(Claimed::Answered(Answered::Before(kept))) = shared.claim(&slow, "one").await else {
        panic!("it was answered");
    };
    assert_eq!(kept, answer());
}

#[tokio::test]
async fn a_start_frees_what_the_process_before_it_died_in_and_no_others() {
    let shared = Shared::new().await;
    let (dead, other) = (shared.process("dead").await, shared.process("other").await);
    std::mem::forget(shared.runs(&dead, "mine").await);
    let theirs = shared.runs(&other, "theirs").await;
    let next = shared.process("dead").await;
    drop(shared.runs(&next, "mine").await);
    assert!(matches!(
        shared.claim(&next, "theirs").await,
        Err(ClaimError::InFlight)
    ));
    drop(theirs);
}

#[tokio::test]
async fn a_start_on_a_copied_data_directory_frees_nothing_of_the_first() {
    let shared = Shared::new().await;
    let first = shared.process("first").await;
    let claim = shared.runs(&first, "one").await;
    let path = |name: &str| shared.dir.path().join(name);
    fs::create_dir(path("copy")).unwrap();
    fs::copy(path("first/instance"), path("copy/instance")).unwrap();
    let copy = shared.process("copy").await;
    assert!(matches!(
        shared.claim(&copy, "one").await,
        Err(ClaimError::InFlight)
    ));
    claim.end(Some(answer())).await;
}

#[tokio::test]
async fn what_has_run_out_is_cleared_away_and_what_runs_is_not() {
    let shared = Shared::new().await;
    let process = shared.process("one").await;
    shared
        .runs(&process, "kept")
        .await
        .end(Some(answer()))
        .await;
    let running = shared.runs(&process, "running").await;
    let rows = async || {
        let (count,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM idempotency")
            .fetch_one(&shared.db)
            .await
            .unwrap();
        count
    };
    process.sweep().await.unwrap();
    assert_eq!(rows().await, 2);
    shared.clock.advance(Duration::from_secs(24 * 3_600));
    process.renew().await;
    process.sweep().await.unwrap();
    assert_eq!(rows().await, 1);
    drop(running);
}

#[tokio::test]
async fn a_claim_that_is_dropped_frees_its_key() {
    let shared = Shared::new().await;
    let process = shared.waiting("one", Duration::from_secs(20)).await;
    for _ in 0..3 {
        drop(shared.runs(&process, "one").await);
    }
}

#[tokio::test]
async fn a_run_is_not_abandoned_while_another_waits_for_it() {
    let shared = Shared::new().await;
    let process = shared.waiting("one", Duration::from_millis(50)).await;
    let claim = shared.runs(&process, "one").await;
    let grace = Duration::from_millis(1);
    for _ in 0..2 {
        let waits = tokio::select! {
            biased;
            waits = shared.claim(&process, "one") => waits,
            () = claim.abandoned(grace) => panic!("somebody waits"),
        };
        // It gives up by itself, long after the grace of one that nobody waits for.
        assert!(matches!(waits, Err(ClaimError::InFlight)));
    }
    claim.abandoned(grace).await;
    claim.end(Some(answer())).await;
}

#[tokio::test]
async fn an_account_keeps_so_much_and_its_oldest_answers_go_first() {
    let shared = Shared::new().await;
    let process = shared.process("a").await;
    let running = shared.runs(&process, "running").await;
    for key in ["1", "2", "3", "4"] {
        shared.clock.advance(Duration::from_secs(1));
        let claim = shared.runs(&process, key).await;
        claim.end(Some(answer())).await;
    }
    let one = i64::try_from(answer().body.len()).unwrap();
    let kept = async |bytes, answers| {
        let gone = store::hold_quota(&shared.db, bytes, answers).await.unwrap();
        let left: Vec<String> =
            sqlx::query_scalar("SELECT key FROM idempotency WHERE bytes > 0 ORDER BY key")
                .fetch_all(&shared.db)
                .await
                .unwrap();
        (gone, left.join(""))
    };
    assert_eq!(kept(4 * one, 4).await, (0, "1234".to_owned()));
    assert_eq!(kept(4 * one - 1, 4).await, (1, "234".to_owned()));
    assert_eq!(kept(4 * one, 2).await, (1, "34".to_owned()));
    // What runs has its place.
    running.end(Some(answer())).await;
    assert_eq!(kept(0, 0).await.0, 3);
}
