//! Sign up, sign in, sign out: by forms, as a browser posts them before wasm has come.

use assisters::principal::Tier;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, ORIGIN, REFERER, SET_COOKIE};
use tempfile::TempDir;
use url::Url;

use crate::browser::{Browser, Landed};
use crate::site::{PASSWORD, Site, config};

async fn site() -> Site {
    Site::unready(TempDir::new().unwrap(), vec![]).await
}

async fn sign_up(browser: &Browser, email: &str) -> Landed {
    browser
        .submit("/api/sign-up", &[("email", email), ("password", PASSWORD)])
        .await
}

fn cookie(headers: &HeaderMap) -> Vec<&str> {
    let set = headers.get_all(SET_COOKIE).iter();
    set.map(|cookie| cookie.to_str().unwrap())
        .find(|cookie| {
            cookie
                .trim_start_matches("__Host-")
                .starts_with("assisters=")
        })
        .expect("a session's cookie is set")
        .split("; ")
        .collect()
}

#[tokio::test]
async fn signing_up_leads_home_with_a_session() {
    let (site, email) = (site().await, "ada@example.org");
    let browser = site.browser();
    let answer = sign_up(&browser, email).await;
    assert!(
        answer.status.is_redirection(),
        "{} {}",
        answer.status,
        answer.text
    );
    assert_eq!(answer.place.as_deref(), Some("/"));
    let [name_value, attributes @ ..] = cookie(&answer.headers)
        .try_into()
        .map(|parts: [&str; 5]| parts)
        .unwrap();
    assert!(name_value.starts_with("assisters="), "{name_value}");
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=1209600"] {
        assert!(
            attributes.contains(&attribute),
            "{attribute} is not among {attributes:?}"
        );
    }
    let home = browser.visit("/").await;
    assert_eq!(home.status, StatusCode::OK);
    assert!(home.text.contains(email));
}

#[tokio::test]
async fn over_https_the_cookie_never_travels_otherwise() {
    let dir = TempDir::new().unwrap();
    let mut config = config(dir.path(), &[]);
    config.public_url = Some(Url::parse("https://assisters.example").unwrap());
    let site = Site::configured(dir, config).await;
    let answer = sign_up(&site.browser(), "ada@example.org").await;
    let cookie = cookie(&answer.headers);
    assert!(cookie[0].starts_with("__Host-assisters="), "{cookie:?}");
    assert!(
        cookie.contains(&"Secure") && cookie.contains(&"Path=/"),
        "{cookie:?}"
    );
    assert!(
        !cookie.iter().any(|part| part.starts_with("Domain")),
        "{cookie:?}"
    );
}

#[tokio::test]
async fn signing_in_leads_back_to_where_the_user_was_going() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    for (next, place) in [
        ("/usage?range=week", "/usage?range=week"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
    ] {
        let form = [
            ("email", caller.account.email.as_str()),
            ("password", PASSWORD),
            ("next", next),
        ];
        let answer = site.browser().submit("/api/sign-in", &form).await;
        assert_eq!(answer.place.as_deref(), Some(place));
    }
}

#[tokio::test]
async fn each_sign_in_gets_a_session_of_its_own() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser();
    let mut ids = vec![];
    for _ in 0..2 {
        let form = [
            ("email", caller.account.email.as_str()),
            ("password", PASSWORD),
        ];
        let answer = browser.submit("/api/sign-in", &form).await;
        ids.push(cookie(&answer.headers)[0].to_owned());
    }
    assert_ne!(ids[0], ids[1]);
    let replayed = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let replayed = replayed
        .get(site.url("/keys"))
        .header("Cookie", &ids[0])
        .send()
        .await
        .unwrap();
    assert!(
        replayed.status().is_redirection(),
        "the session before is gone: {}",
        replayed.status()
    );
}

#[tokio::test]
async fn a_signed_out_browser_is_a_stranger_again() {
    let site = site().await;
    let browser = site.browser_of(&site.caller(Tier::Free).await).await;
    assert_eq!(browser.visit("/keys").await.status, StatusCode::OK);
    let answer = browser.submit("/api/sign-out", &[]).await;
    assert_eq!(answer.place.as_deref(), Some("/sign-in"));
    assert!(
        cookie(&answer.headers).contains(&"Max-Age=0"),
        "the cookie is taken back"
    );
    assert_eq!(answer.headers["clear-site-data"], "\"storage\"");
    assert_eq!(
        browser.visit("/keys").await.place.as_deref(),
        Some("/sign-in?next=%2Fkeys")
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_form_is_said_at_its_field() {
    let site = site().await;
    let taken = site.caller(Tier::Free).await.account.email;
    for (path, email, password, field, expected) in [
        (
            "/api/sign-up",
            taken.as_str(),
            PASSWORD,
            "email",
            "has an account already",
        ),
        (
            "/api/sign-up",
            "ada",
            PASSWORD,
            "email",
            "Enter an e-mail address",
        ),
        (
            "/api/sign-up",
            "ada@example.org",
            "fourteen chars",
            "password",
            "at least 15 characters",
        ),
        (
            "/api/sign-in",
            taken.as_str(),
            "wrong horse",
            "password",
            "do not belong together",
        ),
        (
            "/api/sign-in",
            "nobody@example.org",
            PASSWORD,
            "password",
            "do not belong together",
        ),
    ] {
        let form = [("email", email), ("password", password)];
        let (status, problem) = site.browser().call(path, &form).await;
        assert!(!status.is_success(), "{path} {email}");
        assert_eq!(problem["field"], field, "{problem}");
        assert!(
            problem["message"].as_str().unwrap().contains(expected),
            "{problem}"
        );
    }
}

#[tokio::test]
async fn without_wasm_a_refused_form_leads_back_to_its_page_which_says_why() {
    let site = site().await;
    let browser = site.browser();
    let form = browser.form(
        "/api/sign-up",
        &[("email", "ada@example.org"), ("password", "fourteen chars")],
    );
    let form = form
        .header(REFERER, site.url("/sign-up"))
        .header("Accept", "text/html");
    let answer = form.send().await.unwrap();
    assert!(answer.status().is_redirection(), "{}", answer.status());
    let place = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(
        !place.contains("fourteen chars"),
        "a password in an address ends up in histories and logs: {place}"
    );
    let page = browser.visit(&place).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.text.contains("at least 15 characters"),
        "{}",
        page.text
    );
}

#[tokio::test]
async fn a_form_posted_from_another_site_is_refused() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let form = [
        ("email", caller.account.email.as_str()),
        ("password", PASSWORD),
    ];
    for (name, value) in [
        (ORIGIN.as_str(), "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let mut request = site.browser().form("/api/sign-in", &form).build().unwrap();
        request.headers_mut().insert(
            name.parse::<reqwest::header::HeaderName>().unwrap(),
            value.parse().unwrap(),
        );
        let answer = reqwest::Client::new().execute(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}");
        assert!(answer.headers().get(SET_COOKIE).is_none());
    }
}

#[tokio::test]
async fn a_form_too_large_to_be_one_is_not_read() {
    let site = site().await;
    let password = "x".repeat(100 << 10);
    let form = [
        ("email", "ada@example.org"),
        ("password", password.as_str()),
    ];
    let answer = site.browser().submit("/api/sign-up", &form).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}
