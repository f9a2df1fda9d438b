use reqwest::StatusCode;

use super::{caller, mail, nth_mail, sign_in, sign_up, site, token};
use crate::site::PASSWORD;

const CHANGE: &str = "/api/settings/change-email";
const CONFIRM: &str = "/api/confirm-email";
use super::CHANGE as SUBJECT;
const NEW_EMAIL: &str = "ada@lovelace.org";

fn fields<'a>(email: &'a str, password: &'a str) -> [(&'static str, &'a str); 2] {
    [("new_email", email), ("current_password", password)]
}

#[tokio::test]
async fn an_address_changes_when_the_link_to_the_new_one_is_confirmed() {
    let site = site().await;
    let (caller, email) = caller(&site).await;
    let browser = site.browser_of(&caller).await;
    for (fields, field) in [
        (fields("ada", PASSWORD), "new_email"),
        (fields(&email, PASSWORD), "new_email"),
        (fields(NEW_EMAIL, "wrong horse battery"), "current_password"),
    ] {
        let (status, problem) = browser.call(CHANGE, &fields).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(problem["field"], field, "{problem}");
    }
    let landed = browser
        .submit(CHANGE, &fields(" Ada@Lovelace.org", PASSWORD))
        .await;
    assert_eq!(landed.place.as_deref(), Some("/settings?done=email"));
    let notice = mail(&site, &email, "Your e-mail address is about to change").await;
    assert!(
        notice.contains(NEW_EMAIL) && !notice.contains("token="),
        "{notice}"
    );
    let mailed = mail(&site, NEW_EMAIL, SUBJECT).await;
    assert!(mailed.contains("/verify-email?change&token="), "{mailed}");
    let token = token(&mailed);
    assert!(
        sign_in(&site, &email, PASSWORD).await.0.is_success(),
        "as before"
    );
    assert!(!sign_in(&site, NEW_EMAIL, PASSWORD).await.0.is_success());

    // Another link's verb does not take it.
    let (status, _) = browser
        .call("/api/verify-email", &[("token", &token)])
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = browser
        .visit(&format!("/verify-email?change&token={token}"))
        .await;
    assert!(page.text.contains("action=\"/api/confirm-email\""));
    let landed = browser.submit(CONFIRM, &[("token", &token)]).await;
    assert_eq!(landed.place.as_deref(), Some("/settings?done=confirmed"));
    assert!(!sign_in(&site, &email, PASSWORD).await.0.is_success());
    assert!(sign_in(&site, NEW_EMAIL, PASSWORD).await.0.is_success());
    mail(&site, &email, "Your e-mail address was changed").await;
}

#[tokio::test]
async fn an_address_that_is_taken_meanwhile_stays_where_it_is() {
    let site = site().await;
    let (caller, email) = caller(&site).await;
    let browser = site.browser_of(&caller).await;
    browser.submit(CHANGE, &fields(NEW_EMAIL, PASSWORD)).await;
    let token = token(&mail(&site, NEW_EMAIL, SUBJECT).await);
    sign_up(&site.browser(), NEW_EMAIL).await;
    let (status, problem) = browser.call(CONFIRM, &[("token", &token)]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let told = problem["message"].as_str().unwrap();
    assert!(told.contains("Another account has this"), "{told}");
    assert!(sign_in(&site, &email, PASSWORD).await.0.is_success());
}

#[tokio::test]
async fn links_to_the_address_of_before_and_of_a_change_that_was_not_ones_own_are_void() {
    let site = site().await;
    let (caller, email) = caller(&site).await;
    let browser = site.browser_of(&caller).await;
    browser
        .submit("/api/forgot-password", &[("email", &email)])
        .await;
    let reset = token(&mail(&site, &email, "Set a new password").await);
    browser.submit(CHANGE, &fields(NEW_EMAIL, PASSWORD)).await;
    let change = token(&mail(&site, NEW_EMAIL, SUBJECT).await);
    browser.call(CONFIRM, &[("token", &change)]).await;
    let form = [("token", reset.as_str()), ("password", super::NEW)];
    let (status, _) = site.browser().call("/api/reset-password", &form).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);

    // Whoever has the password asks for a change; the owner sets a new password.
    browser
        .submit(CHANGE, &fields("mallory@example.org", PASSWORD))
        .await;
    let change = token(&mail(&site, "mallory@example.org", SUBJECT).await);
    site.browser()
        .submit("/api/forgot-password", &[("email", NEW_EMAIL)])
        .await;
    let reset = token(&nth_mail(&site, 1, NEW_EMAIL, "Set a new password").await);
    let form = [("token", reset.as_str()), ("password", super::NEW)];
    let (status, _) = site.browser().call("/api/reset-password", &form).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _) = browser.call(CONFIRM, &[("token", &change)]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}
