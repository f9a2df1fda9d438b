use std::time::Duration;

use assisters::principal::Tier;
use serde_json::{Value, json};

use crate::fake_worker::FakeWorker;
use crate::site::Site;
use crate::source::files;

/// Verbs of the port that name a key, from its source: what each takes beside the id.
fn verbs() -> Vec<(String, Vec<(&'static str, &'static str)>)> {
    let text = files("app/src/api", "rs")
        .into_iter()
        .find(|(path, _)| path == "keys.rs")
        .unwrap()
        .1;
    let functions = text.split("endpoint = \"").skip(1);
    let of_a_key = functions.filter(|function| function.contains("id: String"));
    let verbs = of_a_key.map(|function| {
        let name = function.split('"').next().unwrap();
        let mut fields = vec![];
        for (argument, field) in [
            ("name: String", ("name", "mine")),
            ("overlap: Overlap", ("overlap", "none")),
            ("restrictions: KeyForm", ("restrictions[ips]", "192.0.2.1")),
        ] {
            if function.contains(argument) {
                fields.push(field);
            }
        }
        (format!("/api/{name}"), fields)
    });
    verbs.collect()
}

#[tokio::test]
async fn another_accounts_key_is_answered_as_none_by_every_verb() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let (owner, other) = (site.caller(Tier::Free).await, site.caller(Tier::Free).await);
    let overlap = Duration::from_secs(3_600);
    let rotated = site
        .keys()
        .rotate(&owner.account.id, &owner.key.id, overlap)
        .await
        .unwrap();
    let owners = site.browser_of(&owner).await;
    let listed = async || owners.call("/api/keys/list", &[]).await.1;
    let before = listed().await;

    let browser = site.browser_of(&other).await;
    let verbs = verbs();
    assert!(verbs.len() >= 5, "{verbs:?}");
    for (path, fields) in verbs {
        let answer = async |id: &str| {
            let mut form = vec![("id", id)];
            form.extend(&fields);
            browser.call(&path, &form).await
        };
        let theirs = answer(owner.key.id.as_str()).await;
        let nobodys = answer("key_none").await;
        assert!(!theirs.0.is_success(), "{path}");
        assert_eq!(theirs, nobodys, "{path}: whether it exists is not told");
        let message = theirs.1["message"].as_str().unwrap();
        assert!(
            message.starts_with("There is no such key."),
            "{path}: {message}"
        );
    }
    assert_eq!(listed().await, before, "nothing of it has changed");
    for secret in [owner.secret.as_str(), rotated.secret.expose()] {
        site.answer(secret, json!({})).await;
    }
    let page = browser
        .visit(&format!("/keys?revoke={}", owner.key.id))
        .await;
    assert!(page.text.contains("There is no such key"));
    assert_eq!(browser.call("/api/keys/fresh", &[]).await.1, Value::Null);
}
