use assisters::principal::Tier;
use serde_json::{Value, json};

use super::error_of;
use crate::fake_worker::{FakeWorker, MODEL};
use crate::site::Site;

#[tokio::test]
async fn every_model_is_listed_once_however_many_workers_serve_it() {
    let (first, second) = (FakeWorker::start().await, FakeWorker::start().await);
    let site = Site::with(&[&first, &second]).await;
    let request = site
        .get("/v1/models")
        .bearer_auth(site.key(Tier::Free).await);
    let list: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(list["object"], "list");
    let mut listed: Vec<_> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["id"].clone())
        .collect();
    let mut expected = vec![
        json!(MODEL),
        json!(first.own_model()),
        json!(second.own_model()),
    ];
    for ids in [&mut listed, &mut expected] {
        ids.sort_by_key(Value::to_string);
    }
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn a_model_is_found_by_its_id() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Free).await;
    let found = site
        .get(&format!("/v1/models/{MODEL}"))
        .bearer_auth(&key)
        .send()
        .await
        .unwrap();
    let model: Value = found.json().await.unwrap();
    assert_eq!(
        (&model["id"], &model["object"]),
        (&json!(MODEL), &json!("model"))
    );
    // Many a model's id has a slash in it.
    let missing = site.get("/v1/models/org/gpt-9").bearer_auth(&key);
    let error = error_of(missing, 404, "invalid_request_error", "model_not_found").await;
    assert!(
        error["message"].as_str().unwrap().contains("org/gpt-9"),
        "{error}"
    );
}

#[tokio::test]
async fn a_model_whose_name_is_no_text_is_not_found() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let missing = site.get("/v1/models/%FFa").bearer_auth(&caller.secret);
    let error = error_of(missing, 404, "invalid_request_error", "model_not_found").await;
    assert!(
        error["message"].as_str().unwrap().contains("%FFa"),
        "{error}"
    );
    let [row] = site.ledger_of(&caller).await.try_into().unwrap();
    assert_eq!(row.error_code.as_deref(), Some("model_not_found"));
}
