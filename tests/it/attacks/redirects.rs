//! A link to us that leads to somebody else.

use std::fs;

use assisters::principal::Tier;
use reqwest::header::{ACCEPT, LOCATION, REFERER};
use tempfile::TempDir;

use crate::raw::Raw;
use crate::site::{PASSWORD, Site};
use crate::within;

/// What browsers have been brought to read as the address of another host, and code as a path of this one.
const ELSEWHERE: &[&str] = &[
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "https:/evil.example",
    "/%2f%2fevil.example/..//evil.example/\\",
    "evil.example",
    "?next=//evil.example",
    "",
];

/// As a browser reads it that is at `http://here.example/sign-in`.
fn host(place: &str) -> String {
    let here = url::Url::parse("http://here.example/sign-in").unwrap();
    here.join(place)
        .unwrap()
        .host_str()
        .unwrap_or("none")
        .to_owned()
}

#[tokio::test]
async fn after_signing_in_nobody_is_led_elsewhere() {
    let site = Site::unready(TempDir::new().unwrap(), vec![]).await;
    let caller = site.caller(Tier::Free).await;
    for next in ELSEWHERE {
        let form = [
            ("email", caller.account.email.as_str()),
            ("password", PASSWORD),
            ("next", next),
        ];
        let landed = site.browser().submit("/api/sign-in", &form).await;
        let place = landed.place.unwrap();
        assert_eq!(host(&place), "here.example", "{next:?} leads to {place:?}");
    }
}

#[tokio::test]
async fn a_path_that_looks_like_a_host_leads_to_none() {
    let dir = TempDir::new().unwrap();
    for folder in ["site/pkg", "site/evil.example", "site/fonts"] {
        fs::create_dir_all(dir.path().join(folder)).unwrap();
    }
    let site = Site::unready(dir, vec![]).await;
    for path in [
        "//evil.example",
        "//evil.example/",
        "//evil.example/..",
        "//evil.example/%2e%2e",
        "/%2fevil.example",
        "/\\evil.example",
        "/\\evil.example/",
        "//evil.example//",
        "//fonts",
        "//keys",
        "///keys",
        "//sign-in/",
        "/keys/",
        "//docs",
    ] {
        let mut raw = Raw::to(site.address()).await;
        let head =
            format!("GET {path} HTTP/1.1\r\nHost: here.example\r\nConnection: close\r\n\r\n");
        raw.send(head.as_bytes()).await.unwrap();
        let answer = raw.rest().await;
        let location = answer
            .lines()
            .find_map(|line| line.strip_prefix("location: "));
        if let Some(place) = location {
            assert_eq!(host(place), "here.example", "{path} leads to {place}");
        }
    }
}

#[tokio::test]
async fn a_form_that_is_refused_leads_back_to_none_but_our_own_page() {
    let site = Site::unready(TempDir::new().unwrap(), vec![]).await;
    let form = [("email", "a@b.example"), ("password", "wrong horse")];
    for page in [
        "https://evil.example/",
        "https://evil.example/sign-in?x=1",
        "//evil.example",
    ] {
        let asked = site.browser().form("/api/sign-in", &form);
        let asked = asked.header(REFERER, page).header(ACCEPT, "text/html");
        let answer = within(asked.send()).await.unwrap();
        if let Some(place) = answer.headers().get(LOCATION) {
            let place = place.to_str().unwrap();
            assert_ne!(host(place), "evil.example", "{page}: {place}");
        }
    }
}
