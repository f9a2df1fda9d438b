//! Who waits, who fails, and what an act is as a whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;
use tokio::sync::Barrier;

use super::*;

#[tokio::test]
async fn a_database_that_has_no_time_is_told_from_one_that_has_failed() {
    let dir = tempfile::tempdir().unwrap();
    let url = embedded_url(dir.path()).unwrap();
    open(&url).await.unwrap().pool().close().await;
    let narrow = AnyPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_millis(300));
    let narrow = narrow.connect_lazy(&url).unwrap();
    let mut other = AnyConnection::connect(&url).await.unwrap();
    other.execute("PRAGMA busy_timeout = 0").await.unwrap();
    let waits = AnyPoolOptions::new().max_connections(1).connect(&url).await;
    let waits = waits.unwrap();
    let mut writing = waits.begin().await.unwrap();
    writing.execute("DELETE FROM sessions").await.unwrap();
    let busy = other.execute("DELETE FROM sessions").await.unwrap_err();
    assert!(is_busy(&busy), "{busy:?}");
    let wrong = other.execute("DELETE FROM nothing").await.unwrap_err();
    assert!(!is_busy(&wrong), "{wrong:?}");

    let mut taken = None;
    while taken.is_none() {
        taken = narrow.acquire().await.ok();
    }
    let none_left = narrow.acquire().await.unwrap_err();
    assert!(is_busy(&none_left), "{none_left:?}");
    assert!(is_busy(&OpenError::Connect(none_left)));
    assert!(!is_busy(&sqlx::Error::PoolClosed));
}

#[tokio::test]
async fn who_reads_is_answered_while_many_wait_to_write() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&embedded_url(dir.path()).unwrap()).await.unwrap();
    let mut first = db.begin().await.unwrap();
    first.execute("DELETE FROM sessions").await.unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS - 8 {
        let db = db.clone();
        writers.spawn(async move { db.execute("DELETE FROM sessions").await });
    }
    // All of them have a connection of their own, and wait on it.
    while db.pool().size() < CONNECTIONS - 7 || db.pool().num_idle() > 0 {
        tokio::task::yield_now().await;
    }
    assert!(answers(&db).await);
    assert!(writers.try_join_next().is_none());
    first.commit().await.unwrap();
    for written in writers.join_all().await {
        written.unwrap();
    }
}

async fn fresh() -> (TempDir, Db) {
    let dir = TempDir::new().unwrap();
    let db = open(&embedded_url(dir.path()).unwrap()).await.unwrap();
    (dir, db)
}

/// Writes a row into a table that asks for nothing else.
async fn note(db: &Db, id: &str) -> Result<(), sqlx::Error> {
    let note = "INSERT INTO deleted_accounts (account_id, deleted_ms) VALUES ($1, 0)";
    sqlx::query(note).bind(id).execute(db).await.map(drop)
}

async fn notes(db: &Db) -> i64 {
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM deleted_accounts");
    count.fetch_one(db).await.unwrap()
}

/// Says whether it was done.
fn flag() -> (Arc<AtomicBool>, impl Future<Output = ()> + Send + 'static) {
    let flag = Arc::new(AtomicBool::new(false));
    let raised = flag.clone();
    (flag, async move { raised.store(true, Ordering::SeqCst) })
}

#[tokio::test]
async fn an_act_is_seen_by_itself_alone_until_it_is_done_and_so_is_what_follows() {
    let (_dir, db) = fresh().await;
    let act = db.act();
    note(act.db(), "a").await.unwrap();
    let mut part = act.db().begin().await.unwrap();
    part.execute("UPDATE deleted_accounts SET deleted_ms = 1")
        .await
        .unwrap();
    part.commit().await.unwrap();
    let (follows, raise) = flag();
    act.db().then(raise).await;
    assert_eq!((notes(act.db()).await, notes(&db).await), (1, 0));
    assert!(!follows.load(Ordering::SeqCst));
    act.commit().await.unwrap();
    assert_eq!(notes(&db).await, 1);
    assert!(follows.load(Ordering::SeqCst));

    let (at_once, raise) = flag();
    db.then(raise).await;
    assert!(
        at_once.load(Ordering::SeqCst),
        "without an act it is done already"
    );
}

#[tokio::test]
async fn of_an_act_that_is_dropped_nothing_is_left_and_nothing_follows() {
    let (_dir, db) = fresh().await;
    let act = db.act();
    note(act.db(), "a").await.unwrap();
    let (follows, raise) = flag();
    let lingers = act.db().clone();
    // It holds the act itself, as a room might that takes part in it.
    let held = lingers.clone();
    lingers
        .then(async move {
            raise.await;
            drop(held);
        })
        .await;
    drop(act);
    note(&db, "b").await.unwrap();
    assert_eq!(notes(&db).await, 1);
    assert!(!follows.load(Ordering::SeqCst));
    assert!(note(&lingers, "c").await.is_err());
}

#[tokio::test]
async fn an_act_whose_part_came_to_nothing_is_over() {
    let (_dir, db) = fresh().await;
    let act = db.act();
    note(act.db(), "a").await.unwrap();
    drop(act.db().begin().await.unwrap());
    assert!(note(act.db(), "b").await.is_err());
    assert!(act.commit().await.is_err());
    assert_eq!(notes(&db).await, 0);
}

#[tokio::test]
async fn many_acts_that_read_before_they_write_wait_for_each_other() {
    const ACTS: i64 = 64;
    let (_dir, db) = fresh().await;
    let barrier = Arc::new(Barrier::new(usize::try_from(ACTS).unwrap()));
    let mut acts = tokio::task::JoinSet::new();
    for _ in 0..ACTS {
        let (db, barrier) = (db.clone(), barrier.clone());
        acts.spawn(async move {
            barrier.wait().await;
            let act = db.act();
            let seen = notes(act.db()).await;
            note(act.db(), &seen.to_string()).await?;
            act.commit().await
        });
    }
    for done in acts.join_all().await {
        done.unwrap();
    }
    assert_eq!(notes(&db).await, ACTS);
}
