//! A session that somebody else has planted in a browser, or slips into its cookies.

use assisters::principal::Tier;
use reqwest::StatusCode;
use reqwest::header::{COOKIE, HeaderMap, SET_COOKIE};
use tempfile::TempDir;

use crate::site::{Caller, PASSWORD, Site};
use crate::within;

async fn site() -> Site {
    Site::unready(TempDir::new().unwrap(), vec![]).await
}

/// The session's cookie that an answer sets: `assisters=…`.
fn session(headers: &HeaderMap) -> Option<String> {
    let set = headers.get_all(SET_COOKIE).iter();
    let mut set = set.map(|cookie| cookie.to_str().unwrap());
    let cookie = set.find(|cookie| cookie.starts_with("assisters="))?;
    Some(cookie.split("; ").next().unwrap().to_owned())
}

/// Signs in a browser that brings `cookies`, and gives the session that it gets.
async fn sign_in_with(site: &Site, caller: &Caller, cookies: &str) -> String {
    let form = [
        ("email", caller.account.email.as_str()),
        ("password", PASSWORD),
    ];
    let asked = site.browser().form("/api/sign-in", &form);
    let answer = within(asked.header(COOKIE, cookies).send()).await.unwrap();
    session(answer.headers()).unwrap()
}

async fn opens(site: &Site, cookies: &str) -> bool {
    let asked = site.browser().bare(reqwest::Method::GET, "/keys");
    let answer = within(asked.header(COOKIE, cookies).send()).await.unwrap();
    answer.status() == StatusCode::OK
}

#[tokio::test]
async fn a_session_of_before_is_never_the_one_after() {
    let site = site().await;
    let (victim, attacker) = (site.caller(Tier::Free).await, site.caller(Tier::Free).await);
    let attackers = sign_in_with(&site, &attacker, "").await;
    let value = attackers.strip_prefix("assisters=").unwrap();
    for planted in [
        // One that is alive, one that never was, and what is none.
        attackers.clone(),
        "assisters=AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        "assisters=".to_owned(),
        "assisters=../../x".to_owned(),
        format!("assisters={value}; assisters={value}"),
        format!("assisters=x; assisters={value}"),
        format!("__Host-assisters={value}"),
    ] {
        let after = sign_in_with(&site, &victim, &planted).await;
        assert!(!planted.contains(after.strip_prefix("assisters=").unwrap()));
        assert!(opens(&site, &after).await, "{planted}");
    }
    // And what was planted does not show the victim's account to who has planted it.
    for planted in [
        attackers.as_str(),
        "assisters=AAAAAAAAAAAAAAAAAAAAAA",
        "assisters=x",
    ] {
        let asked = site.browser().bare(reqwest::Method::GET, "/settings");
        let answer = within(asked.header(COOKIE, planted).send()).await.unwrap();
        let text = answer.text().await.unwrap();
        assert!(!text.contains(&victim.account.email), "{planted}");
    }
}

#[tokio::test]
async fn over_https_only_the_cookie_counts_that_no_other_host_can_set() {
    let site = Site::tuned(&[], |config| {
        config.public_url = Some("https://assisters.example".parse().unwrap());
    })
    .await;
    let caller = site.caller(Tier::Free).await;
    let form = [
        ("email", caller.account.email.as_str()),
        ("password", PASSWORD),
    ];
    let answer = site.browser().submit("/api/sign-in", &form).await;
    let set = answer.headers.get_all(SET_COOKIE).iter();
    let mut set = set.map(|cookie| cookie.to_str().unwrap());
    let cookie = set.find(|cookie| cookie.starts_with("__Host-assisters="));
    let cookie = cookie.unwrap().split("; ").next().unwrap();
    assert!(opens(&site, cookie).await);
    let unprotected = cookie.strip_prefix("__Host-").unwrap();
    assert!(!opens(&site, unprotected).await);
}

#[tokio::test]
async fn a_stranger_who_looks_at_pages_leaves_no_session_behind() {
    let site = site().await;
    let browser = site.browser();
    for page in [
        "/", "/sign-in", "/sign-up", "/keys", "/docs", "/status", "/nothing",
    ] {
        let landed = browser.visit(page).await;
        assert_eq!(landed.headers.get(SET_COOKIE), None, "{page}");
    }
    let wrong = [("email", "nobody@example.org"), ("password", "wrong horse")];
    for path in [
        "/api/sign-in",
        "/api/sign-up",
        "/api/sign-out",
        "/api/keys/list",
    ] {
        let answer = browser.submit(path, &wrong).await;
        assert_eq!(session(&answer.headers), None, "{path}");
    }
    let sessions: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sessions")
        .fetch_one(&site.db())
        .await
        .unwrap();
    assert_eq!(sessions, 0);
}
