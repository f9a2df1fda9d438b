//! Every server function either changes nothing or leaves a record, and a new one must say which.

use assisters::accounts::{Accounts, Wanted};
use assisters::keys::NewKey;
use assisters::principal::Tier;
use reqwest::StatusCode;

use super::{records, site};
use crate::browser::Browser;
use crate::site::{PASSWORD, Site};
use crate::strangers::functions;

/// These change nothing that lasts.
const READ: &[&str] = &[
    "usage",
    "keys/list",
    "keys/choices",
    "keys/fresh",
    "docs/page",
    "docs/search",
    "status",
    "offer",
    "limits",
    "overview",
    "models",
    "settings",
    "settings/sessions",
    "logs",
    "logs/newer",
    "logs/request",
    "admin/workers/list",
    "audit-log",
    "admin/audit-log",
    "admin/accounts/list",
    "admin/accounts/one",
    "admin/health",
];

/// What each of the others is called with, in this order, and what it leaves on record. `KEY`, `EMAIL`, `SESSION` and `OTHER`
/// stand for the account's key, its address, another of its sessions, and another account.
const CHANGES: &[(&str, &[(&str, &str)], &str)] = &[
    ("keys/create", &[("name", "ci")], "key.created"),
    (
        "keys/rename",
        &[("id", "KEY"), ("name", "server")],
        "key.changed",
    ),
    (
        "keys/restrict",
        &[("id", "KEY"), ("restrictions[rpm]", "1")],
        "key.changed",
    ),
    (
        "keys/rotate",
        &[("id", "KEY"), ("overlap", "hour")],
        "key.rotated",
    ),
    ("keys/end-old", &[("id", "KEY")], "key.secrets_ended"),
    ("keys/revoke", &[("id", "KEY")], "key.revoked"),
    (
        "limits/choose-tier",
        &[("tier", "developer")],
        "tier.changed",
    ),
    (
        "limits/ask-for-enterprise",
        &[("rpm", "9"), ("tpm", "9"), ("message", "")],
        "enterprise.asked",
    ),
    ("settings/rename", &[("name", "Ada")], "account.renamed"),
    (
        "settings/keep-log",
        &[("days", "7")],
        "log_retention.changed",
    ),
    (
        "settings/end-session",
        &[("id", "SESSION")],
        "session.ended",
    ),
    ("settings/end-other-sessions", &[], "session.ended"),
    (
        "settings/change-password",
        &[("current_password", PASSWORD), ("new_password", PASSWORD)],
        "password.changed",
    ),
    (
        "admin/workers/add",
        &[
            ("url", "http://127.0.0.1:1"),
            ("key", ""),
            ("weight", ""),
            ("max_in_flight", ""),
            ("unreachable_too", "true"),
        ],
        "worker.added",
    ),
    (
        "admin/workers/drain",
        &[("id", "127.0.0.1:1"), ("draining", "true")],
        "worker.drained",
    ),
    (
        "admin/workers/drain",
        &[("id", "127.0.0.1:1"), ("draining", "false")],
        "worker.resumed",
    ),
    (
        "admin/workers/remove",
        &[("id", "127.0.0.1:1")],
        "worker.removed",
    ),
    (
        "admin/accounts/limits",
        &[
            ("id", "OTHER"),
            ("tier", "startup"),
            ("rpm", ""),
            ("tpm", ""),
        ],
        "tier.changed",
    ),
    (
        "admin/accounts/limits",
        &[("id", "OTHER"), ("tier", "free"), ("rpm", "7"), ("tpm", "")],
        "limits.changed",
    ),
    (
        "admin/accounts/suspend",
        &[("id", "OTHER"), ("reason", "spam")],
        "account.suspended",
    ),
    (
        "admin/accounts/resume",
        &[("id", "OTHER")],
        "account.resumed",
    ),
    (
        "admin/accounts/set-admin",
        &[("id", "OTHER"), ("is_admin", "false")],
        "administrator.removed",
    ),
    (
        "admin/accounts/set-admin",
        &[("id", "OTHER"), ("is_admin", "true")],
        "administrator.added",
    ),
    (
        "admin/requests/accept",
        &[("id", "OTHER")],
        "enterprise.accepted",
    ),
    (
        "admin/requests/decline",
        &[("id", "OTHER")],
        "enterprise.declined",
    ),
    (
        "sign-up",
        &[("email", "new@example.org"), ("password", PASSWORD)],
        "account.created",
    ),
    (
        "sign-in",
        &[("email", "EMAIL"), ("password", PASSWORD)],
        "session.started",
    ),
    ("sign-out", &[], "session.ended"),
    (
        "settings/delete-account",
        &[("email", "EMAIL"), ("password", PASSWORD)],
        "account.deleted",
    ),
];

#[test]
fn every_server_function_is_known_to_change_something_or_nothing() {
    let mut known: Vec<_> = CHANGES.iter().map(|(name, ..)| *name).collect();
    known.dedup();
    known.extend(READ);
    let mut known: Vec<_> = known.iter().map(|name| format!("/api/{name}")).collect();
    let mut functions = functions();
    known.sort_unstable();
    functions.sort_unstable();
    assert_eq!(
        functions, known,
        "say in tests/it/audit/coverage.rs what it leaves on record"
    );
}

/// Another session of the account that `browser` is signed in to, by the name that it is ended with.
async fn other_session(browser: &Browser) -> String {
    let (_, sessions) = browser.call("/api/settings/sessions", &[]).await;
    let sessions = sessions.as_array().unwrap();
    let other = sessions.iter().find(|one| one["is_this"] == false);
    other.unwrap()["id"].as_str().unwrap().to_owned()
}

async fn call(site: &Site, name: &str, fields: &[(&str, &str)], action: &str) {
    let caller = match name.starts_with("admin/") || name == "settings/delete-account" {
        true => site.administrator().await,
        false => site.caller(Tier::Free).await,
    };
    // Nobody may be the last administrator who goes.
    let other = site.administrator().await;
    let (browser, _away) = (
        site.browser_of(&caller).await,
        site.browser_of(&caller).await,
    );
    let new = site
        .keys()
        .create(&caller.account.id, NewKey::named("k"))
        .await;
    let key = new.unwrap().0.id;
    let session = other_session(&browser).await;
    let filled: Vec<_> = fields
        .iter()
        .map(|(field, value)| match *value {
            "KEY" => (*field, key.as_str()),
            "EMAIL" => (*field, caller.account.email.as_str()),
            "SESSION" => (*field, session.as_str()),
            "OTHER" => (*field, other.account.id.as_str()),
            value => (*field, value),
        })
        .collect();
    let wanted = Wanted {
        rpm: 9,
        tpm: 9,
        message: String::new(),
        asked: site.clock.now(),
    };
    let accounts = Accounts::new(site.db(), site.clock.clone());
    accounts.want(&other.account.id, &wanted).await.unwrap();
    let before = records(site, None).await.len();
    let (status, told) = browser.call(&format!("/api/{name}"), &filled).await;
    assert_eq!(status, StatusCode::OK, "{name}: {told}");
    let all = records(site, None).await;
    let new = &all[..all.len() - before];
    assert!(
        new.iter().any(|record| record.action == action),
        "{name}: {new:?}"
    );
    for record in new {
        assert_eq!(record.ip.as_deref(), Some("127.0.0.1"), "{name}");
        assert!(record.actor_email.is_some(), "{name}");
    }
}

#[tokio::test]
async fn every_server_function_that_changes_something_leaves_a_record_before_it_answers() {
    let site = site().await;
    for (name, fields, action) in CHANGES {
        call(&site, name, fields, action).await;
    }
}
