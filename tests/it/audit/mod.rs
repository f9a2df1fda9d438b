//! Everything is on record: every server function that changes something leaves one, and each tells who, what and from where.

mod call;
mod coverage;
mod files;
mod killed;
mod suspension;
mod unrecorded;

use assisters::accounts::Account;
use assisters::audit::{Audit, Place, Query, Record};
use assisters::principal::Tier;
use reqwest::StatusCode;
use serde_json::json;
use tempfile::TempDir;

use crate::site::{PASSWORD, Site};
use crate::until;

/// What is on record, newest first.
async fn records(site: &Site, account: Option<&Account>) -> Vec<Record> {
    let query = Query {
        account: account.map(|account| account.id.clone()),
        ..Query::default()
    };
    let audit = Audit::new(site.db(), site.clock.clone());
    audit.list(&query, &Place::top(), 1_000).await.unwrap()
}

async fn site() -> Site {
    Site::unready(TempDir::new().unwrap(), vec![]).await
}

#[tokio::test]
async fn a_record_tells_who_did_it_from_where_and_what_was_changed() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let id = caller.key.id.as_str();
    let (status, _) = browser
        .call("/api/keys/rename", &[("id", id), ("name", "server")])
        .await;
    assert_eq!(status, StatusCode::OK);
    let record = records(&site, Some(&caller.account)).await.remove(0);
    assert_eq!(record.action, "key.changed");
    assert_eq!(
        (record.actor.as_str(), record.outcome.as_str()),
        ("account", "done")
    );
    assert_eq!(record.actor_email.as_ref(), Some(&caller.account.email));
    assert_eq!(
        record.account_id.as_deref(),
        Some(caller.account.id.as_str())
    );
    assert_eq!(record.ip.as_deref(), Some("127.0.0.1"));
    assert_eq!(record.at, site.clock.now());
    let target = record.target.unwrap();
    assert_eq!((target.id.as_str(), target.name.as_str()), (id, "laptop"));
    assert_eq!(
        record.details["name"],
        json!({"from": "laptop", "to": "server"})
    );
}

#[tokio::test]
async fn no_secret_is_on_record() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let (_, made) = browser.call("/api/keys/create", &[("name", "ci")]).await;
    let new = "another horse battery";
    let fields = [("current_password", PASSWORD), ("new_password", new)];
    browser.call("/api/settings/change-password", &fields).await;
    let admin = site.admin().await;
    let worker = [
        ("url", "http://127.0.0.1:1"),
        ("key", "worker-s3cret"),
        ("weight", ""),
        ("max_in_flight", ""),
        ("unreachable_too", "true"),
    ];
    let (status, told) = admin.call("/api/admin/workers/add", &worker).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let text = format!("{:?}", records(&site, None).await);
    assert!(text.contains("worker.added") && text.contains("key.created"));
    for secret in [
        made["secret"].as_str().unwrap(),
        PASSWORD,
        new,
        "worker-s3cret",
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_refused_sign_in_is_on_record_for_an_account_and_in_the_metrics_alone_for_none() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    for email in [caller.account.email.as_str(), "nobody@example.org"] {
        let fields = [("email", email), ("password", "wrong")];
        for _ in 0..5 {
            let (status, _) = site.browser().call("/api/sign-in", &fields).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        }
    }
    // It is written beside the answer, which must not tell by its time that there is such an account.
    until(async || !records(&site, Some(&caller.account)).await.is_empty()).await;
    let all = records(&site, None).await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(
        (
            all[0].action.as_str(),
            all[0].outcome.as_str(),
            all[0].actor.as_str()
        ),
        ("session.failed", "refused", "stranger")
    );
}

#[tokio::test]
async fn a_wrong_password_in_the_settings_is_on_record_as_refused() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let change = [
        ("current_password", "wrong"),
        ("new_password", "another horse battery"),
    ];
    browser.call("/api/settings/change-password", &change).await;
    let delete = [
        ("email", caller.account.email.as_str()),
        ("password", "wrong"),
    ];
    browser.call("/api/settings/delete-account", &delete).await;
    let all = records(&site, Some(&caller.account)).await;
    let refused: Vec<_> = all.iter().filter(|one| one.outcome == "refused").collect();
    let actions: Vec<_> = refused.iter().map(|one| one.action.as_str()).collect();
    assert_eq!(actions, ["account.deleted", "password.changed"]);
}

#[tokio::test]
async fn what_is_on_record_of_an_account_outlives_it() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let delete = [
        ("email", caller.account.email.as_str()),
        ("password", PASSWORD),
    ];
    let (status, _) = browser.call("/api/settings/delete-account", &delete).await;
    assert_eq!(status, StatusCode::OK);
    let all = records(&site, Some(&caller.account)).await;
    assert_eq!(all[0].action, "account.deleted");
    assert_eq!(all[0].account_email.as_ref(), Some(&caller.account.email));
    assert!(all.iter().any(|one| one.action == "session.started"));
}
