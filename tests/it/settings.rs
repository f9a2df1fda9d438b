//! Settings: sessions, password, name, the log's keeping, the copy of all data, and the account's end.

use std::sync::Arc;

use assisters::accounts::MIN_CHARS;
use assisters::principal::Tier;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_DISPOSITION, USER_AGENT};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::browser::Browser;
use crate::fake_worker::FakeWorker;
use crate::site::{Caller, PASSWORD, Site};

const NEW: &str = "another horse battery";

async fn site() -> Site {
    Site::unready(TempDir::new().unwrap(), vec![]).await
}

async fn read(browser: &Browser, path: &str) -> Value {
    let (status, value) = browser.call(path, &[]).await;
    assert_eq!(status, StatusCode::OK, "{value}");
    value
}

/// Calls a verb that must succeed.
async fn act(browser: &Browser, path: &str, fields: &[(&str, &str)]) {
    let (status, problem) = browser.call(path, fields).await;
    assert_eq!(status, StatusCode::OK, "{problem}");
}

/// Calls a verb that must be refused for `field`.
async fn refused(browser: &Browser, path: &str, fields: &[(&str, &str)], field: &str) -> String {
    let (status, problem) = browser.call(path, fields).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert_eq!(problem["field"], field, "{problem}");
    problem["message"].as_str().unwrap().to_owned()
}

async fn is_signed_in(browser: &Browser) -> bool {
    browser.visit("/keys").await.status == StatusCode::OK
}

async fn sign_in(site: &Site, caller: &Caller, password: &str) -> bool {
    let fields = [
        ("email", caller.account.email.as_str()),
        ("password", password),
    ];
    site.browser()
        .call("/api/sign-in", &fields)
        .await
        .0
        .is_success()
}

#[tokio::test]
async fn an_account_sees_where_it_is_signed_in_and_ends_each_or_all() {
    let site = site().await;
    let (caller, other) = (site.caller(Tier::Free).await, site.caller(Tier::Free).await);
    let (here, away, far) = (
        site.browser_of(&caller).await,
        site.browser_of(&caller).await,
        site.browser_of(&caller).await,
    );
    let others = site.browser_of(&other).await;
    let sessions = read(&here, "/api/settings/sessions").await;
    let sessions = sessions.as_array().unwrap();
    assert_eq!(sessions.len(), 3);
    let this: Vec<_> = sessions
        .iter()
        .filter(|one| one["is_this"] == true)
        .collect();
    assert_eq!(this.len(), 1);
    assert_eq!(this[0]["ip"], "127.0.0.1");
    assert_eq!(this[0]["begun_ms"], site.clock.now().0);

    let of_away = read(&away, "/api/settings/sessions").await;
    let of_away = of_away.as_array().unwrap();
    let id = of_away.iter().find(|one| one["is_this"] == true).unwrap();
    let id = id["id"].as_str().unwrap();
    let end = "/api/settings/end-session";
    let (status, _) = others.call(end, &[("id", id)]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "it is another's");
    assert!(is_signed_in(&away).await);
    act(&here, end, &[("id", id)]).await;
    assert!(!is_signed_in(&away).await && is_signed_in(&far).await);

    act(&here, "/api/settings/end-other-sessions", &[]).await;
    assert!(!is_signed_in(&far).await);
    assert!(is_signed_in(&here).await && is_signed_in(&others).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_under_way_while_the_password_changes_opens_nothing() {
    const AT_ONCE: usize = 4;
    let site = Arc::new(site().await);
    let caller = site.caller(Tier::Free).await;
    let owner = site.browser_of(&caller).await;
    let barrier = Arc::new(Barrier::new(AT_ONCE + 1));
    let mut thieves = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (browser, barrier) = (site.browser(), barrier.clone());
        let email = caller.account.email.clone();
        thieves.spawn(async move {
            barrier.wait().await;
            let fields = [("email", email.as_str()), ("password", PASSWORD)];
            browser.call("/api/sign-in", &fields).await;
            browser
        });
    }
    barrier.wait().await;
    let change = [("current_password", PASSWORD), ("new_password", NEW)];
    act(&owner, "/api/settings/change-password", &change).await;
    for thief in thieves.join_all().await {
        assert!(!is_signed_in(&thief).await);
    }
    assert!(is_signed_in(&owner).await);
}

#[tokio::test]
async fn browsers_are_told_in_words() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser();
    let fields = [
        ("email", caller.account.email.as_str()),
        ("password", PASSWORD),
    ];
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
    let form = browser.form("/api/sign-in", &fields);
    form.header(USER_AGENT, agent).send().await.unwrap();
    let sessions = read(&browser, "/api/settings/sessions").await;
    assert_eq!(sessions[0]["browser"], "Firefox on Linux");
}

