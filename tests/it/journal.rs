//! What was answered is in the ledger, whatever becomes of the process and the database.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use assisters::clock::Clock;
use assisters::db;
use assisters::principal::Tier;
use assisters::server::{self, StartError};
use assisters::usage::JournalError;
use serde_json::json;
use sqlx::{Any, Transaction};
use tempfile::TempDir;
use tokio::sync::Semaphore;

use crate::fake_worker::{FakeWorker, Script};
use crate::site::{Site, config};
use crate::within;

/// `dir` as a process that is killed now would leave it.
pub fn left_behind(dir: &Path) -> TempDir {
    let copy = TempDir::new().unwrap();
    copy_all(dir, copy.path());
    copy
}

fn copy_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let (path, to) = (
            entry.as_ref().unwrap().path(),
            to.join(entry.unwrap().file_name()),
        );
        if path.is_dir() {
            fs::create_dir(&to).unwrap();
            copy_all(&path, &to);
        } else if path.ends_with("instance") {
            // The same file, by which the next process knows that it is in the same place.
            fs::hard_link(path, to).unwrap();
        } else {
            fs::copy(path, to).unwrap();
        }
    }
}

/// Keeps all others from writing to the database in `dir`, until it is dropped.
async fn lock(dir: &Path) -> Lock {
    let db = db::open(&db::embedded_url(dir).unwrap()).await.unwrap();
    Lock(db.pool().begin_with("BEGIN IMMEDIATE").await.unwrap())
}

struct Lock(#[expect(dead_code, reason = "it is held, not used")] Transaction<'static, Any>);

#[tokio::test]
async fn while_the_database_takes_no_writes_requests_are_answered_and_none_is_lost() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Developer).await;
    let locked = lock(site.dir.path()).await;
    for _ in 0..20 {
        site.answer(&caller.secret, json!({})).await;
    }
    let killed = left_behind(site.dir.path());
    drop(locked);
    let lived_on = site.ledger_of(&caller).await;
    assert_eq!(lived_on.len(), 20);

    let next = Site::unready(killed, vec![]).await;
    assert_eq!(
        next.ledger_of(&caller).await,
        lived_on,
        "a journal left behind is moved at the next start"
    );
}

#[tokio::test]
async fn what_a_process_died_in_is_in_the_ledger_once() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    site.answer(&caller.secret, json!({})).await;
    let gate = Arc::new(Semaphore::new(1));
    worker.follow(Script::says(&["a", "b"]).through(&gate));
    let request = site.chat(&caller.secret, json!({"stream": true}));
    let mut running = within(request.send()).await.unwrap();
    within(running.chunk()).await.unwrap();
    let killed = left_behind(site.dir.path());
    gate.add_permits(1);
    within(running.bytes()).await.unwrap();

    let lived_on = site.ledger_of(&caller).await;
    assert_eq!(
        lived_on.len(),
        2,
        "what goes on is recorded at its end alone"
    );
    assert_eq!(lived_on[1].status, 200);
    let rows = Site::unready(killed, vec![]).await.ledger_of(&caller).await;
    let [before, cut] = rows.try_into().unwrap();
    assert_eq!(before, lived_on[0]);
    assert_eq!(cut.request_id, lived_on[1].request_id);
    assert_eq!((cut.status, cut.basis.as_str()), (500, "counted"));
    assert!(cut.tokens.0 > 0 && cut.tokens.1 == 0, "{cut:?}");
}

#[tokio::test]
async fn what_is_moved_twice_counts_once() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let locked = lock(site.dir.path()).await;
    site.answer(&caller.secret, json!({})).await;
    let journal = site.dir.path().join("journal");
    let before = left_behind(&journal);
    drop(locked);
    let dir = site.stop().await;
    // As if the process had died between the database's commit and the journal's end.
    let records = fs::read_dir(before.path()).unwrap().map(Result::unwrap);
    let records: Vec<_> = records
        .filter(|file| file.metadata().unwrap().len() > 0)
        .collect();
    assert_eq!(records.len(), 1);
    fs::copy(records[0].path(), journal.join(records[0].file_name())).unwrap();

    let next = Site::unready(dir, vec![]).await;
    let browser = next.browser_of(&caller).await;
    let (_, usage) = browser.call("/api/usage", &[("query", "")]).await;
    assert_eq!(usage["total"]["totals"]["requests"], 1, "in the sums too");
    assert_eq!(next.ledger_of(&caller).await.len(), 1);
}

#[tokio::test]
async fn a_second_service_on_the_same_directory_is_told_what_to_do() {
    let site = Site::unready(TempDir::new().unwrap(), vec![]).await;
    let second = server::start(config(site.dir.path(), &[]), Clock::system()).await;
    let Err(error @ StartError::Journal(JournalError::InUse(_))) = second else {
        panic!("two services must not write one journal");
    };
    assert!(error.to_string().contains("ASSISTERS_DATA_DIR"), "{error}");
}
