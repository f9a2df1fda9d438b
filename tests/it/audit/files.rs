//! The log as a file: what is filtered, a line for each, and nobody else's.

use assisters::audit::{Action, Actor, Audit, Event, Party};
use assisters::principal::Tier;
use reqwest::StatusCode;
use serde_json::Value;

use super::site;
use crate::browser::Browser;

async fn lines(browser: &Browser, path: &str) -> Vec<Value> {
    let landed = browser.visit(path).await;
    assert_eq!(landed.status, StatusCode::OK, "{path}: {}", landed.text);
    assert!(
        landed.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("application/jsonl")
    );
    let disposition = landed.headers["content-disposition"].to_str().unwrap();
    assert!(disposition.contains("assisters-audit-log.jsonl"));
    landed
        .text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn set_limits(admin: &Browser, id: &str) {
    let fields = [("id", id), ("tier", "startup"), ("rpm", "7"), ("tpm", "")];
    let (status, told) = admin.call("/api/admin/accounts/limits", &fields).await;
    assert_eq!(status, StatusCode::OK, "{told}");
}

#[tokio::test]
async fn an_account_has_its_own_log_alone_and_nothing_of_its_administrators() {
    let site = site().await;
    let (caller, other) = (site.caller(Tier::Free).await, site.caller(Tier::Free).await);
    let (browser, admin) = (site.browser_of(&caller).await, site.admin().await);
    site.browser_of(&other).await;
    set_limits(&admin, caller.account.id.as_str()).await;

    for path in [
        "/audit-log.jsonl",
        &format!("/audit-log.jsonl?account={}", other.account.id),
    ] {
        let lines = lines(&browser, path).await;
        let actions: Vec<_> = lines
            .iter()
            .map(|line| line["action"].as_str().unwrap())
            .collect();
        assert_eq!(actions, ["tier.changed", "session.started"], "{path}");
        assert_eq!(lines[0]["actor"]["type"], "administrator");
        assert_eq!(
            (&lines[0]["actor"]["email"], &lines[0]["ip"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(lines[0]["details"]["rpm"]["to"], 7);
        assert_eq!(lines[1]["actor"]["email"], caller.account.email.as_str());
    }
    assert!(
        lines(&browser, "/audit-log.jsonl?action=key.revoked")
            .await
            .is_empty()
    );

    let landed = browser.visit("/admin/audit-log.jsonl").await;
    assert_eq!(landed.status, StatusCode::NOT_FOUND);
    assert!(!landed.text.contains("evt_"), "{}", landed.text);
    assert!(
        site.browser()
            .visit("/audit-log.jsonl")
            .await
            .status
            .is_redirection()
    );
}

#[tokio::test]
async fn an_administrator_filters_by_account_action_and_address() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    site.browser_of(&caller).await;
    let admin = site.admin().await;
    set_limits(&admin, caller.account.id.as_str()).await;
    let email = caller.account.email.as_str();
    for (query, expected) in [
        (String::new(), 3),
        (format!("?account={}", email.replace('@', "%40")), 2),
        (format!("?account={}", caller.account.id), 2),
        ("?action=tier.changed".to_owned(), 1),
        ("?ip=127.0.0.1&since=day".to_owned(), 3),
        ("?ip=10.0.0.1".to_owned(), 0),
    ] {
        let found = lines(&admin, &format!("/admin/audit-log.jsonl{query}")).await;
        assert_eq!(found.len(), expected, "{query}: {found:?}");
    }
}

#[tokio::test]
async fn a_file_holds_more_than_is_read_at_once() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let audit = Audit::new(site.db(), site.clock.clone());
    let party = Party::new(&caller.account.id, &caller.account.email);
    for n in 0..1_200 {
        let actor = Actor::Account(party.clone());
        let event = Event::new(Action::KeyCreated, actor);
        audit.try_record(&event.told("n", n)).await.unwrap();
    }
    let lines = lines(&browser, "/audit-log.jsonl?action=key.created").await;
    let mut seen: Vec<_> = lines
        .iter()
        .map(|line| line["details"]["n"].as_i64().unwrap())
        .collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..1_200).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_copy_of_all_data_holds_what_is_on_record_of_the_account_alone() {
    let site = site().await;
    let (caller, other) = (site.caller(Tier::Free).await, site.caller(Tier::Free).await);
    let browser = site.browser_of(&caller).await;
    site.browser_of(&other).await;
    let landed = browser.visit("/settings/export").await;
    let export: Value = serde_json::from_str(&landed.text).unwrap();
    let log = export["audit_log"].as_array().unwrap();
    let actions: Vec<_> = log
        .iter()
        .map(|line| line["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["account.exported", "session.started"]);
    assert_eq!(log[1]["actor"]["email"], caller.account.email.as_str());
}