#[tokio::test]
async fn a_changed_password_ends_all_other_sessions_and_keeps_keys() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let (here, away) = (
        site.browser_of(&caller).await,
        site.browser_of(&caller).await,
    );
    let path = "/api/settings/change-password";
    let fields = |current, new| [("current_password", current), ("new_password", new)];
    refused(&here, path, &fields("wrong", NEW), "current_password").await;
    let email = caller.account.email.repeat(2);
    for weak in ["short", "passwordpassword", &email, "assistersassisters"] {
        refused(&here, path, &fields(PASSWORD, weak), "new_password").await;
    }
    assert!(is_signed_in(&away).await);

    let form = here.form(path, &fields(PASSWORD, NEW));
    let answer = form
        .header("Accept", "application/json")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(
        answer.headers().contains_key("set-cookie"),
        "under a new id"
    );
    assert!(is_signed_in(&here).await && !is_signed_in(&away).await);
    assert_eq!(
        read(&here, "/api/settings/sessions")
            .await
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert!(!sign_in(&site, &caller, PASSWORD).await);
    assert!(sign_in(&site, &caller, NEW).await);
    site.answer(&caller.secret, json!({})).await;
}

#[tokio::test]
async fn a_name_is_shown_in_place_of_the_address() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let long = "x".repeat(81);
    refused(&browser, "/api/settings/rename", &[("name", &long)], "name").await;
    act(&browser, "/api/settings/rename", &[("name", " Ada <b> ")]).await;
    assert_eq!(read(&browser, "/api/settings").await["name"], "Ada <b>");
    let home = browser.visit("/").await;
    assert!(home.text.contains("Ada &lt;b&gt;"));
}

#[tokio::test]
async fn how_long_the_log_is_kept_is_one_of_those_offered() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    for days in ["8", "0", "4294967295"] {
        refused(
            &browser,
            "/api/settings/keep-log",
            &[("days", days)],
            "days",
        )
        .await;
    }
    act(&browser, "/api/settings/keep-log", &[("days", "7")]).await;
    assert_eq!(read(&browser, "/api/settings").await["log_days"], 7);

    site.answer(&caller.secret, json!({})).await;
    let requests = async || {
        site.usage().flush().await.unwrap();
        let export = export(&browser).await;
        (
            export["requests"].as_array().unwrap().len(),
            export["usage_by_hour"].as_array().unwrap().len(),
        )
    };
    assert_eq!(requests().await, (1, 1));
    let later = site
        .clock
        .now()
        .plus(std::time::Duration::from_secs(9 * 86_400));
    site.usage().forget_old(later).await.unwrap();
    assert_eq!(requests().await, (0, 1), "the sums stay");
}

async fn export(browser: &Browser) -> Value {
    let answer = browser.visit("/settings/export").await;
    assert_eq!(answer.status, StatusCode::OK);
    let disposition = answer.headers[CONTENT_DISPOSITION].to_str().unwrap();
    assert!(disposition.starts_with("attachment"), "{disposition}");
    assert_eq!(answer.headers["cache-control"], "no-store");
    serde_json::from_str(&answer.text).unwrap()
}

