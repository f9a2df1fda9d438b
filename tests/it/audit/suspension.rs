//! What a suspension stops, from the very next request on, and what it leaves.

use std::sync::Arc;

use assisters::principal::Tier;
use reqwest::StatusCode;
use serde_json::json;
use tokio::sync::{Barrier, Semaphore};
use tokio::task::JoinSet;

use super::records;
use crate::browser::Browser;
use crate::fake_worker::{FakeWorker, Script};
use crate::site::{Caller, PASSWORD, Site, chat};
use crate::v1::error_of;
use crate::within;

async fn suspend(admin: &Browser, caller: &Caller) {
    let fields = [
        ("id", caller.account.id.as_str()),
        ("reason", "unpaid since March"),
    ];
    let (status, told) = admin.call("/api/admin/accounts/suspend", &fields).await;
    assert_eq!(status, StatusCode::OK, "{told}");
}

async fn resume(admin: &Browser, caller: &Caller) {
    let fields = [("id", caller.account.id.as_str())];
    let (status, told) = admin.call("/api/admin/accounts/resume", &fields).await;
    assert_eq!(status, StatusCode::OK, "{told}");
}

#[tokio::test]
async fn a_suspended_account_is_refused_everywhere_and_has_all_again_when_it_is_resumed() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let (admin, caller) = (site.admin().await, site.caller(Tier::Free).await);
    let browser = site.browser_of(&caller).await;
    site.answer(&caller.secret, json!({})).await;
    suspend(&admin, &caller).await;

    let refused = site.chat(&caller.secret, json!({}));
    let told = error_of(refused, 403, "permission_error", "account_suspended").await;
    let message = told["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains("ask the administrators"), "{told}");
    assert!(
        !message.contains("unpaid"),
        "a key may be in other hands: {told}"
    );
    assert!(browser.visit("/keys").await.status.is_redirection());
    let played = browser.post_json("/playground/v1/chat/completions", &chat(json!({})));
    assert_eq!(
        played.send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );

    let email = caller.account.email.as_str();
    let (_, told) = browser
        .call("/api/sign-in", &[("email", email), ("password", PASSWORD)])
        .await;
    let told = told["message"].as_str().unwrap().to_owned();
    assert!(told.contains("suspended: unpaid since March."), "{told}");
    let (_, told) = browser
        .call("/api/sign-in", &[("email", email), ("password", "wrong")])
        .await;
    assert!(!told.to_string().contains("suspended"), "{told}");

    resume(&admin, &caller).await;
    site.answer(&caller.secret, json!({})).await;
    site.browser_of(&caller).await;
    assert_eq!(site.rows_of("keys", &caller.account).await, 1);
    let actions: Vec<_> = records(&site, Some(&caller.account)).await;
    let about: Vec<_> = actions.iter().map(|one| one.action.as_str()).collect();
    assert!(
        about.contains(&"account.suspended") && about.contains(&"account.resumed"),
        "{about:?}"
    );
}

/// Many sign in and call just as the account is suspended: whoever got in by then is out at the next request.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_who_comes_in_while_an_account_is_suspended_stays_in() {
    const VISITORS: usize = 6;
    let worker = FakeWorker::start().await;
    let site = Arc::new(Site::with(&[&worker]).await);
    let (admin, caller) = (
        site.admin().await,
        Arc::new(site.caller(Tier::Enterprise).await),
    );
    for _ in 0..3 {
        let barrier = Arc::new(Barrier::new(2 * VISITORS + 1));
        let mut visiting = JoinSet::new();
        let mut calling = JoinSet::new();
        for _ in 0..VISITORS {
            let (there, who, start) = (site.clone(), caller.clone(), barrier.clone());
            visiting.spawn(async move {
                let browser = there.browser();
                let fields = [
                    ("email", who.account.email.as_str()),
                    ("password", PASSWORD),
                ];
                start.wait().await;
                browser.call("/api/sign-in", &fields).await;
                browser
            });
            let (there, who, start) = (site.clone(), caller.clone(), barrier.clone());
            calling.spawn(async move {
                start.wait().await;
                there
                    .chat(&who.secret, json!({}))
                    .send()
                    .await
                    .unwrap()
                    .status()
            });
        }
        barrier.wait().await;
        suspend(&admin, &caller).await;
        for status in calling.join_all().await {
            assert!(matches!(status.as_u16(), 200 | 403), "{status}");
        }
        for browser in visiting.join_all().await {
            assert!(browser.visit("/keys").await.status.is_redirection());
            let played = browser.post_json("/playground/v1/chat/completions", &chat(json!({})));
            let status = played.send().await.unwrap().status();
            assert!(matches!(status.as_u16(), 401 | 403), "{status}");
        }
        error_of(
            site.chat(&caller.secret, json!({})),
            403,
            "permission_error",
            "account_suspended",
        )
        .await;
        resume(&admin, &caller).await;
    }
}

#[tokio::test]
async fn an_administrator_neither_locks_themself_out_nor_the_last_one() {
    let site = Site::unready(tempfile::TempDir::new().unwrap(), vec![]).await;
    let first = site.administrator().await;
    let browser = site.browser_of(&first).await;
    let (own, reason) = (("id", first.account.id.as_str()), ("reason", "spam"));
    for (path, field) in [("suspend", reason), ("set-admin", ("is_admin", "false"))] {
        let path = format!("/api/admin/accounts/{path}");
        let (status, told) = browser.call(&path, &[own, field]).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(
            told["message"].as_str().unwrap().contains("yourself"),
            "{told}"
        );
    }
    let other = site.caller(Tier::Free).await;
    let id = ("id", other.account.id.as_str());
    let made = browser
        .call("/api/admin/accounts/set-admin", &[id, ("is_admin", "true")])
        .await;
    assert_eq!(made.0, StatusCode::OK, "{}", made.1);
    let second = site.browser_of(&other).await;
    assert_eq!(second.visit("/admin/workers").await.status, StatusCode::OK);
    suspend(&second, &first).await;
    assert!(
        browser
            .visit("/admin/workers")
            .await
            .status
            .is_redirection()
    );
}

#[tokio::test]
async fn a_stream_that_runs_when_its_account_is_suspended_is_finished() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let (admin, caller) = (site.admin().await, site.caller(Tier::Free).await);
    let gate = Arc::new(Semaphore::new(1));
    worker.follow(Script::says(&["Hel", "lo"]).through(&gate));
    let stream = site.chat(&caller.secret, json!({"stream": true}));
    let mut stream = within(stream.send()).await.unwrap();
    let mut text = String::new();
    while !text.contains("Hel") {
        let piece = within(stream.chunk()).await.unwrap().unwrap();
        text += str::from_utf8(&piece).unwrap();
    }
    suspend(&admin, &caller).await;
    gate.add_permits(2);
    while let Some(piece) = within(stream.chunk()).await.unwrap() {
        text += str::from_utf8(&piece).unwrap();
    }
    assert!(
        text.contains("\"lo\"") && text.trim_end().ends_with("[DONE]"),
        "{text}"
    );
    error_of(
        site.chat(&caller.secret, json!({})),
        403,
        "permission_error",
        "account_suspended",
    )
    .await;
}
