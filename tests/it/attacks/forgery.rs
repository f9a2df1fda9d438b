//! Another site's page sends what only our own may, with the cookie of whoever looks at it.

use reqwest::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, SET_COOKIE};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::browser::Browser;
use crate::fake_worker::FakeWorker;
use crate::site::Site;
use crate::strangers::{EVERY_FIELD, functions};
use crate::within;

const SITE: &str = "sec-fetch-site";

/// What such a page may make a browser say of where it comes from. None of it is `here`, the site's own origin.
fn lies(here: &str) -> Vec<Vec<(&'static str, String)>> {
    let origins = [
        "null".to_owned(),
        "https://evil.example".to_owned(),
        // Another port, a name below or around ours, and ours in other clothes.
        "http://127.0.0.1:1".to_owned(),
        here.replace("127.0.0.1", "evil.127.0.0.1"),
        format!("{here}.evil.example"),
        here.replace("http://", "ftp://"),
        here.replace("http://", "http://user@"),
        here.replace("http://", ""),
        String::new(),
    ];
    let sites = [
        "cross-site",
        "same-site",
        "none",
        "same-origin, cross-site",
        "",
    ];
    let origins = origins.map(|origin| vec![("origin", origin)]);
    let sites = sites.map(|site| vec![(SITE, site.to_owned())]);
    let both = [
        vec![("origin", here.to_owned()), (SITE, "cross-site".to_owned())],
        vec![
            ("origin", "null".to_owned()),
            (SITE, "cross-site".to_owned()),
        ],
    ];
    origins
        .into_iter()
        .chain(sites)
        .chain(both)
        .chain([vec![]])
        .collect()
}

/// Posts what `browser` would, but for what it says of where that comes from.
async fn forge(
    browser: &Browser,
    path: &str,
    (kind, body): (&str, &str),
    lie: &[(&'static str, String)],
) -> (StatusCode, HeaderMap, Value) {
    let request = browser.bare(Method::POST, path).header(CONTENT_TYPE, kind);
    let request = lie.iter().fold(request, |request, (name, value)| {
        request.header(*name, value)
    });
    let answer = within(request.body(body.to_owned()).send()).await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let text = answer.text().await.unwrap();
    (
        status,
        headers,
        serde_json::from_str(&text).unwrap_or_default(),
    )
}

#[tokio::test]
async fn no_server_function_answers_another_sites_page() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let browser = site.admin().await;
    let here = site.url("");
    let fields: Vec<_> = EVERY_FIELD
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let form = ("application/x-www-form-urlencoded", fields.join("&"));
    for path in functions() {
        for lie in lies(&here) {
            let (status, headers, refused) = forge(&browser, &path, (form.0, &form.1), &lie).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{path} {lie:?}: {refused}");
            assert_eq!(refused["error"]["code"], "other_origin", "{path} {lie:?}");
            assert_eq!(headers.get(SET_COOKIE), None, "{path}");
        }
    }
    // It is still signed in, and administrator, and has changed nothing.
    let (status, settings) = browser.call("/api/settings", &[]).await;
    assert_eq!((status, &settings["name"]), (StatusCode::OK, &"".into()));
}

#[tokio::test]
async fn the_playground_runs_nothing_for_another_sites_page() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let browser = site.admin().await;
    let here = site.url("");
    let chat = crate::site::chat(serde_json::json!({})).to_string();
    for path in [
        "chat/completions",
        "embeddings",
        "moderations",
        "moderate",
        "rerank",
    ] {
        let path = format!("/playground/v1/{path}");
        // A form can send text, and needs no leave for it.
        for kind in ["application/json", "text/plain"] {
            for lie in lies(&here) {
                let (status, headers, refused) = forge(&browser, &path, (kind, &chat), &lie).await;
                assert_eq!(status, StatusCode::FORBIDDEN, "{path} {lie:?}: {refused}");
                assert_eq!(refused["error"]["code"], "other_origin");
                assert_eq!(headers.get("access-control-allow-origin"), None);
            }
        }
    }
    assert_eq!(worker.requests().len(), 0);
}

#[tokio::test]
async fn what_is_got_changes_nothing_and_is_shown_to_no_other_site() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let browser = site.admin().await;
    let query: Vec<_> = EVERY_FIELD
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let query = query.join("&");
    for path in functions() {
        let asked = browser.bare(Method::GET, &format!("{path}?{query}"));
        let answer = within(asked.header("origin", site.url("")).send())
            .await
            .unwrap();
        assert!(!answer.status().is_success(), "{path}: {}", answer.status());
        assert_eq!(answer.headers().get(SET_COOKIE), None, "{path}");
    }
    for path in ["/settings/export", "/usage.csv", "/", "/keys"] {
        let asked = browser.bare(Method::GET, path);
        let answer = within(asked.header("origin", "https://evil.example").send()).await;
        let headers = answer.unwrap().headers().clone();
        assert_eq!(headers.get("access-control-allow-origin"), None, "{path}");
        assert_eq!(
            headers["cross-origin-resource-policy"], "same-origin",
            "{path}"
        );
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
    }
    assert_eq!(browser.visit("/keys").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_host_that_is_not_ours_is_no_origin_to_compare_with() {
    let worker = FakeWorker::start().await;
    let site = Site::tuned(&[&worker], |config| {
        config.public_url = Some("https://assisters.example".parse().unwrap());
    })
    .await;
    let browser = site.browser();
    let sign_out = async |pairs: &[(HeaderName, &str)]| {
        let request = browser.bare(Method::POST, "/api/sign-out");
        let request = pairs.iter().fold(request, |request, (name, value)| {
            request.header(name, *value)
        });
        within(request.send()).await.unwrap().status()
    };
    let origin = HeaderName::from_static("origin");
    for (host, from, expected) in [
        ("assisters.example", "https://assisters.example", true),
        ("127.0.0.1:3000", "https://assisters.example", true),
        ("assisters.example", "http://assisters.example", false),
        ("assisters.example", "https://evil.example", false),
    ] {
        let status = sign_out(&[(HOST, host), (origin.clone(), from)]).await;
        assert_eq!(
            status != StatusCode::FORBIDDEN,
            expected,
            "{host} {from}: {status}"
        );
    }
}
