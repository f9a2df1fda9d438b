use std::sync::{Arc, Mutex};

use app::console::{Key, KeyState, LastUse, NewKey, OldSecret, Restrictions};

use crate::fake::{Fake, HOUR, MIDNIGHT, SECRET, account, key};
use crate::{between, body, text};

fn with(keys: Vec<Key>) -> Arc<Fake> {
    Arc::new(Fake {
        keys,
        ..Fake::default()
    })
}

fn restricted() -> Key {
    Key {
        expires_ms: Some(MIDNIGHT + 48 * HOUR),
        restrictions: Restrictions {
            endpoints: Some(vec!["embeddings".into()]),
            models: Some(vec!["smollm2-135m-instruct".into(), "gone-<1>".into()]),
            ips: vec!["10.0.0.0/8".into(), "::1".into()],
            rpm: Some(5),
            tpm: None,
        },
        ..key("key_1", "ci")
    }
}

fn rotating() -> Key {
    Key {
        state: KeyState::Rotating,
        old_secrets: vec![OldSecret {
            masked: "ask_Old1…9fTz".into(),
            ends_ms: MIDNIGHT + 24 * HOUR,
            last_use: Some(LastUse {
                ms: MIDNIGHT + HOUR,
                ip: Some("198.51.100.4".into()),
            }),
        }],
        ..key("key_1", "prod-web")
    }
}

#[tokio::test]
async fn keys_are_listed_masked_and_only_live_ones_can_be_changed() {
    let html = body("/keys", Some(account())).await;
    let seen = text(&html);
    assert!(seen.contains("prod-web") && seen.contains("ask_7Hq2…k3Qa"));
    assert!(seen.contains("Active") && seen.contains("Revoked Since 3 Nov 2025"));
    assert!(
        html.contains("title=\"3 Nov 2025, 12:00:00 UTC\"") && seen.contains("from 203.0.113.7")
    );
    for verb in ["rename", "edit", "rotate", "revoke"] {
        assert!(
            html.contains(&format!("href=\"/keys?{verb}=key_1\"")),
            "{verb}"
        );
        assert!(!html.contains(&format!("{verb}=key_2")), "{verb}");
    }
    assert!(html.contains("href=\"/logs?key=key_1\"") && html.contains("href=\"/logs?key=key_2\""));
    assert!(!html.contains("<dialog"));
}

#[tokio::test]
async fn the_use_of_a_day_is_a_picture_and_a_number() {
    let html = body("/keys", Some(account())).await;
    assert!(html.contains("aria-label=\"24 requests in the last 24 hours\""));
    let picture = between(&html, "class=\"spark\"", "</svg>");
    assert_eq!(picture.matches('z').count(), 24);
    let revoked = between(&html, ">old<", "</tr>");
    assert!(text(revoked).contains("None") && !revoked.contains("<svg class=\"spark\""));
}

#[tokio::test]
async fn what_is_most_worth_knowing_of_a_key_is_its_status() {
    for (state, told) in [
        (
            KeyState::ExpiresSoon,
            "Expires soon Extend it under Restrictions",
        ),
        (KeyState::Rotating, "Rotating Until 4 Nov, 00:00 UTC"),
        (KeyState::Unused, "Unused No request for 30 days. Revoke it"),
        (KeyState::Expired, "Expired Since 5 Nov 2025"),
    ] {
        let key = Key {
            state,
            expires_ms: Some(MIDNIGHT + 48 * HOUR),
            ..rotating()
        };
        let html = body("/keys", Some(with(vec![key]))).await;
        assert!(text(&html).contains(told), "{told}");
    }
}

#[tokio::test]
async fn both_secrets_of_a_rotation_are_listed_with_their_own_last_use() {
    let html = body("/keys", Some(with(vec![rotating()]))).await;
    let old = text(between(&html, "class=\"old-secret\"", "</tr>"));
    assert!(old.contains("ask_Old1…9fTz") && old.contains("from 198.51.100.4"));
    assert!(old.contains("4 Nov, 00:00 UTC") && old.contains("End the old secret now"));
    let html = body("/keys?end-old=key_1", Some(with(vec![rotating()]))).await;
    let seen = text(&html);
    assert!(seen.contains("End the old secret of “prod-web”?"));
    assert!(html.contains("action=\"/api/keys/end-old\""));
    let html = body("/keys?end-old=key_1", Some(account())).await;
    assert!(text(&html).contains("No old secret of “prod-web” works any more."));
}

#[tokio::test]
async fn a_new_key_needs_a_name_and_may_be_restricted() {
    let html = body("/keys?create", Some(account())).await;
    let form = between(&html, "action=\"/api/keys/create\"", "</form>");
    assert!(form.contains("name=\"name\"") && form.contains("<details class=\"more\">"));
    for field in [
        "restrictions[expires]",
        "restrictions[expires_on]",
        "restrictions[endpoint_access]",
        "restrictions[endpoints][]",
        "restrictions[model_access]",
        "restrictions[models][]",
        "restrictions[more_models]",
        "restrictions[ips]",
        "restrictions[rpm]",
        "restrictions[tpm]",
    ] {
        assert!(form.contains(&format!("name=\"{field}\"")), "{field}");
    }
    assert!(text(form).contains("At most 10, your account's own."));
}

