use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fake_worker::FakeWorker;
use crate::site::Site;

#[tokio::test]
async fn a_service_without_a_worker_is_up_but_not_ready() {
    let worker = FakeWorker::dead().await;
    let site = Site::unready(TempDir::new().unwrap(), vec![worker.address]).await;
    assert_eq!(
        site.get("/healthz").send().await.unwrap().status(),
        StatusCode::OK
    );
    let ready = site.get("/readyz").send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        ready.json::<Value>().await.unwrap(),
        json!({"database": "ok", "worker": "unavailable"})
    );
}

#[tokio::test]
async fn a_service_with_a_worker_is_ready() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    assert_eq!(
        site.get("/readyz").send().await.unwrap().status(),
        StatusCode::OK
    );
}
