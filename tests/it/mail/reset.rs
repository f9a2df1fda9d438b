use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::{NEW, caller, is_signed_in, mail, nth_mail, sign_in, site, token, written};
use crate::fake_worker::FakeWorker;
use crate::site::{PASSWORD, Site};

const SUBJECT: &str = "Set a new password";
const FORGOT: &str = "/api/forgot-password";
const RESET: &str = "/api/reset-password";

#[tokio::test]
async fn a_forgotten_password_is_set_anew_and_ends_all_sessions() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let (caller, email) = caller(&site).await;
    let signed_in = site.browser_of(&caller).await;
    let browser = site.browser();
    let page = browser.visit("/sign-in").await;
    assert!(page.text.contains("href=\"/forgot-password\""));
    assert_eq!(
        browser.visit("/forgot-password").await.status,
        StatusCode::OK
    );
    browser.submit(FORGOT, &[("email", &email)]).await;
    let mail = mail(&site, &email, SUBJECT).await;
    let token = token(&mail);
    let link = format!("/reset-password?token={token}");
    assert!(mail.contains(&site.url(&link)), "{mail}");
    let page = browser.visit(&link).await;
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    assert!(page.text.contains("autocomplete=\"new-password\""));

    for weak in ["short", "passwordpassword", &email.repeat(2)] {
        let (status, problem) = browser
            .call(RESET, &[("token", &token), ("password", weak)])
            .await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(
            problem["field"], "password",
            "the link is good for another try"
        );
    }
    assert!(is_signed_in(&signed_in).await);
    let form = [("token", token.as_str()), ("password", NEW)];
    let landed = browser.submit(RESET, &form).await;
    assert_eq!(landed.place.as_deref(), Some("/sign-in?reset"));
    assert!(
        landed.headers.get("set-cookie").is_none(),
        "nobody is signed in by it"
    );
    assert!(!is_signed_in(&browser).await && !is_signed_in(&signed_in).await);
    assert!(!sign_in(&site, &email, PASSWORD).await.0.is_success());
    assert!(sign_in(&site, &email, NEW).await.0.is_success());
    let (status, _) = browser.call(RESET, &form).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    super::mail(&site, &email, "Your password was changed").await;
    site.answer(&caller.secret, json!({})).await;
}

#[tokio::test]
async fn nobody_learns_whether_an_address_has_an_account() {
    let site = site().await;
    let (_, email) = caller(&site).await;
    let browser = site.browser();
    let known = browser.submit(FORGOT, &[("email", &email)]).await;
    let unknown = browser
        .submit(FORGOT, &[("email", "nobody@example.org")])
        .await;
    assert_eq!(known.status, unknown.status);
    assert_eq!(known.place, unknown.place);
    assert_eq!(known.text, unknown.text);
    mail(&site, &email, SUBJECT).await;
    let page = browser.visit(&known.place.unwrap()).await;
    assert!(page.text.contains("If an account has the e-mail address"));
    let (status, problem) = browser.call(FORGOT, &[("email", "ada")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["field"], "email");
    site.stop().await;
}

#[tokio::test]
async fn the_answer_waits_for_no_look_at_the_accounts() {
    let site = site().await;
    let (_, email) = caller(&site).await;
    let browser = site.browser();
    let before = browser.submit(FORGOT, &[("email", &email)]).await;
    mail(&site, &email, SUBJECT).await;
    site.close_database().await;
    for email in [email.as_str(), "nobody@example.org"] {
        for ask in [FORGOT, "/api/resend-verification"] {
            let answer = browser.submit(ask, &[("email", email)]).await;
            assert_eq!(answer.status, before.status, "{ask}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn links_are_mailed_three_times_in_a_quarter_of_an_hour_and_the_answer_stays() {
    let site = site().await;
    let (_, email) = caller(&site).await;
    let browser = site.browser();
    for asked in 1..=3 {
        browser.submit(FORGOT, &[("email", &email)]).await;
        nth_mail(&site, asked, &email, SUBJECT).await;
    }
    // What one client may ask for in an hour is more than what one address is written.
    site.clock.advance(Duration::from_secs(3_600));
    let mut places = vec![];
    for _ in 0..6 {
        places.push(browser.submit(FORGOT, &[("email", &email)]).await.place);
    }
    assert!(places[0].is_some() && places.iter().all(|place| *place == places[0]));
    assert_eq!(written(site).await, 3 + 3);
}

#[tokio::test]
async fn a_link_is_good_for_half_an_hour_and_not_once_the_password_has_changed() {
    let site = site().await;
    let (caller, email) = caller(&site).await;
    let browser = site.browser();
    browser.submit(FORGOT, &[("email", &email)]).await;
    let old = token(&mail(&site, &email, SUBJECT).await);
    site.clock.advance(Duration::from_secs(30 * 60));
    let (status, _) = browser
        .call(RESET, &[("token", &old), ("password", NEW)])
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);

    browser.submit(FORGOT, &[("email", &email)]).await;
    let void = token(&nth_mail(&site, 2, &email, SUBJECT).await);
    let signed_in = site.browser_of(&caller).await;
    let change = [("current_password", PASSWORD), ("new_password", NEW)];
    let (status, _) = signed_in
        .call("/api/settings/change-password", &change)
        .await;
    assert_eq!(status, StatusCode::OK);
    mail(&site, &email, "Your password was changed").await;
    let third = [
        ("token", void.as_str()),
        ("password", "a third horse battery"),
    ];
    let (status, _) = browser.call(RESET, &third).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(sign_in(&site, &email, NEW).await.0.is_success());
}

#[tokio::test]
async fn of_many_who_follow_a_link_at_once_one_sets_the_password() {
    let site = Arc::new(site().await);
    let (_, email) = caller(&site).await;
    site.browser().submit(FORGOT, &[("email", &email)]).await;
    let token: Arc<str> = token(&mail(&site, &email, SUBJECT).await).into();
    let barrier = Arc::new(Barrier::new(10));
    let mut tries = JoinSet::new();
    for number in 0..10 {
        let (site, token, barrier) = (site.clone(), token.clone(), barrier.clone());
        tries.spawn(async move {
            let password = format!("a horse of number {number}");
            barrier.wait().await;
            let form = [("token", &*token), ("password", &password)];
            let (status, _) = site.browser().call(RESET, &form).await;
            status.is_success().then_some(password)
        });
    }
    let won: Vec<_> = tries.join_all().await.into_iter().flatten().collect();
    let [password] = &won[..] else {
        panic!("{won:?}");
    };
    assert!(sign_in(&site, &email, password).await.0.is_success());
}