#[tokio::test]
async fn the_form_of_a_key_holds_what_it_is_restricted_to() {
    let html = body("/keys?edit=key_1", Some(with(vec![restricted()]))).await;
    let form = between(&html, "action=\"/api/keys/restrict\"", "</form>");
    let kept = format!(
        "<option value=\"{}\" selected>5 Nov 2025, 00:00 UTC",
        MIDNIGHT + 48 * HOUR
    );
    assert!(form.contains(&kept), "{form}");
    let checked = |name: &str, value: &str| {
        let start = format!("name=\"restrictions[{name}]\" value=\"{value}\"");
        between(form, &start, ">").contains("checked")
    };
    assert!(checked("endpoint_access", "restricted") && !checked("endpoint_access", "all"));
    assert!(checked("endpoints][", "embeddings") && !checked("endpoints][", "chat"));
    assert!(checked("models][", "smollm2-135m-instruct"));
    assert!(
        form.contains(">gone-&lt;1></textarea>"),
        "a model that is not there now"
    );
    assert!(form.contains(">10.0.0.0/8\n::1</textarea>") && form.contains("value=\"5\""));
}

#[tokio::test]
async fn a_fresh_secret_is_in_one_rendering_only() {
    for (path, id) in [("/keys?create", "key_3"), ("/keys?rotate=key_1", "key_1")] {
        let fresh = NewKey {
            key: key(id, "prod-web"),
            secret: SECRET.into(),
        };
        let console = Arc::new(Fake {
            fresh: Mutex::new(Some(fresh)),
            ..Fake::default()
        });
        let first = body(path, Some(console.clone())).await;
        assert!(first.contains(&format!("value=\"{SECRET}\"")));
        assert!(text(&first).contains("Copy this key now. You will not see it again."));
        assert!(
            text(&first).contains(&format!("Bearer {SECRET}")),
            "the example carries the key"
        );
        let second = body(path, Some(console)).await;
        assert!(!second.contains(SECRET) && second.contains("action=\"/api/keys/"));
    }
}

#[tokio::test]
async fn another_keys_fresh_secret_is_not_that_of_a_rotation() {
    let fresh = NewKey {
        key: key("key_3", "other"),
        secret: SECRET.into(),
    };
    let console = Fake {
        fresh: Mutex::new(Some(fresh)),
        ..Fake::default()
    };
    let html = body("/keys?rotate=key_1", Some(Arc::new(console))).await;
    assert!(html.contains("action=\"/api/keys/rotate\""));
    assert_eq!(
        html.matches("autofocus").count(),
        1,
        "what is usual is at hand"
    );
    assert!(text(&html).contains("Rotate “prod-web”") && !text(&html).contains(SECRET));
}

#[tokio::test]
async fn revoking_asks_first_and_says_what_follows() {
    let html = body("/keys?revoke=key_1", Some(account())).await;
    let seen = text(&html);
    for told in [
        "Revoke “prod-web”?",
        "Last used",
        "from 203.0.113.7",
        "24 requests came with it in the last 24 hours",
        "Requests with this key fail at once",
    ] {
        assert!(seen.contains(told), "{told}");
    }
    assert!(
        html.contains("action=\"/api/keys/revoke\"")
            && html.contains("name=\"id\" value=\"key_1\"")
    );
}

#[tokio::test]
async fn a_key_that_has_ended_is_not_asked_about() {
    for verb in ["revoke", "edit", "rotate", "end-old"] {
        let html = body(&format!("/keys?{verb}=key_2"), Some(account())).await;
        assert!(text(&html).contains("“old” is revoked") && !html.contains("<dialog"));
    }
}

#[tokio::test]
async fn a_key_that_there_is_not_is_said_to_be_none() {
    for verb in ["revoke", "edit", "rotate", "end-old", "rename"] {
        let html = body(&format!("/keys?{verb}=key_9"), Some(account())).await;
        assert!(text(&html).contains("There is no such key") && !html.contains("<dialog"));
        assert!(text(&html).contains("prod-web"), "the list stays");
    }
}

#[tokio::test]
async fn an_account_without_keys_is_told_the_one_thing_to_do() {
    let html = body("/keys", Some(with(vec![]))).await;
    assert!(text(&html).contains("No keys yet") && !html.contains("<table"));
}

#[tokio::test]
async fn a_name_is_text_whatever_it_holds() {
    let hostile = with(vec![key("key_1", "<script>alert(1)</script>")]);
    for path in ["/keys", "/keys?rename=key_1", "/keys?revoke=key_1"] {
        let html = crate::render(path, Some(hostile.clone())).await;
        assert!(!html.contains("<script>alert"), "{path}");
        assert!(html.contains("&lt;script&gt;alert(1)"), "{path}");
    }
}