#[tokio::test]
async fn the_export_holds_all_of_the_account_and_no_secret() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let (caller, other) = (
        site.caller(Tier::Startup).await,
        site.caller(Tier::Startup).await,
    );
    for _ in 0..3 {
        site.answer(&caller.secret, json!({})).await;
    }
    site.answer(&other.secret, json!({})).await;
    site.usage().flush().await.unwrap();
    let browser = site.browser_of(&caller).await;
    let export = export(&browser).await;
    assert_eq!(export["account"]["email"], caller.account.email);
    assert_eq!(export["settings"]["keep_request_log_days"], 30);
    assert_eq!(export["keys"][0]["id"], caller.key.id.as_str());
    assert_eq!(export["sessions"][0]["is_this"], true);
    let requests = export["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 3);
    assert_eq!(requests[0]["status"], 200);
    assert_eq!(requests[0]["streamed"], false);
    let sums = export["usage_by_hour"].as_array().unwrap();
    assert_eq!(
        sums.iter()
            .map(|sum| sum["requests"].as_i64().unwrap())
            .sum::<i64>(),
        3
    );
    let text = export.to_string();
    for secret in [
        &caller.secret,
        "argon2",
        &other.account.email,
        other.key.id.as_str(),
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
    let stranger = site.browser().visit("/settings/export").await;
    assert!(stranger.place.unwrap().starts_with("/sign-in"));
}

#[tokio::test]
async fn a_deleted_account_is_gone_with_its_keys_sessions_and_log() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let (here, away) = (
        site.browser_of(&caller).await,
        site.browser_of(&caller).await,
    );
    site.answer(&caller.secret, json!({})).await;
    let path = "/api/settings/delete-account";
    let email = caller.account.email.as_str();
    let fields = |email, password| [("email", email), ("password", password)];
    refused(&here, path, &fields("a@b", PASSWORD), "email").await;
    refused(&here, path, &fields(email, "wrong"), "password").await;
    assert!(is_signed_in(&away).await);

    let landed = here.submit(path, &fields(email, PASSWORD)).await;
    assert_eq!(landed.place.as_deref(), Some("/sign-in?deleted"));
    let chat = site.chat(&caller.secret, json!({})).send().await.unwrap();
    assert_eq!(
        chat.status(),
        StatusCode::UNAUTHORIZED,
        "from the next request on"
    );
    assert!(!is_signed_in(&here).await && !is_signed_in(&away).await);
    assert!(!sign_in(&site, &caller, PASSWORD).await);

    site.usage().flush().await.unwrap();
    site.usage().forget_deleted(site.clock.now()).await.unwrap();
    for table in ["accounts", "sessions", "keys", "ledger", "usage_hourly"] {
        assert_eq!(site.rows_of(table, &caller.account).await, 0, "{table}");
    }
    let again = [("email", email), ("password", PASSWORD)];
    act(&site.browser(), "/api/sign-up", &again).await;
}

#[tokio::test]
async fn the_last_administrator_stays_and_is_told_why() {
    let site = site().await;
    let admin = site.administrator().await;
    let browser = site.browser_of(&admin).await;
    let fields = [
        ("email", admin.account.email.as_str()),
        ("password", PASSWORD),
    ];
    let path = "/api/settings/delete-account";
    let (status, problem) = browser.call(path, &fields).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let message = problem["message"].as_str().unwrap();
    assert!(message.contains("only administrator"), "{problem}");
    assert!(is_signed_in(&browser).await);

    let second = site.administrator().await;
    act(&browser, path, &fields).await;
    assert!(is_signed_in(&site.browser_of(&second).await).await);
}

#[tokio::test]
async fn forms_without_scripts_lead_back_to_the_page_which_says_what_was_done() {
    let site = site().await;
    let browser = site.browser_of(&site.caller(Tier::Free).await).await;
    for (path, fields, told) in [
        (
            "/api/settings/change-password",
            &[("current_password", PASSWORD), ("new_password", NEW)][..],
            "Password changed.",
        ),
        ("/api/settings/rename", &[("name", "Ada")], "Name saved."),
        (
            "/api/settings/keep-log",
            &[("days", "90")],
            "Older requests leave",
        ),
        (
            "/api/settings/end-other-sessions",
            &[],
            "All other sessions have ended.",
        ),
    ] {
        let landed = browser.submit(path, fields).await;
        let page = browser.visit(&landed.place.expect(path)).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains(told), "{path}");
    }
}

#[tokio::test]
async fn the_forms_tell_the_length_that_the_service_holds_to() {
    let site = site().await;
    let page = site.browser().visit("/sign-up").await;
    let told = format!("At least {MIN_CHARS} characters");
    assert!(page.text.contains(&told));
}
