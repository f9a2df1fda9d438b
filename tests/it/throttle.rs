//! Guessing over HTTP: held back, exactly, and never at the owner's cost.

use std::sync::Arc;
use std::time::Duration;

use assisters::principal::Tier;
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, RETRY_AFTER, SET_COOKIE};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::browser::Browser;
use crate::site::{Caller, PASSWORD, Site, config};
use crate::within;

const FREE: usize = 5;

async fn site() -> Site {
    Site::unready(TempDir::new().unwrap(), vec![]).await
}

async fn sign_in(browser: &Browser, email: &str, password: &str) -> (StatusCode, Value) {
    let form = [("email", email), ("password", password)];
    let asked = browser.form("/api/sign-in", &form);
    let answer = within(asked.header(ACCEPT, "application/json").send()).await;
    let answer = answer.unwrap();
    let status = answer.status();
    let retry_after = answer.headers().get(RETRY_AFTER).cloned();
    let text = answer.text().await.unwrap();
    let problem: Value = serde_json::from_str(&text).unwrap();
    if status == StatusCode::TOO_MANY_REQUESTS {
        let told = retry_after.unwrap().to_str().unwrap().to_owned();
        assert_eq!(problem["wait_seconds"].to_string(), told, "{problem}");
        let message = problem["message"].as_str().unwrap();
        assert!(message.contains("Try again in"), "{message}");
    } else {
        assert_eq!(retry_after, None);
    }
    (status, problem)
}

async fn guess_out(site: &Site, email: &str) {
    for _ in 0..FREE {
        let (status, _) = sign_in(&site.browser(), email, "wrong horse battery").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn guesses_are_held_back_alike_whether_or_not_there_is_such_an_account() {
    let site = site().await;
    let known = site.caller(Tier::Free).await.account.email;
    let mut answers = vec![];
    for email in [known.as_str(), "nobody@example.org"] {
        guess_out(&site, email).await;
        // The right password is not looked at either.
        let (status, problem) = sign_in(&site.browser(), email, PASSWORD).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(problem["wait_seconds"], 1);
        answers.push(problem);
    }
    assert_eq!(answers[0], answers[1]);
    site.clock.advance(Duration::from_secs(1));
    let (status, _) = sign_in(&site.browser(), &known, PASSWORD).await;
    assert!(status.is_success(), "{status}");
}

#[tokio::test]
async fn a_hundred_guesses_at_once_are_looked_at_no_more_often_than_is_free() {
    let site = Arc::new(site().await);
    let email: Arc<str> = site.caller(Tier::Free).await.account.email.into();
    let before = site.hashes();
    let barrier = Arc::new(Barrier::new(100));
    let mut guesses = JoinSet::new();
    for guess in 0..100 {
        let (site, email, barrier) = (site.clone(), email.clone(), barrier.clone());
        guesses.spawn(async move {
            let browser = site.browser();
            barrier.wait().await;
            sign_in(
                &browser,
                &email,
                &format!("guess number {guess} of a hundred"),
            )
            .await
            .0
        });
    }
    let answers = guesses.join_all().await;
    let count = |status| answers.iter().filter(|answer| **answer == status).count();
    assert_eq!(count(StatusCode::UNPROCESSABLE_ENTITY), FREE);
    assert_eq!(count(StatusCode::TOO_MANY_REQUESTS), 100 - FREE);
    assert_eq!(site.hashes() - before, FREE as u64);
}

#[tokio::test]
async fn a_known_and_an_unknown_address_cost_the_same_work() {
    let site = site().await;
    let known = site.caller(Tier::Free).await.account.email;
    let long = "x".repeat(300);
    for (email, password, hashes) in [
        (known.as_str(), "wrong horse battery", 1),
        ("nobody@example.org", "wrong horse battery", 1),
        ("no address at all", "wrong horse battery", 1),
        (known.as_str(), long.as_str(), 0),
        ("nobody@example.org", long.as_str(), 0),
    ] {
        let before = site.hashes();
        let (_, problem) = sign_in(&site.browser(), email, password).await;
        let message = problem["message"].as_str().unwrap();
        assert!(message.contains("do not belong together"), "{message}");
        assert_eq!(site.hashes() - before, hashes, "{email}");
    }
}

#[tokio::test]
async fn the_owners_browser_is_not_held_back_by_strangers() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let email = caller.account.email.as_str();
    let known = site.browser_of(&caller).await;
    known.submit("/api/sign-out", &[]).await;
    let other = site.browser_of(&caller).await;
    guess_out(&site, email).await;
    let (status, _) = sign_in(&site.browser(), email, PASSWORD).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    let (status, problem) = sign_in(&known, email, PASSWORD).await;
    assert!(status.is_success(), "{problem}");

    // After a new password, browsers elsewhere are strangers: one of them may be a thief's.
    let fields = [
        ("current_password", PASSWORD),
        ("new_password", "another horse battery"),
    ];
    let (status, problem) = known.call("/api/settings/change-password", &fields).await;
    assert!(status.is_success(), "{problem}");
    let (status, _) = sign_in(&other, email, "another horse battery").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    let (status, problem) = sign_in(&known, email, "another horse battery").await;
    assert!(status.is_success(), "{problem}");
}

#[tokio::test]
async fn a_known_browsers_cookie_is_out_of_scripts_and_other_sites_reach() {
    for (url, name, secure) in [
        (None, "assisters-device=", false),
        (Some("https://a.example"), "__Host-assisters-device=", true),
    ] {
        let dir = TempDir::new().unwrap();
        let mut config = config(dir.path(), &[]);
        config.public_url = url.map(|url| url.parse().unwrap());
        let site = Site::configured(dir, config).await;
        let caller = site.caller(Tier::Free).await;
        let form = [
            ("email", caller.account.email.as_str()),
            ("password", PASSWORD),
        ];
        let answer = site.browser().submit("/api/sign-in", &form).await;
        let set = answer.headers.get_all(SET_COOKIE).iter();
        let mut set = set.map(|cookie| cookie.to_str().unwrap());
        let cookie = set.find(|cookie| cookie.starts_with(name)).unwrap();
        for attribute in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=34560000"] {
            assert!(cookie.split("; ").any(|one| one == attribute), "{cookie}");
        }
        assert_eq!(cookie.ends_with("; Secure"), secure, "{cookie}");
        assert!(!cookie.contains("Domain"), "{cookie}");
        let failed = site.browser().submit("/api/sign-in", &[]).await;
        assert_eq!(failed.headers.get(SET_COOKIE), None);
    }
}

