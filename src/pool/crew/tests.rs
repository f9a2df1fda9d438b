use std::fs;
use std::num::NonZeroUsize;
use std::sync::Weak;
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use super::super::lease::Lease;
use super::super::roster::Roster;
use super::super::tests::model;
use super::*;
use crate::clock::{Clock, UnixMs};
use crate::db;
use crate::tasks::Tasks;

const ID: &str = "127.0.0.1:1/added";

/// A pool that is started, with one worker that is configured and one that was added before; neither is there.
async fn started(dir: &TempDir) -> (Pool, Tasks) {
    let file = dir.path().join("assisters.toml");
    fs::write(&file, "workers = ['http://127.0.0.1:1/configured']").unwrap();
    let config = Config {
        // Whoever runs the tests may have others.
        workers: vec!["http://127.0.0.1:1/configured".parse().unwrap()],
        ..Config::load(Some(&file)).unwrap()
    };
    let db = db::open(&db::embedded_url(dir.path()).unwrap())
        .await
        .unwrap();
    let (clock, tasks) = (Clock::system(), Tasks::default());
    let roster = Roster::new(&config.workers, db.clone(), clock.clone());
    roster.add(settings()).await.unwrap();
    let pool = Pool::new(&config, db, clock, &tasks);
    let listening = SocketAddr::from(([127, 0, 0, 1], 3_000));
    pool.start(&config, "this".to_owned(), listening)
        .await
        .unwrap();
    (pool, tasks)
}

fn settings() -> WorkerSettings {
    format!("http://{ID}").parse().unwrap()
}

impl Pool {
    fn worker(&self, id: &str) -> Option<Arc<Worker>> {
        let mut workers = self.all().into_iter();
        workers.find(|worker| worker.id.as_str() == id)
    }
}

/// Returns once nobody has the worker any more, its probes among them.
async fn forgotten(pool: &Pool, worker: Weak<Worker>) {
    let gone = async {
        while worker.strong_count() > 0 {
            pool.snapshot();
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(30), gone).await.unwrap();
}

#[tokio::test]
async fn a_worker_that_was_removed_is_forgotten_once_it_has_finished() {
    let dir = TempDir::new().unwrap();
    let (pool, tasks) = started(&dir).await;
    let worker = pool.worker(ID).unwrap();
    let lease = Lease::take(&worker, &pool, &"m".into()).unwrap();
    pool.remove(ID).await.unwrap();
    assert!(pool.worker(ID).is_none());
    assert!(Lease::take(&worker, &pool, &"m".into()).is_none());
    let fleet = pool.fleet().await.unwrap();
    let leaving = fleet.workers.iter().find(|one| one.id == worker.id);
    let leaving = leaving.unwrap();
    assert_eq!(
        (leaving.origin, leaving.views[0].standing.in_flight),
        (Origin::Removed, 1)
    );
    drop(lease);
    let worker = {
        let weak = Arc::downgrade(&worker);
        drop(worker);
        weak
    };
    forgotten(&pool, worker).await;
    assert_eq!(pool.fleet().await.unwrap().workers.len(), 1);
    assert!(tasks.stop(Duration::from_secs(30)).await);
}

#[tokio::test]
async fn a_worker_whose_settings_change_is_replaced_and_serves_what_it_did() {
    let dir = TempDir::new().unwrap();
    let (pool, tasks) = started(&dir).await;
    let before = pool.worker(ID).unwrap();
    before.learn(vec![model("m")], UnixMs(0));
    let held = Lease::take(&before, &pool, &"m".into()).unwrap();
    let change = Change {
        max_in_flight: Some(NonZeroUsize::new(7)),
        ..Change::default()
    };
    pool.change(ID, change).await.unwrap();
    let after = pool.worker(ID).unwrap();
    assert!(!Arc::ptr_eq(&before, &after) && after.serves("m"));
    assert_eq!(after.places(), 7);
    assert_eq!(
        pool.snapshot().len(),
        2,
        "the one that leaves is the same worker"
    );
    drop((held, after));
    let before = {
        let weak = Arc::downgrade(&before);
        drop(before);
        weak
    };
    forgotten(&pool, before).await;
    assert!(tasks.stop(Duration::from_secs(30)).await);
}

#[tokio::test]
async fn a_local_worker_that_is_started_again_is_drained_as_it_was() {
    let dir = TempDir::new().unwrap();
    let (pool, tasks) = started(&dir).await;
    let local = WorkerId::local();
    pool.enlist(&local, &settings());
    pool.set_draining("local", true).await.unwrap();
    pool.dismiss(&local);
    pool.enlist(&local, &settings());
    assert!(pool.worker("local").unwrap().is_draining());
    let fleet = pool.fleet().await.unwrap();
    let origins: Vec<_> = fleet.workers.iter().map(|one| one.origin).collect();
    assert_eq!(origins, [Origin::Configured, Origin::Added, Origin::Local]);
    pool.set_draining("local", false).await.unwrap();
    assert!(!pool.worker("local").unwrap().is_draining());
    assert!(tasks.stop(Duration::from_secs(30)).await);
}
