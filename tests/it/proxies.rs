//! Who the client is behind a proxy: for keys, sessions and metrics alike.

use assisters::address::range;
use assisters::clock::Clock;
use assisters::db::{embedded_url, open};
use assisters::keys::{Keys, NewKey};
use assisters::principal::Tier;
use reqwest::RequestBuilder;
use serde_json::json;

use crate::fake_worker::FakeWorker;
use crate::site::{Caller, PASSWORD, Site};
use crate::source::{files, without_comments};
use crate::within;

const HEADER: &str = "X-Forwarded-For";

/// Behind a proxy on this machine, or in front of one that nobody trusts.
async fn site(worker: &FakeWorker, trusted: &[&str]) -> Site {
    Site::tuned(&[worker], |config| {
        config.trusted_proxies = trusted.iter().map(|given| range(given).unwrap()).collect();
    })
    .await
}

async fn status(request: RequestBuilder) -> u16 {
    within(request.send()).await.unwrap().status().as_u16()
}

async fn key_tied_to(site: &Site, caller: &Caller, ip: &str) -> String {
    let new = NewKey {
        ips: vec![ip.to_owned()],
        ..NewKey::named(ip)
    };
    let (_, secret) = site.keys().create(&caller.account.id, new).await.unwrap();
    secret.expose().to_owned()
}

#[tokio::test]
async fn a_key_is_held_to_the_clients_address_and_its_last_use_tells_it() {
    let worker = FakeWorker::start().await;
    let site = site(&worker, &["127.0.0.1"]).await;
    let caller = site.caller(Tier::Free).await;
    let key = key_tied_to(&site, &caller, "203.0.113.0/24").await;
    for (told, expected) in [
        (&["203.0.113.7"][..], 200),
        (&["::ffff:203.0.113.8"], 200),
        (&["10.0.0.5, 203.0.113.9"], 200),
        // What a client wrote itself stands to the left.
        (&["203.0.113.7, 198.51.100.1"], 403),
        (&["203.0.113.7", "198.51.100.1"], 403),
        (&["203.0.113.7, unknown"], 403),
        (&[], 403),
    ] {
        let mut asked = site.chat(&key, json!({}));
        for told in told {
            asked = asked.header(HEADER, *told);
        }
        assert_eq!(status(asked).await, expected, "{told:?}");
    }
    let listed = site.stop().await;
    let url = embedded_url(listed.path()).unwrap();
    let keys = Keys::new(open(&url).await.unwrap(), Clock::system());
    let of_caller = keys.list(&caller.account.id).await.unwrap();
    let used: Vec<_> = of_caller.iter().map(|key| key.last_used_from).collect();
    assert!(used.contains(&Some([203, 0, 113, 9].into())), "{used:?}");
}

#[tokio::test]
async fn whom_nobody_trusts_is_not_believed() {
    let worker = FakeWorker::start().await;
    for trusted in [&[][..], &["10.0.0.0/8"]] {
        let site = site(&worker, trusted).await;
        let caller = site.caller(Tier::Free).await;
        let far = key_tied_to(&site, &caller, "203.0.113.7").await;
        let near = key_tied_to(&site, &caller, "127.0.0.1").await;
        let forged = |key| site.chat(key, json!({})).header(HEADER, "203.0.113.7");
        assert_eq!(status(forged(&far)).await, 403);
        assert_eq!(status(forged(&near)).await, 200);
    }
}

#[tokio::test]
async fn a_session_shows_where_the_browser_is_and_metrics_stay_at_home() {
    let worker = FakeWorker::start().await;
    let site = site(&worker, &["127.0.0.1"]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser();
    let form = [
        ("email", caller.account.email.as_str()),
        ("password", PASSWORD),
    ];
    let asked = browser.form("/api/sign-in", &form);
    assert!(status(asked.header(HEADER, "2001:db8::7")).await < 400);
    let (_, sessions) = browser.call("/api/settings/sessions", &[]).await;
    assert_eq!(sessions[0]["ip"], "2001:db8::7", "{sessions}");

    assert_eq!(status(site.get("/metrics")).await, 200);
    for client in ["203.0.113.7", "127.0.0.1", "nonsense"] {
        let asked = site.get("/metrics").header(HEADER, client);
        assert_eq!(status(asked).await, 403, "{client}");
    }
}

#[test]
fn one_place_alone_looks_at_the_connection_for_the_client() {
    let looks = |text: &str| without_comments(text).contains("ConnectInfo");
    let found: Vec<_> = files("src", "rs")
        .into_iter()
        .filter(|(_, text)| looks(text))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(found, ["server/client.rs", "server/connections.rs"]);
}
