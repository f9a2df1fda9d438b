//! The pages as they leave the service: whole before any script has run.

use assisters::principal::Tier;
use reqwest::StatusCode;
use serde_json::json;

use crate::fake_worker::{FakeWorker, MODEL};
use crate::site::Site;
use crate::until;

#[tokio::test]
async fn every_page_shows_its_content_without_scripts() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Developer).await;
    let browser = site.browser_of(&caller).await;
    let masked = caller.key.masked();
    for (page, expected) in [
        ("/", caller.account.email.as_str()),
        ("/", "/v1/chat/completions"),
        ("/", "Developer"),
        ("/keys", "laptop"),
        ("/keys", masked.as_str()),
        ("/usage", "No requests in this range"),
        ("/logs", "No requests in this range"),
        ("/playground", MODEL),
    ] {
        let landed = browser.visit(page).await;
        assert_eq!(landed.status, StatusCode::OK, "{page}");
        assert!(
            landed.text.contains(expected),
            "{page} does not show {expected}"
        );
    }
}

#[tokio::test]
async fn a_slash_behind_an_address_leads_to_its_page() {
    let site = Site::with(&[]).await;
    let browser = site.browser_of(&site.caller(Tier::Free).await).await;
    for (asked, place) in [
        ("/keys/", "/keys"),
        ("/docs/errors//?q=key", "/docs/errors?q=key"),
        ("/sign-in/", "/sign-in"),
    ] {
        let landed = browser.visit(asked).await;
        assert_eq!(landed.status, StatusCode::PERMANENT_REDIRECT, "{asked}");
        assert_eq!(landed.place.as_deref(), Some(place));
    }
    assert_eq!(browser.visit("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_request_is_on_the_usage_page() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    site.answer(&caller.secret, json!({})).await;
    site.chat(&caller.secret, json!({"n": 0}))
        .send()
        .await
        .unwrap();
    let usage = async |query| browser.call("/api/usage", &[("query", query)]).await.1;
    until(async || usage("").await["total"]["totals"]["requests"] == 2).await;

    let day = usage("").await;
    assert_eq!(
        day["total"]["totals"],
        json!({"requests": 2, "errors": 1, "input_tokens": 5, "output_tokens": 2})
    );
    assert_eq!(day["series"][0]["name"], MODEL);
    assert_eq!(day["starts"].as_array().unwrap().len(), 24);
    // Whatever the buckets and wherever they are read, the last is of now.
    for query in [
        "range=hour",
        "range=day",
        "range=week&by=hour",
        "range=month",
        "range=year",
        "range=month&group=status&metric=errors",
        "range=week&group=key&metric=input_tokens",
    ] {
        let usage = usage(query).await;
        assert_eq!(usage["total"], day["total"], "{query}");
        let values = usage["series"].as_array().unwrap().iter().map(|series| {
            let values = series["values"].as_array().unwrap();
            values.last().unwrap().as_u64().unwrap()
        });
        let expected = match query {
            _ if query.contains("errors") => 1,
            _ if query.contains("input_tokens") => 5,
            _ => 2,
        };
        assert_eq!(values.sum::<u64>(), expected, "{query}: {usage}");
    }
    assert!(browser.visit("/usage").await.text.contains(MODEL));
}

#[tokio::test]
async fn figures_can_be_kept_as_a_file_by_whoever_is_signed_in() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    site.answer(&caller.secret, json!({})).await;
    let csv = async |query: &str| browser.visit(&format!("/usage.csv?{query}")).await;
    until(async || csv("").await.text.lines().count() == 2).await;

    let file = csv("range=week&group=key").await;
    assert_eq!(
        file.headers["content-type"],
        "text/csv; charset=utf-8; header=present"
    );
    assert_eq!(file.headers["cache-control"], "no-store");
    let mut lines = file.text.split("\r\n");
    let head: Vec<_> = lines.next().unwrap().split(',').collect();
    let row: Vec<_> = lines.next().unwrap().split(',').collect();
    assert_eq!(head.len(), row.len());
    assert_eq!(
        head[2..7],
        [
            "api_key_id",
            "api_key_name",
            "num_model_requests",
            "input_tokens",
            "output_tokens"
        ]
    );
    assert_eq!(row[3..7], ["laptop", "1", "5", "2"]);
    assert!(row[0].ends_with("T00:00:00Z") && row[1] > row[0]);

    let other = site.browser_of(&site.caller(Tier::Free).await).await;
    let theirs = other.visit("/usage.csv?range=week&group=key").await;
    assert_eq!(theirs.text.lines().count(), 1, "{}", theirs.text);
    let stranger = site.browser().visit("/usage.csv").await;
    assert!(stranger.place.unwrap().starts_with("/sign-in"));
}

#[tokio::test]
async fn a_request_is_in_the_log_of_its_account_and_of_no_other() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let since = site.clock.now().0.to_string();
    let answer = site
        .chat(&caller.secret, json!({}))
        .header("X-Request-ID", "mine-7")
        .send()
        .await
        .unwrap();
    let id = answer.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let logs = async |query: &str| browser.call("/api/logs", &[("query", query)]).await.1;
    until(async || logs("").await["rows"].as_array().unwrap().len() == 1).await;

    for query in [
        "range=hour",
        "range=month&status=ok&key=",
        "endpoint=/v1/chat/completions",
    ] {
        let page = logs(query).await;
        assert_eq!(page["rows"][0]["id"], id, "{query}");
        let ok = page["timeline"]["ok"].as_array().unwrap();
        assert_eq!(
            ok.iter().filter_map(serde_json::Value::as_u64).sum::<u64>(),
            1,
            "{query}"
        );
    }
    let behind = format!("before={}-{id}", site.clock.now().0);
    for query in ["status=4xx", "key=playground", behind.as_str()] {
        assert_eq!(logs(query).await["rows"], json!([]), "{query}");
    }
    let newer = browser
        .call("/api/logs/newer", &[("query", ""), ("since_ms", &since)])
        .await
        .1;
    assert_eq!(newer["rows"][0]["id"], id);
    let (_, request) = browser.call("/api/logs/request", &[("id", &id)]).await;
    assert_eq!(request["client_id"], "mine-7");
    assert_eq!(request["tries"], 1);
    assert!(
        request["timings"]["upstream_us"].as_u64().unwrap() > 0,
        "{request}"
    );

    let other = site.browser_of(&site.caller(Tier::Free).await).await;
    let (_, theirs) = other.call("/api/logs", &[("query", "")]).await;
    assert_eq!(theirs["rows"], json!([]));
    let (_, theirs) = other
        .call("/api/logs/newer", &[("query", ""), ("since_ms", &since)])
        .await;
    assert_eq!(theirs["rows"], json!([]));
    let (status, theirs) = other.call("/api/logs/request", &[("id", &id)]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{theirs}");
}

#[tokio::test]
async fn why_a_request_was_limited_is_told_in_its_details() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let asked = json!({"max_tokens": 4_000_000});
    let answer = site.chat(&caller.secret, asked).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    let id = answer.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let details = async || browser.call("/api/logs/request", &[("id", &id)]).await;
    until(async || details().await.0 == StatusCode::OK).await;
    let limited = details().await.1["limited"].clone();
    assert_eq!(
        (&limited["bucket"], &limited["limit"]),
        (&json!("tokens"), &json!(100_000))
    );
    assert!(limited["asked"].as_u64().unwrap() > 4_000_000, "{limited}");
}

#[tokio::test]
async fn an_address_that_is_none_is_a_page_of_its_own() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    for browser in [
        site.browser(),
        site.browser_of(&site.caller(Tier::Free).await).await,
    ] {
        let landed = browser.visit("/nothing").await;
        assert_eq!(landed.status, StatusCode::NOT_FOUND);
        assert!(
            landed.headers["content-type"]
                .to_str()
                .unwrap()
                .starts_with("text/html")
        );
        assert!(landed.text.contains("<h1"), "{}", landed.text);
    }
}
