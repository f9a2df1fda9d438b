//! Every server function either changes nothing or leaves a record, and a new one must say which.

use assisters::principal::Tier;
use reqwest::StatusCode;

use super::call::Call;
use super::{records, site};
use crate::second_factor::{Factor, act, after_password, app_shows, turn_on_in};
use crate::site::{PASSWORD, Site};
use crate::strangers::functions;
use crate::until;

/// These change nothing that lasts.
const READ: &[&str] = &[
    "usage",
    "keys/list",
    "keys/choices",
    "keys/fresh",
    "docs/list",
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
    // These write mails, about what comes of them.
    "resend-verification",
    "settings/mail-verification",
    "admin/mail/list",
    "admin/mail/read",
    "confirm/wanted",
    "second-factor",
    "second-factor/begin",
    "second-factor/set-up",
    "second-factor/fresh-codes",
    // Kept by the browser.
    "appearance",
    "settings/prepare-export",
];

/// Want a code, and so one after the other.
const BY_CODE: &[(&str, &str)] = &[
    ("second-factor/turn-on", "second_factor.enabled"),
    ("second-factor/renew-codes", "recovery_codes.renewed"),
    ("confirm", "session.confirmed"),
    ("sign-in/code", "session.started"),
    ("second-factor/turn-off", "second_factor.disabled"),
];

/// Recorded after the answer, which must not tell by its time whether there is such an account.
const LATER: &[(&str, &str)] = &[("forgot-password", "password.reset_asked")];

pub(super) type Fields = &'static [(&'static str, &'static str)];

/// What each of the others is called with, in this order, and what it leaves on record. `KEY`, `EMAIL`, `SESSION`, `OTHER`, `MAIL`
/// and `LINK` stand for the account's key, its address, another of its sessions, another account, a mail, and the secret of the
/// link that was mailed for this.
pub(super) const CHANGES: &[(&str, Fields, &str)] = &[
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
        "settings/change-email",
        &[("new_email", NEW_EMAIL), ("current_password", PASSWORD)],
        "email.change_asked",
    ),
    ("confirm-email", &[("token", "LINK")], "email.changed"),
    ("verify-email", &[("token", "LINK")], "email.verified"),
    (
        "reset-password",
        &[("token", "LINK"), ("password", "another horse battery")],
        "password.reset",
    ),
    ("admin/mail/retry", &[("id", "MAIL")], "mail.retried"),
    ("admin/mail/delete", &[("id", "MAIL")], "mail.deleted"),
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
    known.extend(LATER.iter().chain(BY_CODE).map(|(name, _)| *name));
    let mut known: Vec<_> = known.iter().map(|name| format!("/api/{name}")).collect();
    let mut functions = functions();
    known.sort_unstable();
    functions.sort_unstable();
    assert_eq!(
        functions, known,
        "say in tests/it/audit/coverage.rs what it leaves on record"
    );
}

pub(super) const NEW_EMAIL: &str = "elsewhere@example.org";

async fn call(site: &Site, name: &str, fields: Fields, action: &str) {
    let call = Call::ready(site, name, fields).await;
    let before = records(site, None).await.len();
    let (status, told) = call.send().await;
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

#[tokio::test]
async fn what_is_asked_for_by_mail_is_on_record_after_the_answer() {
    let site = site().await;
    for (name, action) in LATER {
        let caller = site.caller(Tier::Free).await;
        let fields = [("email", caller.account.email.as_str())];
        let asked = site.browser().call(&format!("/api/{name}"), &fields).await;
        assert_eq!(asked.0, StatusCode::OK, "{name}");
        until(async || {
            let all = records(&site, Some(&caller.account)).await;
            all.iter().any(|record| record.action == *action)
        })
        .await;
    }
}

#[tokio::test]
async fn what_is_done_with_a_second_factor_is_on_record() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let Factor { secret, .. } = turn_on_in(&site, &browser).await;
    let codes = act(&browser, "/api/second-factor/renew-codes", &[]).await;
    let code = codes[0].as_str().unwrap();
    act(&browser, "/api/confirm", &[("answer", code)]).await;
    let code = app_shows(&site, &secret);
    let other = after_password(&site, &caller).await;
    act(&other, "/api/sign-in/code", &[("code", &code)]).await;
    let code = codes[1].as_str().unwrap();
    let wrong = [("password", "wrong"), ("code", code)];
    other.call("/api/second-factor/turn-off", &wrong).await;
    let right = [("password", PASSWORD), ("code", code)];
    act(&other, "/api/second-factor/turn-off", &right).await;

    let mut all = records(&site, Some(&caller.account)).await;
    all.reverse();
    let told: Vec<_> = all
        .iter()
        .map(|record| (record.action.as_str(), record.outcome.as_str()))
        .collect();
    let mut rest = told.iter();
    for (name, action) in BY_CODE {
        assert!(
            rest.any(|one| *one == (*action, "done")),
            "{name}: {told:?}"
        );
    }
    assert!(
        told.contains(&("second_factor.disabled", "refused")),
        "{told:?}"
    );
    assert_eq!(
        told.iter()
            .filter(|(action, _)| *action == "recovery_code.used")
            .count(),
        2,
        "{told:?}"
    );
}
