use assisters::principal::Tier;
use reqwest::StatusCode;
use reqwest::header::REFERER;
use serde_json::json;

use crate::fake_worker::FakeWorker;
use crate::site::Site;

#[tokio::test]
async fn a_new_key_calls_at_once_and_its_secret_is_never_listed() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let browser = site.browser_of(&site.caller(Tier::Free).await).await;
    let (status, made) = browser.call("/api/keys/create", &[("name", " ci ")]).await;
    assert_eq!(status, StatusCode::OK);
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 36);
    site.answer(secret, json!({})).await;

    let (_, listed) = browser.call("/api/keys/list", &[]).await;
    let newest = &listed[0];
    assert_eq!(
        (&newest["name"], &newest["id"]),
        (&json!("ci"), &made["key"]["id"])
    );
    assert_eq!(
        newest["masked"],
        format!("{}…{}", &secret[..8], &secret[32..])
    );
    let last_use = json!({"ms": site.clock.now().0, "ip": "127.0.0.1"});
    assert_eq!(newest["last_use"], last_use);
    assert!(!listed.to_string().contains(&secret[8..32]));
}

#[tokio::test]
async fn without_wasm_the_secret_is_on_the_next_page_and_on_no_other() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let browser = site.browser_of(&site.caller(Tier::Free).await).await;
    let form = browser
        .form("/api/keys/create", &[("name", "ci")])
        .header(REFERER, site.url("/keys"));
    let answer = form.header("Accept", "text/html").send().await.unwrap();
    assert!(answer.status().is_redirection(), "{}", answer.status());
    let place = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(
        !place.contains("ask_"),
        "a secret in an address ends up in histories and logs: {place}"
    );

    let page = browser.visit(&place).await.text;
    let at = page
        .match_indices("ask_")
        .map(|(at, _)| &page[at..])
        .find(|text| {
            text.bytes()
                .take(36)
                .filter(u8::is_ascii_alphanumeric)
                .count()
                == 35
        });
    let secret = &at.expect("the page shows the secret")[..36];
    site.answer(secret, json!({})).await;
    assert!(!browser.visit("/keys").await.text.contains(secret));
}

#[tokio::test]
async fn a_key_needs_a_name_that_fits() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let browser = site.browser_of(&site.caller(Tier::Free).await).await;
    for name in ["", " ", &"x".repeat(51)] {
        let (status, problem) = browser.call("/api/keys/create", &[("name", name)]).await;
        assert!(!status.is_success());
        assert_eq!(problem["field"], "name", "{problem}");
    }
}
