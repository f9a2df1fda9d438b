use std::sync::{Arc, Mutex};

use app::console::NewKey;

use crate::fake::{Fake, SECRET, account, key};
use crate::{body, text};

#[tokio::test]
async fn keys_are_listed_masked_and_only_live_ones_can_be_revoked() {
    let html = body("/keys", Some(account())).await;
    let seen = text(&html);
    assert!(seen.contains("prod-web") && seen.contains("ask_7Hq2…k3Qa"));
    assert!(seen.contains("Active") && seen.contains("Revoked"));
    assert!(html.contains("title=\"3 Nov 2025, 12:00:00 UTC\""));
    assert!(html.contains("href=\"/keys?revoke=key_1\"") && !html.contains("revoke=key_2"));
    assert!(!html.contains("<dialog"));
}

#[tokio::test]
async fn a_fresh_secret_is_in_one_rendering_only() {
    let fresh = NewKey {
        key: key("key_3", "prod-web"),
        secret: SECRET.into(),
    };
    let console = Arc::new(Fake {
        fresh: Mutex::new(Some(fresh)),
        ..Fake::default()
    });
    let first = body("/keys?create", Some(console.clone())).await;
    assert!(first.contains(&format!("value=\"{SECRET}\"")));
    assert!(text(&first).contains("Copy this key now. You will not see it again."));
    assert!(
        text(&first).contains(&format!("Bearer {SECRET}")),
        "the example carries the key"
    );
    let second = body("/keys?create", Some(console)).await;
    assert!(!second.contains(SECRET) && second.contains("action=\"/api/keys/create\""));
}

#[tokio::test]
async fn revoking_asks_first_and_says_what_follows() {
    let html = body("/keys?revoke=key_1", Some(account())).await;
    let seen = text(&html);
    assert!(
        seen.contains("Revoke “prod-web”?") && seen.contains("Requests with this key fail at once")
    );
    assert!(
        html.contains("action=\"/api/keys/revoke\"")
            && html.contains("name=\"id\" value=\"key_1\"")
    );
}

#[tokio::test]
async fn a_key_that_is_revoked_already_is_not_asked_about() {
    let html = body("/keys?revoke=key_2", Some(account())).await;
    assert!(text(&html).contains("“old” is revoked") && !html.contains("<dialog"));
}

#[tokio::test]
async fn an_account_without_keys_is_told_the_one_thing_to_do() {
    let console = Fake {
        keys: vec![],
        ..Fake::default()
    };
    let html = body("/keys", Some(Arc::new(console))).await;
    assert!(text(&html).contains("No keys yet") && !html.contains("<table"));
}

#[tokio::test]
async fn a_name_is_text_whatever_it_holds() {
    let console = Fake {
        keys: vec![key("key_1", "<script>alert(1)</script>")],
        ..Fake::default()
    };
    let html = crate::render("/keys", Some(Arc::new(console))).await;
    assert!(!html.contains("<script>alert"));
    assert!(html.contains("&lt;script&gt;alert(1)"));
}
