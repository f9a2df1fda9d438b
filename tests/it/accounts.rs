//! What administrators see of accounts and of the service, and what they change.

use assisters::accounts::{Accounts, Wanted};
use assisters::principal::Tier;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::fake_worker::FakeWorker;
use crate::site::{Caller, Site};

async fn read(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Value {
    let (status, value) = browser.call(path, fields).await;
    assert_eq!(status, StatusCode::OK, "{path}: {value}");
    value
}

async fn account(admin: &Browser, caller: &Caller) -> Value {
    let id = [("id", caller.account.id.as_str())];
    read(admin, "/api/admin/accounts/one", &id).await
}

#[tokio::test]
async fn accounts_are_listed_with_what_they_have_and_use() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let (admin, caller) = (site.admin().await, site.caller(Tier::Developer).await);
    site.answer(&caller.secret, json!({})).await;
    site.browser_of(&caller).await;
    let email = caller.account.email.as_str();
    let query = format!("search={}&tier=developer", &email[..20]);
    crate::until(async || {
        let page = read(&admin, "/api/admin/accounts/list", &[("query", &query)]).await;
        page["rows"][0]["requests"] == 1
    })
    .await;
    let page = read(&admin, "/api/admin/accounts/list", &[("query", &query)]).await;
    let row = &page["rows"][0];
    assert_eq!(page["rows"].as_array().unwrap().len(), 1);
    assert_eq!((&row["email"], &row["keys"]), (&json!(email), &json!(1)));
    assert_eq!(row["seen_ms"], site.clock.now().0);
    let one = account(&admin, &caller).await;
    assert_eq!((&one["sessions"], &one["rpm"]), (&json!(1), &json!(100)));
    assert_eq!(one["records"][0]["action"], "session.started");
    let nobody = admin
        .call("/api/admin/accounts/one", &[("id", "acct_0")])
        .await;
    assert_eq!(nobody.0, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn more_accounts_than_a_page_holds_are_read_page_by_page() {
    let site = Site::unready(tempfile::TempDir::new().unwrap(), vec![]).await;
    let admin = site.admin().await;
    let accounts = Accounts::new(site.db(), site.clock.clone());
    for n in 0..26 {
        let password = assisters::accounts::Password::new("correct horse battery");
        let email = format!("n{n}@example.org");
        accounts
            .create(&email, password, Tier::Startup, false)
            .await
            .unwrap();
    }
    let first = read(
        &admin,
        "/api/admin/accounts/list",
        &[("query", "tier=startup")],
    )
    .await;
    let rows = first["rows"].as_array().unwrap();
    assert_eq!((rows.len(), &first["more"]), (25, &json!(true)));
    let query = format!("tier=startup&before={}", rows[24]["id"].as_str().unwrap());
    let second = read(&admin, "/api/admin/accounts/list", &[("query", &query)]).await;
    assert_eq!(
        (second["rows"].as_array().unwrap().len(), &second["more"]),
        (1, &json!(false))
    );
}

#[tokio::test]
async fn limits_hold_from_the_next_request_on_and_what_is_wrong_with_them_is_said_at_its_field() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let (admin, caller) = (site.admin().await, site.caller(Tier::Free).await);
    let id = caller.account.id.as_str();
    let set = async |tier: &str, rpm: &str, tpm: &str| {
        let fields = [("id", id), ("tier", tier), ("rpm", rpm), ("tpm", tpm)];
        admin.call("/api/admin/accounts/limits", &fields).await
    };
    for (tier, rpm, tpm, field) in [
        ("gold", "", "", "tier"),
        ("free", "0", "", "rpm"),
        ("free", "many", "", "rpm"),
        ("free", "5000000000", "", "rpm"),
        ("free", "", "-1", "tpm"),
    ] {
        let (status, problem) = set(tier, rpm, tpm).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert_eq!(problem["field"], field, "{problem}");
    }
    site.answer(&caller.secret, json!({})).await;
    assert_eq!(set("startup", "2,000", "").await.0, StatusCode::OK);
    let answer = site.chat(&caller.secret, json!({})).send().await.unwrap();
    assert_eq!(answer.headers()["x-ratelimit-limit-rpm"], "2000");
    assert_eq!(answer.headers()["x-ratelimit-limit-tpm"], "5000000");
}

#[tokio::test]
async fn who_asks_for_enterprise_is_given_it_or_declined_and_leaves_the_list() {
    let site = Site::unready(tempfile::TempDir::new().unwrap(), vec![]).await;
    let admin = site.admin().await;
    let accounts = Accounts::new(site.db(), site.clock.clone());
    for (answer, tier, rpm) in [("accept", "enterprise", 3_000), ("decline", "free", 10)] {
        let caller = site.caller(Tier::Free).await;
        let wanted = Wanted {
            rpm: 3_000,
            tpm: 20_000_000,
            message: "nightly".into(),
            asked: site.clock.now(),
        };
        accounts.want(&caller.account.id, &wanted).await.unwrap();
        let page = read(&admin, "/api/admin/accounts/list", &[("query", "")]).await;
        assert_eq!(page["requests"][0]["rpm"], 3_000);
        let (path, id) = (
            format!("/api/admin/requests/{answer}"),
            caller.account.id.as_str(),
        );
        read(&admin, &path, &[("id", id)]).await;
        let one = account(&admin, &caller).await;
        assert_eq!((&one["tier"], &one["rpm"]), (&json!(tier), &json!(rpm)));
        let page = read(&admin, "/api/admin/accounts/list", &[("query", "")]).await;
        assert_eq!(page["requests"], json!([]));
        // Of two administrators who answer, the second is told.
        let (status, problem) = admin.call(&path, &[("id", id)]).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    }
}

#[tokio::test]
async fn the_service_says_how_it_is_and_what_to_do() {
    let site = Site::unready(
        tempfile::TempDir::new().unwrap(),
        vec!["127.0.0.1:1".parse().unwrap()],
    )
    .await;
    let health = read(&site.admin().await, "/api/admin/health", &[]).await;
    let state = |name: &str| {
        let checks = health["checks"].as_array().unwrap();
        let found = checks.iter().find(|check| check["name"] == name);
        found
            .unwrap_or_else(|| panic!("no {name} in {health}"))
            .clone()
    };
    for name in [
        "data directory",
        "database",
        "database latency",
        "journal",
        "ledger writer",
        "audit log",
    ] {
        assert_eq!(state(name)["state"], "operational", "{}", state(name));
    }
    let workers = state("workers");
    assert_eq!(
        (&workers["state"], &workers["href"]),
        (&json!("down"), &json!("/admin/workers"))
    );
    assert!(workers["advice"].as_str().unwrap().contains("start one"));
    assert_eq!(health["started_ms"], site.clock.now().0);
    let figures = health["figures"].to_string();
    for name in [
        "Database file",
        "write-ahead log",
        "Passwords being checked",
    ] {
        assert!(figures.contains(name), "{figures}");
    }
}
