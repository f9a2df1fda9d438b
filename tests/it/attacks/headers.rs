//! Line ends where we repeat what a client has sent: none of it may become a header of the answer, or a line of another's.

use assisters::principal::Tier;
use reqwest::header::HeaderMap;
use serde_json::json;

use crate::fake_worker::FakeWorker;
use crate::raw::Raw;
use crate::site::{PASSWORD, Site, chat};
use crate::within;

const INJECTED: &str = "injected";
const LINE_ENDS: [&str; 6] = [
    "\r\nInjected: yes",
    "\nInjected: yes",
    "\rInjected: yes",
    "%0d%0aInjected:%20yes",
    "\u{560a}\u{560d}Injected: yes",
    "\0\r\n\r\nInjected: yes",
];

#[track_caller]
fn none_in(headers: &HeaderMap) {
    assert!(!headers.contains_key(INJECTED), "{headers:?}");
}

#[tokio::test]
async fn no_field_of_a_form_becomes_a_header() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    for end in LINE_ENDS {
        let next = format!("/keys{end}");
        let form = [
            ("email", caller.account.email.as_str()),
            ("password", PASSWORD),
            ("next", next.as_str()),
        ];
        let landed = site.browser().submit("/api/sign-in", &form).await;
        none_in(&landed.headers);
        let place = landed.place.unwrap();
        assert!(!place.contains(['\r', '\n']), "{place:?}");
        let name = format!("a{end}");
        for (path, form) in [
            ("/api/settings/rename", vec![("name", name.as_str())]),
            ("/api/keys/create", vec![("name", name.as_str())]),
            (
                "/api/sign-up",
                vec![("email", name.as_str()), ("password", PASSWORD)],
            ),
        ] {
            none_in(&browser.submit(path, &form).await.headers);
        }
    }
    for page in [
        "/keys%0d%0aInjected:%20yes",
        "/docs/%0d%0aInjected:%20yes",
        "/%0d%0aInjected:%20yes?a=%0d%0aInjected:%20yes",
    ] {
        for browser in [&browser, &site.browser()] {
            let landed = browser.visit(page).await;
            none_in(&landed.headers);
        }
    }
}

#[tokio::test]
async fn no_header_that_we_repeat_or_act_on_becomes_two() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Startup).await;
    let body = chat(json!({})).to_string();
    for name in [
        "X-Request-ID",
        "Idempotency-Key",
        "Prefer",
        "Last-Event-ID",
        "User-Agent",
        "X-Stainless-Retry-Count",
        "X-Forwarded-For",
        "Origin",
    ] {
        // A line end alone, and one that folds the line as HTTP/1.0 had it: neither is taken for a part of the value.
        for value in [
            "a\rInjected: yes",
            "a\r\n Injected: yes",
            "a\0Injected: yes",
        ] {
            let mut raw = Raw::to(site.address()).await;
            raw.send_head(
                &key,
                &format!("Content-Length: {}\r\n{name}: {value}\r\n", body.len()),
            )
            .await;
            // It may be refused before this.
            let _ = raw.send(body.as_bytes()).await;
            let answer = raw.rest().await;
            assert!(
                answer.starts_with("HTTP/1.1 400 "),
                "{name} {value:?}: {answer}"
            );
            assert!(!answer.to_lowercase().contains(INJECTED), "{answer}");
        }
        let asked = site
            .chat(&key, json!({}))
            .header(name, "a%0d%0aInjected: yes");
        let answer = within(asked.send()).await.unwrap();
        none_in(answer.headers());
    }
    assert!(worker.requests().len() <= 8);
}
