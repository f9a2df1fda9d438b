//! Another account's things, asked for by their ids.

use assisters::principal::Tier;
use serde_json::{Value, json};

use crate::fake_worker::FakeWorker;
use crate::site::Site;
use crate::source::files;
use crate::within;

/// Server functions that take an id, but for those of keys, which tests/it/keys/foreign.rs goes through, and of
/// administrators, whom nothing is foreign to (tests/it/strangers.rs holds that nobody else can call these).
fn of_an_id() -> Vec<String> {
    let sources = files("app/src/api", "rs");
    let functions = sources
        .iter()
        .filter(|(path, _)| path != "keys.rs")
        .flat_map(|(_, text)| text.split("endpoint = \"").skip(1));
    let of_an_id = functions.filter(|function| function.contains("id: String"));
    let names = of_an_id.map(|function| function.split('"').next().unwrap());
    names
        .filter(|name| !name.starts_with("admin/"))
        .map(|name| format!("/api/{name}"))
        .collect()
}

#[tokio::test]
async fn what_is_anothers_is_answered_as_what_does_not_exist() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let (owner, other) = (site.caller(Tier::Free).await, site.caller(Tier::Free).await);
    site.answer(&owner.secret, json!({})).await;
    let (owners, others) = (site.browser_of(&owner).await, site.browser_of(&other).await);
    site.usage().flush().await.unwrap();
    let (_, logs) = owners.call("/api/logs", &[("query", "")]).await;
    let request = logs["rows"][0]["id"].as_str().unwrap();
    let (_, sessions) = owners.call("/api/settings/sessions", &[]).await;
    let session = sessions[0]["id"].as_str().unwrap();
    let known = [
        ("/api/logs/request", request),
        ("/api/settings/end-session", session),
    ];
    for path in of_an_id() {
        let id = known.iter().find(|(known, _)| *known == path);
        let (_, id) = id.unwrap_or_else(|| panic!("{path} takes an id: give it another's here"));
        let theirs = others.call(&path, &[("id", id)]).await;
        let nobodys = others.call(&path, &[("id", "none")]).await;
        assert!(!theirs.0.is_success(), "{path}: {}", theirs.1);
        assert_eq!(theirs, nobodys, "{path}: whether it exists is not told");
    }
    let (status, _) = owners.call("/api/settings/sessions", &[]).await;
    assert!(status.is_success(), "the owner is still signed in");
    // Filters name things too.
    for query in [
        format!("key={}", owner.key.id),
        format!("request={request}"),
        format!("id={request}"),
    ] {
        let (_, page) = others.call("/api/logs", &[("query", &query)]).await;
        let shown = page.to_string();
        assert!(!shown.contains(request), "{query}: {shown}");
        let (_, figures) = others.call("/api/usage", &[("query", &query)]).await;
        let requests = &figures["total"]["totals"]["requests"];
        assert_eq!(*requests, 0, "{query}: {figures}");
    }
}

#[tokio::test]
async fn anothers_idempotency_key_gives_nothing_of_its_answer() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let (owner, other) = (site.caller(Tier::Free).await, site.caller(Tier::Free).await);
    let ask = async |secret: &str| -> (Option<String>, Value) {
        let asked = site
            .chat(secret, json!({}))
            .header("Idempotency-Key", "same");
        let answer = within(asked.send()).await.unwrap();
        let replayed = answer.headers().get("idempotent-replayed");
        let replayed = replayed.map(|value| value.to_str().unwrap().to_owned());
        (replayed, answer.json().await.unwrap())
    };
    let first = ask(&owner.secret).await.1;
    assert_eq!(ask(&other.secret).await.0, None);
    assert_eq!(ask(&owner.secret).await, (Some("true".to_owned()), first));
    assert_eq!(worker.requests().len(), 2);
}
