//! No act without its record: what cannot be recorded is not done, and what is done at once by many is recorded as often.

use std::collections::BTreeMap;
use std::sync::Arc;

use assisters::db::Db;
use assisters::principal::Tier;
use reqwest::StatusCode;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::call::Call;
use super::coverage::CHANGES;
use super::{records, site};
use crate::browser::Browser;
use crate::second_factor::{STEP, act, after_password, app_shows};
use crate::site::{PASSWORD, Site};
use crate::within;

/// What no page may show of it.
const INTERNAL: &str = "no room in /var/lib";

/// Has the database take no record, as where its disk is full.
async fn take_no_records(db: &Db) {
    // Made once: a connection that has not heard of a trigger's end would not have another of its name.
    let trigger = format!(
        "CREATE TRIGGER IF NOT EXISTS refuses BEFORE INSERT ON audit_log WHEN EXISTS (SELECT 1 FROM full)
         BEGIN SELECT RAISE(ABORT, '{INTERNAL}'); END"
    );
    for step in [
        "CREATE TABLE IF NOT EXISTS full (since BIGINT)",
        &trigger,
        "INSERT INTO full VALUES (0)",
    ] {
        db.execute(AssertSqlSafe(step)).await.unwrap();
    }
}

async fn take_records_again(db: &Db) {
    db.execute("DELETE FROM full").await.unwrap();
}

/// What is counted of tries and requests, and told by gateways, is no act.
const NO_ACTS: &[&str] = &[
    "throttle",
    "gateways",
    "ledger",
    "usage_hourly",
    "usage_daily",
    "_sqlx_migrations",
];
/// Nor is a try of a proof, or that a session or a key is in use.
const TRIED: &[&str] = &[
    "tries",
    "last_step",
    "seen_ms",
    "last_used_ms",
    "last_used_ip",
];
/// How far a mail has come, which goes on by itself.
const PROGRESS: &[&str] = &["state", "due_ms", "sent_ms", "last_error", "secret"];

/// All rows of all tables.
async fn contents(db: &Db) -> BTreeMap<String, Vec<String>> {
    let tables: Vec<(String,)> =
        sqlx::query_as("SELECT name FROM sqlite_master WHERE type = 'table'")
            .fetch_all(db)
            .await
            .unwrap();
    let mut contents = BTreeMap::new();
    for (table,) in tables {
        if NO_ACTS.contains(&table.as_str()) {
            continue;
        }
        let columns: Vec<(String,)> = sqlx::query_as("SELECT name FROM pragma_table_info($1)")
            .bind(&table)
            .fetch_all(db)
            .await
            .unwrap();
        let columns = columns.into_iter().map(|(column,)| column);
        let columns = columns.filter(|one| {
            let goes_on = table == "mails" && PROGRESS.contains(&one.as_str());
            !goes_on && !TRIED.contains(&one.as_str())
        });
        let columns: Vec<_> = columns.map(|one| format!("quote({one})")).collect();
        let select = format!(
            "SELECT {} FROM {table} ORDER BY 1",
            columns.join(" || ' ' || ")
        );
        let rows: Vec<(String,)> = sqlx::query_as(AssertSqlSafe(select))
            .fetch_all(db)
            .await
            .unwrap();
        contents.insert(table, rows.into_iter().map(|(row,)| row).collect());
    }
    contents
}

/// Calls what cannot be recorded now, and sees that it was not done.
async fn comes_to_nothing(
    site: &Site,
    what: &str,
    call: impl Future<Output = (StatusCode, Value)>,
) {
    let db = site.db();
    take_no_records(&db).await;
    let before = contents(&db).await;
    let (status, told) = call.await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{what}: {told}");
    let message = told["message"].as_str().unwrap();
    assert!(message.contains("Try again"), "{what}: {told}");
    assert!(told["request_id"].is_string(), "{what}: {told}");
    assert!(!told.to_string().contains(INTERNAL), "{what}: {told}");
    let after = contents(&db).await;
    for (table, rows) in &before {
        assert_eq!(&after[table], rows, "{what}: {table}");
    }
    take_records_again(&db).await;
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_done_and_can_be_done_once_it_can() {
    let site = site().await;
    for (name, fields, action) in CHANGES {
        let call = Call::ready(&site, name, fields).await;
        comes_to_nothing(&site, name, call.send()).await;
        let before = records(&site, None).await.len();
        let (status, told) = call.send().await;
        assert_eq!(status, StatusCode::OK, "{name}: {told}");
        let all = records(&site, None).await;
        let mut new = all[..all.len() - before].iter();
        assert!(new.any(|record| record.action == *action), "{name}");
    }
}

#[tokio::test]
async fn what_is_done_with_a_second_factor_is_done_on_record_or_not_at_all() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let (browser, away) = (
        site.browser_of(&caller).await,
        site.browser_of(&caller).await,
    );
    let turn = async |browser: &Browser, path: &str, fields: &[(&str, &str)]| {
        comes_to_nothing(&site, path, browser.call(path, fields)).await;
        act(browser, path, fields).await
    };
    act(&browser, "/api/second-factor/begin", &[]).await;
    let setup = act(&browser, "/api/second-factor/set-up", &[]).await;
    let secret = setup["secret"].as_str().unwrap();
    let code = app_shows(&site, secret);
    let path = "/api/second-factor/turn-on";
    let first = turn(&browser, path, &[("code", &code)]).await;
    assert_eq!(away.visit("/keys").await.status, StatusCode::SEE_OTHER);

    let codes = turn(&browser, "/api/second-factor/renew-codes", &[]).await;
    assert_ne!(codes, first);
    let recovery = codes[0].as_str().unwrap();
    turn(&browser, "/api/confirm", &[("answer", recovery)]).await;

    // A code of the app's is taken once, whatever comes of what it was given for.
    let next_code = || {
        site.clock.advance(STEP);
        app_shows(&site, secret)
    };
    let other = after_password(&site, &caller).await;
    let (path, code) = ("/api/sign-in/code", next_code());
    comes_to_nothing(&site, path, other.call(path, &[("code", &code)])).await;
    assert_eq!(other.visit("/keys").await.status, StatusCode::SEE_OTHER);
    act(&other, path, &[("code", &next_code())]).await;
    let (path, code) = ("/api/second-factor/turn-off", next_code());
    let right = [("password", PASSWORD), ("code", &code)];
    comes_to_nothing(&site, path, other.call(path, &right)).await;
    let right = [("password", PASSWORD), ("code", &next_code())];
    act(&other, path, &right).await;

    let all = records(&site, Some(&caller.account)).await;
    let done = |action: &str| all.iter().filter(|one| one.action == action).count();
    assert_eq!(
        (done("recovery_code.used"), done("session.started")),
        (1, 3)
    );
    assert_eq!(done("second_factor.disabled"), 1);
}

