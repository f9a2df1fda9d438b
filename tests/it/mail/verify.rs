use reqwest::StatusCode;
use serde_json::Value;

use super::{mail, mails, nth_mail, sign_up, site, token, written};
use crate::browser::Browser;

use super::VERIFY as SUBJECT;
const EMAIL: &str = "ada@example.org";
const ASKED: &str = "Verify your e-mail address, ada@example.org.";

async fn is_asked(browser: &Browser) -> bool {
    browser.visit("/").await.text.contains(ASKED)
}

#[tokio::test]
async fn one_who_signs_up_is_asked_to_verify_until_the_links_button_is_pressed() {
    let site = site().await;
    let browser = site.browser();
    assert_eq!(sign_up(&browser, EMAIL).await.place.as_deref(), Some("/"));
    assert!(is_asked(&browser).await, "signed in at once");
    let mail = mail(&site, EMAIL, SUBJECT).await;
    let token = token(&mail);
    let link = format!("/verify-email?token={token}");
    assert!(mail.contains(&site.url(&link)), "{mail}");

    // As a mail program that looks at links opens it, and again.
    for _ in 0..2 {
        let page = site.browser().visit(&link).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
        assert_eq!(page.headers["cache-control"], "no-store");
        assert!(page.text.contains("action=\"/api/verify-email\""));
    }
    assert!(is_asked(&browser).await, "to look at it is not enough");

    let landed = browser
        .submit("/api/verify-email", &[("token", &token)])
        .await;
    assert_eq!(landed.place.as_deref(), Some("/settings?done=verified"));
    assert!(!is_asked(&browser).await);
    let (status, problem) = browser
        .call("/api/verify-email", &[("token", &token)])
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(problem["message"].as_str().unwrap().contains("used up"));
}

#[tokio::test]
async fn a_link_works_in_another_browser_and_signs_nobody_in() {
    let site = site().await;
    let browser = site.browser();
    sign_up(&browser, EMAIL).await;
    let token = token(&mail(&site, EMAIL, SUBJECT).await);
    let other = site.browser();
    let landed = other
        .submit("/api/verify-email", &[("token", &token)])
        .await;
    assert_eq!(landed.place.as_deref(), Some("/sign-in?verified"));
    assert!(landed.headers.get("set-cookie").is_none());
    assert!(!is_asked(&browser).await);
}

#[tokio::test]
async fn the_link_is_sent_again_on_demand_and_only_the_newest_works() {
    let site = site().await;
    let browser = site.browser();
    sign_up(&browser, EMAIL).await;
    let first = token(&mail(&site, EMAIL, SUBJECT).await);
    let landed = browser.submit("/api/settings/mail-verification", &[]).await;
    assert_eq!(landed.place.as_deref(), Some("/settings?done=mailed"));
    let second = token(&nth_mail(&site, 2, EMAIL, SUBJECT).await);
    let stranger = site.browser();
    let asked = stranger.submit("/api/resend-verification", &[("email", " Ada@example.org")]);
    let place = asked.await.place;
    assert_eq!(place.as_deref(), Some("/check-mail?for=verify&outbox"));
    let third = token(&nth_mail(&site, 3, EMAIL, SUBJECT).await);
    for old in [first, second] {
        let (status, _) = stranger.call("/api/verify-email", &[("token", &old)]).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    // The same answer, and no fourth mail.
    let asked = stranger.submit("/api/resend-verification", &[("email", EMAIL)]);
    assert_eq!(asked.await.place, place);
    let (status, _) = stranger
        .call("/api/verify-email", &[("token", &third)])
        .await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn nobody_is_written_to_who_waits_for_nothing() {
    let site = site().await;
    let known = site.caller(assisters::principal::Tier::Free).await;
    let browser = site.browser();
    for email in [known.account.email.as_str(), "nobody@example.org"] {
        browser
            .submit("/api/resend-verification", &[("email", email)])
            .await;
    }
    assert_eq!(written(site).await, 0);
}

#[tokio::test]
async fn mails_and_links_are_exported_and_go_with_their_account() {
    let site = site().await;
    let browser = site.browser();
    sign_up(&browser, EMAIL).await;
    let mail = mail(&site, EMAIL, SUBJECT).await;
    let exported: Value =
        serde_json::from_str(&browser.visit("/settings/export").await.text).unwrap();
    assert_eq!(exported["mails"][0]["to"], EMAIL);
    assert_eq!(exported["account"]["is_email_verified"], false);
    assert!(!exported.to_string().contains(&token(&mail)));
    let account = assisters::accounts::Accounts::new(site.db(), site.clock.clone())
        .find_by_email(EMAIL)
        .await
        .unwrap()
        .unwrap();
    let form = [("email", EMAIL), ("password", crate::site::PASSWORD)];
    let (status, _) = browser.call("/api/settings/delete-account", &form).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(site.rows_of("mails", &account).await, 0);
    assert_eq!(site.rows_of("mail_links", &account).await, 0);
    assert_eq!(mails(&site), Vec::<String>::new());
}

#[tokio::test]
async fn a_refused_form_without_scripts_leads_back_to_its_page() {
    let site = site().await;
    for (function, page, words) in [
        ("/api/verify-email", "/verify-email?token=x&", "used up"),
        (
            "/api/confirm-email",
            "/verify-email?change&token=x&",
            "used up",
        ),
        ("/api/reset-password", "/reset-password?token=x&", "used up"),
    ] {
        let browser = site.browser();
        let fields = [("token", "x"), ("password", "a sentence that is long")];
        let landed = browser.submit(function, &fields).await;
        let place = landed.place.unwrap();
        assert!(place.starts_with(page), "{place}");
        let page = browser.visit(&place).await;
        assert!(page.text.contains(words), "{function}: {}", page.text);
    }
}
