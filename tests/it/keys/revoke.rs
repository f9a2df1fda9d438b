use assisters::principal::Tier;
use reqwest::StatusCode;
use serde_json::json;

use crate::fake_worker::FakeWorker;
use crate::site::Site;
use crate::v1::error_of;

#[tokio::test]
async fn revoked_key_is_refused_at_once() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    site.answer(&caller.secret, json!({})).await;

    let (status, _) = browser
        .call("/api/keys/revoke", &[("id", caller.key.id.as_str())])
        .await;
    assert_eq!(status, StatusCode::OK);
    error_of(
        site.chat(&caller.secret, json!({})),
        401,
        "authentication_error",
        "api_key_revoked",
    )
    .await;

    let (_, listed) = browser.call("/api/keys/list", &[]).await;
    assert_eq!(listed[0]["revoked_ms"], site.clock.now().0);
    assert_eq!(worker.requests().len(), 1);
}

#[tokio::test]
async fn another_accounts_key_cannot_be_revoked() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let (owner, other) = (site.caller(Tier::Free).await, site.caller(Tier::Free).await);
    let browser = site.browser_of(&other).await;
    let theirs = browser
        .call("/api/keys/revoke", &[("id", owner.key.id.as_str())])
        .await;
    let nobodys = browser
        .call("/api/keys/revoke", &[("id", "key_none")])
        .await;
    assert!(!theirs.0.is_success());
    assert_eq!(theirs, nobodys, "whether it exists is not told");
    site.answer(&owner.secret, json!({})).await;
}

#[tokio::test]
async fn a_form_revokes_without_wasm() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let answer = browser
        .submit("/api/keys/revoke", &[("id", caller.key.id.as_str())])
        .await;
    assert!(answer.status.is_redirection(), "{}", answer.status);
    error_of(
        site.chat(&caller.secret, json!({})),
        401,
        "authentication_error",
        "api_key_revoked",
    )
    .await;
}