#[tokio::test]
async fn what_is_remembered_of_a_key_is_what_the_database_has_of_it() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let answered = async || {
        let asked = site.get("/v1/limits").bearer_auth(&caller.secret);
        within(asked.send()).await.unwrap().status()
    };
    assert_eq!(answered().await, StatusCode::OK);
    let id = ("id", caller.key.id.as_str());
    for (path, fields) in [
        ("/api/keys/revoke", vec![id]),
        ("/api/keys/rotate", vec![id, ("overlap", "none")]),
        (
            "/api/keys/restrict",
            vec![id, ("restrictions[ips]", "10.9.8.7")],
        ),
    ] {
        comes_to_nothing(&site, path, browser.call(path, &fields)).await;
        assert_eq!(answered().await, StatusCode::OK, "{path}");
    }
    act(&browser, "/api/keys/revoke", &[id]).await;
    assert_eq!(answered().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_worker_that_could_not_be_drained_on_record_is_not() {
    let site = site().await;
    let browser = site.browser_of(&site.administrator().await).await;
    let add = [
        ("url", "http://127.0.0.1:1"),
        ("key", ""),
        ("weight", ""),
        ("max_in_flight", ""),
        ("unreachable_too", "true"),
    ];
    let known = || {
        let standings = site.pool().snapshot();
        let found = standings
            .into_iter()
            .find(|one| one.id.as_str() == "127.0.0.1:1");
        found.map(|one| one.state == assisters::pool::WorkerState::Draining)
    };
    let path = "/api/admin/workers/add";
    comes_to_nothing(&site, path, browser.call(path, &add)).await;
    assert_eq!(known(), None);
    act(&browser, path, &add).await;
    assert_eq!(known(), Some(false));
    let (path, fields) = (
        "/api/admin/workers/drain",
        [("id", "127.0.0.1:1"), ("draining", "true")],
    );
    comes_to_nothing(&site, path, browser.call(path, &fields)).await;
    assert_eq!(known(), Some(false));
    act(&browser, path, &fields).await;
    assert_eq!(known(), Some(true));
}

#[tokio::test]
async fn many_acts_at_once_are_all_done_and_all_on_record() {
    const ACTS: usize = 24;
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let browser = Arc::new(site.browser_of(&caller).await);
    let barrier = Arc::new(Barrier::new(2 * ACTS));
    let mut acts = JoinSet::new();
    for number in 0..ACTS {
        let name = format!("key {number}");
        let id = caller.key.id.to_string();
        for (path, fields) in [
            ("/api/keys/create", vec![("name", name.clone())]),
            ("/api/keys/rename", vec![("id", id), ("name", name)]),
        ] {
            let (browser, barrier) = (browser.clone(), barrier.clone());
            acts.spawn(async move {
                let fields: Vec<_> = fields
                    .iter()
                    .map(|(name, value)| (*name, value.as_str()))
                    .collect();
                barrier.wait().await;
                browser.call(path, &fields).await
            });
        }
    }
    for (status, told) in within(acts.join_all()).await {
        assert_eq!(status, StatusCode::OK, "{told}");
    }
    let keys = site.keys().list(&caller.account.id).await.unwrap();
    assert_eq!(keys.len(), 1 + ACTS);
    let all = records(&site, Some(&caller.account)).await;
    for action in ["key.created", "key.changed"] {
        let recorded = all.iter().filter(|one| one.action == action).count();
        assert_eq!(recorded, ACTS, "{action}");
    }
    let named = keys.iter().find(|key| key.id == caller.key.id).unwrap();
    let mut changes = all.iter().filter(|one| one.action == "key.changed");
    assert!(changes.any(|one| one.details["name"]["to"] == named.name.as_str()));
}