#[tokio::test]
async fn one_address_guesses_no_more_by_changing_accounts_and_a_restart_forgets_nothing() {
    let site = site().await;
    let mut taken = 0;
    while sign_in(&site.browser(), &format!("{taken}@example.org"), "wrong")
        .await
        .0
        != StatusCode::TOO_MANY_REQUESTS
    {
        taken += 1;
    }
    assert_eq!(taken, 20);
    let clock = site.clock.clone();
    let dir = site.stop().await;
    let config = config(dir.path(), &[]);
    let site = Site::by(clock, dir, config).await;
    let (status, _) = sign_in(&site.browser(), "bob@example.org", "wrong").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    site.clock.advance(Duration::from_secs(1));
    let (status, _) = sign_in(&site.browser(), "bob@example.org", "wrong").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn an_address_makes_so_many_accounts_an_hour_and_mended_forms_are_free() {
    let dir = TempDir::new().unwrap();
    let mut config = config(dir.path(), &[]);
    config.limits.sign_ups_per_hour = 2;
    let site = Site::configured(dir, config).await;
    let sign_up = async |email: &str, password: &str| {
        let form = [("email", email), ("password", password)];
        site.browser().call("/api/sign-up", &form).await
    };
    for _ in 0..3 {
        let (status, _) = sign_up("ada@example.org", "too short").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let (status, problem) = sign_up("ada@example.org", PASSWORD).await;
    assert!(status.is_success(), "{problem}");
    // That it is taken is an answer about somebody else.
    let (status, _) = sign_up("ada@example.org", PASSWORD).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, problem) = sign_up("bob@example.org", PASSWORD).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(problem["wait_seconds"], 3_600);
    let message = problem["message"].as_str().unwrap();
    assert!(message.contains("in 60 minutes"), "{message}");
    site.clock.advance(Duration::from_secs(3_600));
    let (status, problem) = sign_up("bob@example.org", PASSWORD).await;
    assert!(status.is_success(), "{problem}");
}

#[tokio::test]
async fn who_has_taken_a_session_may_not_guess_its_password_freely() {
    let site = site().await;
    let caller: Caller = site.caller(Tier::Free).await;
    let change = [
        ("current_password", "wrong horse battery"),
        ("new_password", "another horse battery"),
    ];
    let delete = [
        ("email", caller.account.email.as_str()),
        ("password", "wrong horse battery"),
    ];
    for _ in 0..2 {
        let browser = site.browser_of(&caller).await;
        for guess in 1..=5 {
            let (status, _) = match guess % 2 {
                0 => browser.call("/api/settings/change-password", &change).await,
                _ => browser.call("/api/settings/delete-account", &delete).await,
            };
            // The fifth ends the session; in another one they go on being counted.
            let expected = match guess {
                5 => StatusCode::UNAUTHORIZED,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            assert_eq!(status, expected, "{guess}");
        }
    }
    let browser = site.browser_of(&caller).await;
    let right = [("current_password", PASSWORD), change[1]];
    let (status, _) = browser.call("/api/settings/change-password", &right).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    site.clock.advance(Duration::from_secs(3_600));
    let (status, problem) = browser.call("/api/settings/change-password", &right).await;
    assert!(status.is_success(), "{problem}");
}
