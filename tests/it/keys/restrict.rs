use std::time::Duration;

use assisters::keys::NewKey;
use assisters::principal::Tier;
use serde_json::json;

use crate::fake_worker::FakeWorker;
use crate::site::Site;
use crate::v1::error_of;
use crate::within;

#[tokio::test]
async fn an_expired_key_is_refused_at_once_though_it_was_used_just_before() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let new = NewKey {
        expires: Some(site.clock.now().plus(Duration::from_secs(1))),
        ..NewKey::named("for a second")
    };
    let (_, secret) = site.keys().create(&caller.account.id, new).await.unwrap();
    site.answer(secret.expose(), json!({})).await;

    site.clock.advance(Duration::from_secs(1));
    let refused = site.chat(secret.expose(), json!({}));
    let error = error_of(refused, 401, "authentication_error", "api_key_expired").await;
    assert!(error["message"].as_str().unwrap().contains("Use another"));
    let response = within(site.chat(secret.expose(), json!({})).send()).await;
    assert_eq!(response.unwrap().headers()["www-authenticate"], "Bearer");
    assert_eq!(worker.requests().len(), 1);
    site.answer(&caller.secret, json!({})).await;
}

#[tokio::test]
async fn a_key_is_taken_only_from_the_addresses_that_it_allows() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let tied_to = async |ip: &str| {
        let new = NewKey {
            ips: vec![ip.to_owned()],
            ..NewKey::named(ip)
        };
        let (_, secret) = site.keys().create(&caller.account.id, new).await.unwrap();
        secret.expose().to_owned()
    };
    for elsewhere in ["192.0.2.0/24", "::1"] {
        let refused = site.chat(&tied_to(elsewhere).await, json!({}));
        error_of(refused, 403, "permission_error", "ip_not_allowed").await;
    }
    assert_eq!(worker.requests().len(), 0);
    for here in ["127.0.0.1", "127.0.0.0/8", "::ffff:127.0.0.0/104"] {
        site.answer(&tied_to(here).await, json!({})).await;
    }
}

#[tokio::test]
async fn an_expired_key_is_no_longer_counted_among_those_in_use() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let new = NewKey {
        expires: Some(site.clock.now().plus(Duration::from_secs(1))),
        ..NewKey::named("for a second")
    };
    site.keys().create(&caller.account.id, new).await.unwrap();
    let keys = async || browser.call("/api/overview", &[]).await.1["keys"].clone();
    assert_eq!(keys().await, 2);
    site.clock.advance(Duration::from_secs(1));
    assert_eq!(keys().await, 1);
}
