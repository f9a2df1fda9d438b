use tempfile::TempDir;

use super::super::WorkerState;
use super::*;
use crate::config::WorkerKey;
use crate::db;

const ID: &str = "10.0.0.5:8000";

fn settings(url: &str) -> WorkerSettings {
    url.parse().unwrap()
}

/// One of these settings on a database of its own.
async fn roster(configured: &[&str]) -> (TempDir, Roster) {
    let dir = TempDir::new().unwrap();
    let url = db::embedded_url(dir.path()).unwrap();
    let db = db::open(&url).await.unwrap();
    let configured: Vec<_> = configured.iter().map(|url| settings(url)).collect();
    let clock = Clock::manual(UnixMs(1_000_000_000));
    (dir, Roster::new(&configured, db, clock))
}

impl Roster {
    async fn ids(&self) -> Vec<(String, Origin)> {
        let workers = self.fleet().await.unwrap().workers.into_iter();
        workers
            .map(|worker| (worker.id.to_string(), worker.origin))
            .collect()
    }

    /// Has a gateway say `workers`.
    async fn hear(&self, id: &str, workers: &str) {
        let row = GatewayRow {
            id: id.to_owned(),
            name: format!("{id}:3000"),
            seen: self.clock.now(),
            workers: workers.to_owned(),
        };
        store::report(&self.db, &row).await.unwrap();
    }
}

/// What a gateway says of a worker that it has from `origin`.
fn said(origin: &str) -> String {
    serde_json::json!([{
        "origin": origin, "weight": 3, "max_in_flight": 9, "has_key": true,
        "standing": {
            "id": ID, "url": "http://10.0.0.5:8000/", "models": ["m"], "in_flight": 1, "waiting": 0, "latency": null,
            "error_rate": 0.0, "state": {"resting": {"until": 5}},
        },
    }])
    .to_string()
}

