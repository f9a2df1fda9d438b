//! What a browser is told to allow an answer, and how long it may keep it.

use std::fs;
use std::path::Path;

use assisters::principal::Tier;
use reqwest::header::HeaderMap;
use tempfile::TempDir;

use crate::fake_worker::FakeWorker;
use crate::site::Site;

const VERSION: &str = "0123456789abcdef";

/// A site's folder as the build lays it out, with a page's code in it.
fn lay_out(site: &Path) {
    let pkg = site.join("pkg").join(VERSION);
    fs::create_dir_all(&pkg).unwrap();
    fs::create_dir_all(site.join("fonts")).unwrap();
    fs::write(site.join("pkg/version"), VERSION).unwrap();
    fs::write(pkg.join("assisters.js"), "export {}").unwrap();
    fs::write(pkg.join("assisters.js.br"), "squeezed").unwrap();
    fs::write(site.join("fonts/a.woff2"), "font").unwrap();
    fs::write(site.join("favicon.svg"), "<svg/>").unwrap();
}

async fn site() -> Site {
    let worker = FakeWorker::start().await;
    Site::with(&[&worker]).await
}

fn policy(headers: &HeaderMap) -> &str {
    headers["content-security-policy"].to_str().unwrap()
}

/// The number by which the policy knows this answer's own scripts.
fn nonce(headers: &HeaderMap) -> String {
    let (_, rest) = policy(headers).split_once("'nonce-").unwrap();
    rest.split_once('\'').unwrap().0.to_owned()
}

#[tokio::test]
async fn a_page_runs_no_script_but_its_own() {
    let site = site().await;
    let signed_in = site.browser_of(&site.caller(Tier::Free).await).await;
    for (browser, page) in [
        (&site.browser(), "/sign-in"),
        (&signed_in, "/"),
        (&signed_in, "/keys"),
        (&signed_in, "/nothing"),
    ] {
        let landed = browser.visit(page).await;
        let said = policy(&landed.headers);
        for rule in [
            "default-src 'self'",
            "'strict-dynamic' 'wasm-unsafe-eval'",
            "style-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(said.contains(rule), "{page}: {rule} in {said}");
        }
        assert!(!said.contains("unsafe-inline"), "{page}: {said}");
        let nonce = nonce(&landed.headers);
        let scripts = landed.text.matches("<script").count();
        let ours = landed.text.matches(&format!("nonce=\"{nonce}\"")).count();
        assert!(
            scripts > 0 && ours >= scripts,
            "{page}: {ours} of {scripts}"
        );
        assert!(!landed.text.contains(" style="), "{page}");
        let again = browser.visit(page).await;
        assert_ne!(self::nonce(&again.headers), nonce, "{page}");
    }
}

#[tokio::test]
async fn no_cache_keeps_a_page_and_no_site_frames_it() {
    let site = site().await;
    let browser = site.browser_of(&site.caller(Tier::Free).await).await;
    for page in ["/", "/keys", "/nothing"] {
        let headers = browser.visit(page).await.headers;
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(headers[name], value, "{page}");
        }
        let devices = headers["permissions-policy"].to_str().unwrap();
        assert!(devices.contains("camera=()"), "{page}: {devices}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_page_may_load_nothing() {
    let site = site().await;
    let browser = site.browser_of(&site.caller(Tier::Free).await).await;
    for path in ["/openapi.json", "/healthz", "/api/sign-in", "/v1/models"] {
        let headers = browser.visit(path).await.headers;
        assert!(policy(&headers).starts_with("default-src 'none'"), "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
    }
    // The guard's way to the door is none either.
    let turned_away = site.browser().visit("/keys").await;
    assert!(policy(&turned_away.headers).starts_with("default-src 'none'"));
    let api = site.get("/v1/models").send().await.unwrap();
    assert_eq!(api.headers()["x-content-type-options"], "nosniff");
}

#[tokio::test]
async fn browsers_are_held_to_https_where_the_site_is_reached_by_it() {
    let plain = site().await;
    let worker = FakeWorker::start().await;
    let https = Site::tuned(&[&worker], |config| {
        config.public_url = Some("https://a.example".parse().unwrap());
    })
    .await;
    for path in ["/sign-in", "/healthz", "/v1/models", "/nothing"] {
        let answer = plain.get(path).send().await.unwrap();
        assert!(!answer.headers().contains_key("strict-transport-security"));
        let answer = https.get(path).send().await.unwrap();
        let said = answer.headers()["strict-transport-security"].clone();
        assert_eq!(said, "max-age=31536000; includeSubDomains", "{path}");
    }
}

#[tokio::test]
async fn what_is_named_by_its_content_is_kept_for_ever() {
    let dir = TempDir::new().unwrap();
    lay_out(&dir.path().join("site"));
    let site = Site::unready(dir, Vec::new()).await;
    let page = site.browser().visit("/sign-in").await.text;
    for file in ["assisters.js", "assisters_bg.wasm", "assisters.css"] {
        let address = format!("\"/pkg/{VERSION}/{file}\"");
        assert!(page.contains(&address), "{address} in {page}");
    }
    for (path, kept) in [
        (format!("/pkg/{VERSION}/assisters.js"), true),
        ("/fonts/a.woff2".to_owned(), true),
        ("/pkg/version".to_owned(), false),
        ("/favicon.svg".to_owned(), false),
    ] {
        let asked = site.get(&path).header("accept-encoding", "br");
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let age = answer.headers()["cache-control"].to_str().unwrap();
        assert_eq!(age.contains("immutable"), kept, "{path}: {age}");
        assert_eq!(age == "no-cache", !kept, "{path}: {age}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    }
    let squeezed = site
        .get(&format!("/pkg/{VERSION}/assisters.js"))
        .header("accept-encoding", "br");
    let squeezed = squeezed.send().await.unwrap();
    assert_eq!(squeezed.headers()["content-encoding"], "br");
    // A file of an older build is gone, which nobody may remember.
    let gone = site.get("/pkg/fedcba9876543210/assisters.js");
    let gone = gone.send().await.unwrap();
    assert_eq!(gone.status(), 404);
    assert_eq!(gone.headers()["cache-control"], "no-store");
}

#[tokio::test]
async fn a_file_that_has_not_changed_is_not_sent_again() {
    let dir = TempDir::new().unwrap();
    lay_out(&dir.path().join("site"));
    let site = Site::unready(dir, Vec::new()).await;
    let first = site.get("/favicon.svg").send().await.unwrap();
    let again = site
        .get("/favicon.svg")
        .header("if-modified-since", &first.headers()["last-modified"]);
    assert_eq!(again.send().await.unwrap().status(), 304);
}
