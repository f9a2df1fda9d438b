use std::time::Duration;

use assisters::principal::Tier;
use reqwest::header::REFERER;
use serde_json::json;

use crate::fake_worker::FakeWorker;
use crate::site::Site;
use crate::v1::error_of;

const OVERLAP: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn both_secrets_call_as_the_same_key_until_the_overlap_ends() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    site.answer(&caller.secret, json!({})).await;
    let rotated = site
        .keys()
        .rotate(&caller.account.id, &caller.key.id, OVERLAP)
        .await
        .unwrap();
    site.answer(&caller.secret, json!({})).await;
    site.answer(rotated.secret.expose(), json!({})).await;

    site.clock.advance(OVERLAP);
    error_of(
        site.chat(&caller.secret, json!({})),
        401,
        "authentication_error",
        "api_key_expired",
    )
    .await;
    site.answer(rotated.secret.expose(), json!({})).await;
    let ledger = site.ledger_of(&caller).await;
    assert_eq!(ledger.len(), 4);
    let id = Some(caller.key.id.to_string());
    assert!(ledger.iter().all(|row| row.key_id == id), "{ledger:?}");
}

#[tokio::test]
async fn without_wasm_the_new_secret_is_on_the_next_page_and_the_old_one_can_be_ended() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let id = ("id", caller.key.id.as_str());
    let page = format!("/keys?rotate={}", caller.key.id);
    let form = browser
        .form("/api/keys/rotate", &[id, ("overlap", "week")])
        .header(REFERER, site.url(&page));
    let answer = form.header("Accept", "text/html").send().await.unwrap();
    let place = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(place.ends_with(&page) && !place.contains("ask_"), "{place}");
    let text = browser.visit(&place).await.text;
    assert!(text.contains("has a new secret"));
    let (_, rest) = text.split_once("id=\"secret\"").unwrap();
    let secret = &rest[rest.find("ask_").unwrap()..][..36];
    for secret in [caller.secret.as_str(), secret] {
        site.answer(secret, json!({})).await;
    }
    let page = browser.visit("/keys").await.text;
    assert!(!page.contains(secret) && page.contains("End the old secret now"));

    let landed = browser.submit("/api/keys/end-old", &[id]).await;
    assert_eq!(landed.place.as_deref(), Some("/keys"));
    let refused = site.chat(&caller.secret, json!({}));
    error_of(refused, 401, "authentication_error", "api_key_expired").await;
    site.answer(secret, json!({})).await;
}

#[tokio::test]
async fn rotating_gives_a_new_secret_and_says_how_long_the_old_one_lives() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let now = site.clock.now().0;
    let mut before = caller.secret.clone();
    for (overlap, lives_ms) in [("hour", 3_600_000), ("day", 86_400_000), ("none", 0)] {
        let form = [("id", caller.key.id.as_str()), ("overlap", overlap)];
        let (status, rotated) = browser.call("/api/keys/rotate", &form).await;
        assert!(status.is_success(), "{rotated}");
        let key = &rotated["key"];
        assert_eq!(
            (&key["id"], &key["name"]),
            (&json!(form[0].1), &json!("laptop"))
        );
        let told = &key["old_secrets"][0];
        if lives_ms == 0 {
            assert_eq!(*told, json!(null));
            let refused = site.chat(&before, json!({}));
            error_of(refused, 401, "authentication_error", "api_key_expired").await;
        } else {
            assert_eq!(told["ends_ms"], now + lives_ms);
            site.answer(&before, json!({})).await;
        }
        before = rotated["secret"].as_str().unwrap().to_owned();
    }
    let (_, listed) = browser.call("/api/keys/list", &[]).await;
    assert_eq!(listed[0]["state"], "Rotating");
    assert_eq!(listed[0]["old_secrets"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_revocation_ends_the_old_secret_too() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let rotated = site
        .keys()
        .rotate(&caller.account.id, &caller.key.id, OVERLAP)
        .await
        .unwrap();
    let secrets = [caller.secret.as_str(), rotated.secret.expose()];
    for secret in secrets {
        site.answer(secret, json!({})).await;
    }
    let revoke = [("id", caller.key.id.as_str())];
    let (status, _) = browser.call("/api/keys/revoke", &revoke).await;
    assert!(status.is_success());
    for secret in secrets {
        let refused = site.chat(secret, json!({}));
        error_of(refused, 401, "authentication_error", "api_key_revoked").await;
    }
}