#[tokio::test]
async fn a_worker_is_kept_whole_and_its_key_is_not_shown() {
    let (_dir, roster) = roster(&[]).await;
    let mut worker = settings("https://gpu-1.example.com/v1");
    worker.key = WorkerKey::parse("s3cret");
    worker.weight = NonZeroU32::new(1_000).unwrap();
    worker.max_in_flight = NonZeroUsize::new(32);
    let id = roster.add(worker.clone()).await.unwrap();
    assert_eq!(id.as_str(), "gpu-1.example.com");
    assert_eq!(roster.added().await.unwrap(), [worker.bare()]);
    let fleet = roster.fleet().await.unwrap();
    assert!(fleet.workers[0].has_key);
    let shown = format!("{fleet:?} {:?}", store::added(&roster.db).await.unwrap());
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[tokio::test]
async fn only_what_has_changed_counts_as_a_change() {
    let (_dir, roster) = roster(&["http://a:1"]).await;
    let version = async || store::version(&roster.db).await.unwrap();
    for refused in [
        roster.remove(ID).await,
        roster.remove("a:1").await,
        roster.set_draining(ID, true).await,
        roster.set_draining(ID, false).await,
        roster.change(ID, Change::default()).await,
    ] {
        assert!(refused.is_err());
    }
    assert_eq!(version().await, 0);
    roster.add(settings("http://10.0.0.5:8000")).await.unwrap();
    assert!(
        roster
            .add(settings("https://10.0.0.5:8000/v1"))
            .await
            .is_err()
    );
    assert_eq!(version().await, 1);
    roster
        .set_draining("http://10.0.0.5:8000/v1/", true)
        .await
        .unwrap();
    roster.set_draining("a:1", true).await.unwrap();
    assert_eq!(version().await, 3);
    assert!(
        roster
            .fleet()
            .await
            .unwrap()
            .workers
            .iter()
            .all(|one| one.is_draining)
    );
    // Whoever comes to that address next is not drained.
    roster.remove("http://10.0.0.5:8000/v1/").await.unwrap();
    roster.add(settings("http://10.0.0.5:8000")).await.unwrap();
    let drained = store::drained(&roster.db).await.unwrap();
    assert_eq!(
        drained.iter().map(WorkerId::as_str).collect::<Vec<_>>(),
        ["a:1"]
    );
}

#[tokio::test]
async fn of_a_worker_is_changed_only_what_is_named() {
    let (_dir, roster) = roster(&["http://a:1"]).await;
    let mut worker = settings("http://10.0.0.5:8000");
    worker.key = WorkerKey::parse("s3cret");
    worker.max_in_flight = NonZeroUsize::new(4);
    roster.add(worker.clone()).await.unwrap();
    let weight = NonZeroU32::new(5);
    let heavier = Change {
        weight,
        ..Change::default()
    };
    roster
        .change("http://10.0.0.5:8000/v1", heavier.clone())
        .await
        .unwrap();
    worker.weight = weight.unwrap();
    assert_eq!(roster.added().await.unwrap(), [worker.clone()]);
    let without = Change {
        weight: None,
        max_in_flight: Some(None),
        key: Some(None),
    };
    roster.change(ID, without).await.unwrap();
    (worker.max_in_flight, worker.key) = (None, None);
    assert_eq!(roster.added().await.unwrap(), [worker]);
    let refused = roster.change("a:1", heavier.clone()).await;
    assert!(matches!(refused, Err(ChangeError::Configured)));
    let refused = roster.change("b:1", heavier).await;
    assert!(matches!(refused, Err(ChangeError::Unknown)));
}

#[tokio::test]
async fn one_that_nobody_tells_of_is_resumed_all_the_same() {
    let (_dir, roster) = roster(&[]).await;
    roster.hear("one", &said("local")).await;
    roster.set_draining(ID, true).await.unwrap();
    store::leave(&roster.db, "one").await.unwrap();
    roster.set_draining(ID, false).await.unwrap();
    let again = roster.set_draining(ID, false).await;
    assert!(matches!(again, Err(ChangeError::Unknown)));
}

#[tokio::test]
async fn what_gateways_say_tells_whose_a_worker_is() {
    let (_dir, roster) = roster(&[]).await;
    roster.hear("one", &said("configured")).await;
    assert_eq!(roster.ids().await, [(ID.to_owned(), Origin::Configured)]);
    let added = roster.add(settings("http://10.0.0.5:8000/v1")).await;
    assert!(matches!(added, Err(ChangeError::Exists)));
    assert!(matches!(
        roster.remove(ID).await,
        Err(ChangeError::Configured)
    ));
    roster.set_draining(ID, true).await.unwrap();
    let fleet = roster.fleet().await.unwrap();
    let worker = &fleet.workers[0];
    assert_eq!(
        (worker.weight.get(), worker.max_in_flight),
        (3, NonZeroUsize::new(9))
    );
    assert!(worker.is_draining && worker.has_key);
    let state = WorkerState::Resting { until: UnixMs(5) };
    assert_eq!(worker.views[0].standing.state, state);

    roster.hear("one", &said("local")).await;
    assert!(matches!(roster.remove(ID).await, Err(ChangeError::Local)));
    // It has not noticed yet that the worker was removed.
    roster.hear("one", &said("added")).await;
    assert_eq!(roster.ids().await, [(ID.to_owned(), Origin::Removed)]);
    for refused in [roster.remove(ID).await, roster.set_draining(ID, true).await] {
        assert!(matches!(refused, Err(ChangeError::Unknown)));
    }
}

#[tokio::test]
async fn a_gateway_that_is_silent_for_a_minute_is_gone() {
    let (_dir, roster) = roster(&[]).await;
    let gateways = async || {
        let gateways = roster.fleet().await.unwrap().gateways.into_iter();
        gateways.map(|gateway| gateway.id).collect::<Vec<_>>()
    };
    roster.hear("one", &said("local")).await;
    roster.clock.advance(SILENCE);
    roster.hear("two", "what a later version says").await;
    assert_eq!(gateways().await, ["one", "two"]);
    roster.clock.advance(Duration::from_millis(1));
    assert_eq!(gateways().await, ["two"]);
    assert!(roster.ids().await.is_empty());
    store::sweep(&roster.db, roster.silent_since())
        .await
        .unwrap();
    store::leave(&roster.db, "two").await.unwrap();
    let left = store::gateways(&roster.db, UnixMs(0)).await.unwrap();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_row_behind_a_worker_of_the_settings_does_not_outlive_its_removal() {
    let (_dir, roster) = roster(&[]).await;
    roster.add(settings("http://10.0.0.5:8000")).await.unwrap();
    let configured = [settings("http://10.0.0.5:8000/v1")];
    let later = Roster::new(&configured, roster.db.clone(), roster.clock.clone());
    let id = format!("{ID}/v1");
    assert_eq!(later.ids().await, [(id.clone(), Origin::Configured)]);
    assert!(later.added().await.unwrap().is_empty());
    assert!(matches!(
        later.remove(&id).await,
        Err(ChangeError::Configured)
    ));
    assert!(roster.ids().await.is_empty());
}
