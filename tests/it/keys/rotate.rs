use std::time::Duration;

use assisters::principal::Tier;
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
