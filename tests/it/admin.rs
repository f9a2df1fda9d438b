//! What administrators do in a browser.

use assisters::principal::Tier;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::fake_worker::{FakeWorker, MODEL, Script};
use crate::site::Site;
use crate::until;

async fn add(browser: &Browser, url: &str, more: &[(&str, &str)]) -> (StatusCode, Value) {
    let mut fields = vec![("url", url)];
    fields.extend(
        [("key", ""), ("weight", ""), ("max_in_flight", "")]
            .iter()
            .filter(|(name, _)| !more.iter().any(|(other, _)| other == name)),
    );
    fields.extend(more);
    browser.call("/api/admin/workers/add", &fields).await
}

async fn workers(browser: &Browser) -> Vec<Value> {
    let (status, fleet) = browser.call("/api/admin/workers/list", &[]).await;
    assert_eq!(status, StatusCode::OK, "{fleet}");
    fleet["workers"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_worker_is_added_used_drained_and_removed() {
    let (first, second) = (FakeWorker::start().await, FakeWorker::start().await);
    second.follow(Script::says(&["second"]));
    let site = Site::with(&[&first]).await;
    let admin = site.admin().await;
    let key = site.key(Tier::Startup).await;
    let id = second.address.to_string();

    let (status, said) = add(&admin, &format!("http://{id}"), &[("weight", "3")]).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    let first_id = first.address.to_string();
    let drained = [("id", first_id.as_str()), ("draining", "true")];
    let (status, _) = admin.call("/api/admin/workers/drain", &drained).await;
    assert_eq!(status, StatusCode::OK);
    until(async || {
        let answer = site.chat(&key, json!({})).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        answer["choices"][0]["message"]["content"] == "second"
    })
    .await;
    let listed = workers(&admin).await;
    let added = listed.iter().find(|worker| worker["id"] == id).unwrap();
    assert_eq!(
        (&added["origin"], &added["weight"]),
        (&json!("added"), &json!(3))
    );
    let drained = listed.iter().find(|one| one["id"] == first_id).unwrap();
    assert_eq!(
        (&drained["origin"], &drained["is_draining"]),
        (&json!("configured"), &json!(true))
    );

    let resumed = [("id", first_id.as_str()), ("draining", "false")];
    let (status, _) = admin.call("/api/admin/workers/drain", &resumed).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _) = admin
        .call("/api/admin/workers/remove", &[("id", &id)])
        .await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        workers(&admin)
            .await
            .iter()
            .all(|worker| worker["id"] != id)
    );
    let answer = site.answer(&key, json!({})).await;
    assert_ne!(answer["choices"][0]["message"]["content"], "second");
    assert_eq!(answer["model"], MODEL);
}

#[tokio::test]
async fn what_is_wrong_with_a_new_worker_is_said_at_its_field() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let admin = site.admin().await;
    let here = format!("http://{}", worker.address);
    let nobody = "http://127.0.0.1:1";
    for (url, more, field) in [
        ("10.0.0.5:8000", vec![], "url"),
        ("http://name:secret@127.0.0.1:1", vec![], "url"),
        (nobody, vec![], "url"),
        (here.as_str(), vec![], "url"),
        (nobody, vec![("key", "with space")], "key"),
        (nobody, vec![("weight", "0")], "weight"),
        (nobody, vec![("max_in_flight", "many")], "max_in_flight"),
    ] {
        let (status, problem) = add(&admin, url, &more).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{url}: {problem}");
        assert_eq!(problem["field"], field, "{url}: {problem}");
        assert!(!problem.to_string().contains("secret"), "{problem}");
    }
    let (status, _) = add(&admin, nobody, &[("unreachable_too", "true")]).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(workers(&admin).await.len(), 2);
}

#[tokio::test]
async fn a_configured_worker_is_not_removed_but_in_the_settings() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let admin = site.admin().await;
    for (id, told) in [
        (worker.address.to_string(), "settings"),
        ("nobody:1".into(), "no such worker"),
    ] {
        let (status, problem) = admin
            .call("/api/admin/workers/remove", &[("id", &id)])
            .await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            problem["message"].as_str().unwrap().contains(told),
            "{problem}"
        );
    }
}
