//! Markup in what is shown: it stays text, wherever it came from.

use assisters::keys::NewKey;
use assisters::principal::Tier;
use reqwest::StatusCode;
use reqwest::header::USER_AGENT;
use serde_json::json;

use crate::browser::Browser;
use crate::fake_worker::{FakeWorker, Script};
use crate::site::{PASSWORD, Site};
use crate::within;

const MARKUP: &str = "</script><script>alert(1)</script><img src=x onerror=alert(1)>'\"";

/// Shows the pages, and finds no markup in them that came from outside.
async fn shows_text_only(browser: &Browser, pages: &[&str]) -> usize {
    let mut shown = 0;
    for page in pages {
        let landed = browser.visit(page).await;
        assert_eq!(landed.status, StatusCode::OK, "{page}");
        for evil in ["<script>alert(1)", "<img src=x", "onerror=alert(1)>'\""] {
            assert!(
                !landed.text.contains(evil),
                "{page} holds {evil}: {}",
                landed.text
            );
        }
        shown += landed.text.matches("alert(1)").count();
    }
    shown
}

#[tokio::test]
async fn what_an_account_says_of_itself_is_text() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let browser = site.browser();
    let email = "<script>alert(1)</script>@<img/src=x/onerror=alert(1)>";
    let form = [("email", email), ("password", PASSWORD)];
    let asked = browser.form("/api/sign-up", &form);
    let answer = within(asked.header(USER_AGENT, MARKUP).send())
        .await
        .unwrap();
    assert!(answer.status().as_u16() < 400, "{}", answer.status());
    let (status, said) = browser
        .call("/api/settings/rename", &[("name", MARKUP)])
        .await;
    assert!(status.is_success(), "{said}");
    let name: String = MARKUP.chars().take(50).collect();
    let (status, said) = browser.call("/api/keys/create", &[("name", &name)]).await;
    assert!(status.is_success(), "{said}");
    let more = [("rpm", "1"), ("tpm", "1"), ("message", MARKUP)];
    let (status, said) = browser.call("/api/limits/ask-for-enterprise", &more).await;
    assert!(status.is_success(), "{said}");
    let pages = [
        "/",
        "/keys",
        "/settings",
        "/limits",
        "/usage",
        "/logs",
        "/playground",
        "/docs/quick-start",
    ];
    assert!(shows_text_only(&browser, &pages).await > 0);
    // What failed comes back in the page's address.
    for page in [
        format!("/sign-in?next={}", urlencoded(MARKUP)),
        format!("/keys?done={0}&revoke={0}&q={0}", urlencoded(MARKUP)),
        format!(
            "/logs?model={0}&status={0}&key={0}&request={0}",
            urlencoded(MARKUP)
        ),
        format!("/usage?range={0}&group={0}&model={0}", urlencoded(MARKUP)),
        format!("/settings?done={}", urlencoded(MARKUP)),
    ] {
        let stranger = site.browser();
        let browser = if page.starts_with("/sign-in") {
            &stranger
        } else {
            &browser
        };
        shows_text_only(browser, &[&page]).await;
    }
}

#[tokio::test]
async fn what_a_worker_and_a_client_say_is_text() {
    let worker = FakeWorker::calling_it(MARKUP).await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Startup).await;
    let browser = site.browser_of(&caller).await;
    let new = NewKey::named("<script>alert(1)</script>");
    site.keys().create(&caller.account.id, new).await.unwrap();
    worker.follow(Script::refuses(400, MARKUP));
    for model in [MARKUP, "<script>alert(1)</script>"] {
        let asked = site.chat(&caller.secret, json!({"model": model}));
        let asked = asked.header("X-Request-ID", "<script>alert(1)</script>");
        let answer = within(asked.header(USER_AGENT, MARKUP).send())
            .await
            .unwrap();
        assert!(!answer.status().is_success());
        // A browser that is led here shows no page of it.
        let kind = &answer.headers()["content-type"];
        assert_eq!(kind, "application/json");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    }
    site.usage().flush().await.unwrap();
    let (_, logs) = browser.call("/api/logs", &[("query", "")]).await;
    let id = logs["rows"][0]["id"].as_str().unwrap();
    let request = format!("/logs?request={id}");
    let pages = [
        "/",
        "/logs",
        &request,
        "/usage",
        "/keys",
        "/playground",
        "/status",
        "/docs/models",
    ];
    assert!(shows_text_only(&browser, &pages).await > 0);
    let admin = site.admin().await;
    shows_text_only(&admin, &["/admin/workers", "/status"]).await;
}

fn urlencoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
