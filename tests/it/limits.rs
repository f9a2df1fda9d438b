//! The limits page: what it tells, and the tiers that an account chooses by itself.

use assisters::accounts::Accounts;
use assisters::principal::Tier;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::fake_worker::FakeWorker;
use crate::site::Site;

async fn limits(browser: &Browser) -> Value {
    let (status, limits) = browser.call("/api/limits", &[]).await;
    assert_eq!(status, StatusCode::OK, "{limits}");
    limits
}

#[tokio::test]
async fn a_tier_that_is_chosen_holds_from_the_next_request_on() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let chat = async || site.chat(&caller.secret, json!({})).send().await.unwrap();
    for _ in 0..10 {
        assert_eq!(chat().await.status(), StatusCode::OK);
    }
    assert_eq!(chat().await.status(), StatusCode::TOO_MANY_REQUESTS);
    let seen = limits(&browser).await;
    assert_eq!(
        (&seen["requests"]["limit"], &seen["requests"]["used"]),
        (&json!(10), &json!(10))
    );

    let tier = [("tier", "developer")];
    let (status, _) = browser.call("/api/limits/choose-tier", &tier).await;
    assert_eq!(status, StatusCode::OK);
    // What the service remembers of the key would be good for some seconds more.
    assert_eq!(chat().await.status(), StatusCode::OK);
    let seen = limits(&browser).await;
    assert_eq!(
        (&seen["requests"]["limit"], &seen["requests"]["used"]),
        (&json!(100), &json!(11))
    );
    let current: Vec<_> = seen["tiers"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|tier| tier["is_current"] == true)
        .collect();
    assert_eq!(current.len(), 1);
    assert_eq!(current[0]["name"], "developer");
}

#[tokio::test]
async fn limits_that_an_administrator_lowered_are_not_given_up_by_choosing_a_tier() {
    let site = Site::with(&[]).await;
    let caller = site.caller(Tier::Developer).await;
    let browser = site.browser_of(&caller).await;
    let accounts = Accounts::new(site.db(), site.clock.clone());
    for (rpm, tpm, status) in [
        (Some(5), None, StatusCode::UNPROCESSABLE_ENTITY),
        (Some(5_000), Some(10), StatusCode::UNPROCESSABLE_ENTITY),
        (Some(5_000), None, StatusCode::OK),
    ] {
        let set = accounts.set_tier(&caller.account.id, Tier::Developer, rpm, tpm);
        let before = set.await.unwrap().unwrap().quota;
        for tier in ["developer", "startup"] {
            let fields = [("tier", tier)];
            let chosen = browser.call("/api/limits/choose-tier", &fields);
            let (answered, problem) = chosen.await;
            assert_eq!(answered, status, "{problem}");
        }
        let now = accounts.find(&caller.account.id).await.unwrap().unwrap();
        assert_eq!(now.quota == before, status != StatusCode::OK);
    }
}

#[tokio::test]
async fn enterprise_is_asked_for_and_never_taken() {
    let site = Site::with(&[]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    for tier in ["enterprise", "gold", ""] {
        let (status, problem) = browser
            .call("/api/limits/choose-tier", &[("tier", tier)])
            .await;
        assert_eq!(
            status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{tier}: {problem}"
        );
    }
    let long = "x".repeat(1_001);
    for (rpm, tpm, message, field) in [
        ("", "1", "", "rpm"),
        ("2000", "-1", "", "tpm"),
        ("0", "1", "", "rpm"),
        ("1", "1", long.as_str(), "message"),
    ] {
        let fields = [("rpm", rpm), ("tpm", tpm), ("message", message)];
        let (status, problem) = browser
            .call("/api/limits/ask-for-enterprise", &fields)
            .await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        assert_eq!(problem["field"], field, "{problem}");
    }
    assert_eq!(limits(&browser).await["asked_ms"], Value::Null);
    for rpm in ["2,000", "3 000"] {
        let fields = [
            ("rpm", rpm),
            ("tpm", "20000000"),
            ("message", "nightly batches"),
        ];
        let (status, problem) = browser
            .call("/api/limits/ask-for-enterprise", &fields)
            .await;
        assert_eq!(status, StatusCode::OK, "{problem}");
    }
    assert_eq!(limits(&browser).await["asked_ms"], site.clock.now().0);

    let accounts = Accounts::new(site.db(), site.clock.clone());
    let asked = accounts.all_wanted().await.unwrap();
    let [(_, email, wanted)] = asked.as_slice() else {
        panic!("{asked:?}");
    };
    assert_eq!(*email, caller.account.email);
    assert_eq!((wanted.rpm, wanted.tpm), (3_000, 20_000_000));
    assert_eq!(wanted.message, "nightly batches");
    let answered = accounts.set_tier(&caller.account.id, Tier::Enterprise, Some(3_000), None);
    assert!(answered.await.unwrap().is_some());
    assert!(accounts.all_wanted().await.unwrap().is_empty());
    assert_eq!(limits(&browser).await["asked_ms"], Value::Null);
}

#[tokio::test]
async fn what_the_limits_refused_is_counted() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    for _ in 0..12 {
        let _ = site.chat(&caller.secret, json!({})).send().await.unwrap();
    }
    crate::until(async || limits(&browser).await["refused"] == 2).await;
}
