use std::sync::{Arc, Mutex};

use app::console::{Problem, SecondFactor, Settings};
use leptos::server_fn::error::ServerFnUrlError;

use crate::fake::{FACTOR_SECRET, Fake, MIDNIGHT, RECOVERY_CODE, account};
use crate::{between, body, text};

#[tokio::test]
async fn sessions_are_told_and_all_but_this_one_can_be_ended() {
    let html = body("/settings", Some(account())).await;
    let told = text(&html);
    for words in [
        "Firefox on Linux 203.0.113.7 3 Nov 2025, 00:00 3 Nov 2025, 01:00 This one",
        "Safari on iPhone unknown 3 Nov 2025, 00:00 3 Nov 2025, 01:00 End Safari on iPhone",
        "End all others",
        "E-mail ada@example.com",
    ] {
        assert!(told.contains(words), "no {words:?} in {told}");
    }
    assert_eq!(
        html.matches("action=\"/api/settings/end-session\"").count(),
        1
    );
    assert!(html.contains("name=\"id\" value=\"bbbb\"") && !html.contains("aaaa"));
    assert!(html.contains("value=\"Ada\""));
    assert!(html.contains("<option value=\"90\" selected"));
    assert!(html.contains("action=\"/api/settings/prepare-export\""));
    assert!(!html.contains("<dialog"));
}

#[tokio::test]
async fn what_a_form_without_scripts_has_done_is_told() {
    let html = body("/settings?done=password", Some(account())).await;
    assert!(text(&html).contains("Password changed. All other sessions have ended."));
    let html = body("/settings?done=%3Cb%3E", Some(account())).await;
    assert!(
        !html.contains("class=\"notice"),
        "only what is known is said"
    );
    let html = body("/sign-in?deleted", None).await;
    assert!(text(&html).contains("Your account is deleted."));
}

#[tokio::test]
async fn deleting_says_what_goes_and_is_not_for_the_last_administrator() {
    let html = body("/settings?delete", Some(account())).await;
    let dialog = between(&html, "<dialog", "</dialog>");
    assert!(text(dialog).contains("Requests with its keys fail at once."));
    assert!(text(dialog).contains("Type ada@example.com to confirm."));
    assert!(dialog.contains("action=\"/api/settings/delete-account\""));

    let fake = Fake::default();
    let settings = Settings {
        is_last_admin: true,
        ..fake.settings.clone()
    };
    let html = body(
        "/settings?delete",
        Some(Arc::new(Fake { settings, ..fake })),
    )
    .await;
    let dialog = between(&html, "<dialog", "</dialog>");
    assert!(text(dialog).contains("You are the only administrator"));
    assert!(!dialog.contains("<form"));
}

#[tokio::test]
async fn the_password_form_is_one_that_password_managers_know() {
    let html = body("/settings?password", Some(account())).await;
    let dialog = between(&html, "<dialog", "</dialog>");
    for autocomplete in ["username", "current-password", "new-password"] {
        assert!(dialog.contains(&format!("autocomplete=\"{autocomplete}\"")));
    }
    assert!(dialog.contains("action=\"/api/settings/change-password\""));
}

fn with_factor(codes_left: u32) -> Arc<Fake> {
    Arc::new(Fake {
        second_factor: Some(SecondFactor {
            since_ms: MIDNIGHT,
            codes_left,
            is_required: false,
        }),
        ..Fake::default()
    })
}

#[tokio::test]
async fn the_second_factor_says_how_it_stands_and_what_can_be_done() {
    let html = body("/settings", Some(account())).await;
    assert!(html.contains("action=\"/api/second-factor/begin\""));
    assert!(!html.contains("?factor=off"));
    let html = body("/settings", Some(with_factor(8))).await;
    let told = text(&html);
    assert!(told.contains("On Since 3 Nov 2025") && told.contains("8 recovery codes are left."));
    assert!(!told.contains("Make new ones") && !html.contains("/api/second-factor/begin"));
    for (left, words) in [
        (1, "1 recovery code is left."),
        (0, "No recovery code is left."),
    ] {
        let told = text(&body("/settings", Some(with_factor(left))).await);
        assert!(
            told.contains(words) && told.contains("Make new ones"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn where_it_is_asked_for_it_stays_on_and_its_codes_can_be_renewed() {
    let fake = Arc::new(Fake {
        second_factor: Some(SecondFactor {
            since_ms: MIDNIGHT,
            codes_left: 2,
            is_required: true,
        }),
        ..Fake::default()
    });
    let html = body("/settings", Some(fake.clone())).await;
    assert!(text(&html).contains("This service asks you for a second factor, so it stays on."));
    assert!(!html.contains("?factor=off") && html.contains("?factor=renew"));
    let html = body("/settings?factor=off", Some(fake)).await;
    let dialog = between(&html, "<dialog", "</dialog>");
    assert!(text(dialog).contains("it stays on"));
    assert!(!html.contains("/api/second-factor/turn-off"));
}

#[tokio::test]
async fn the_set_up_shows_the_secret_without_a_style_of_its_own() {
    let html = body("/settings?factor=set-up", Some(account())).await;
    let dialog = between(&html, "<dialog", "</dialog>");
    assert!(dialog.contains("viewBox=\"0 0 45 45\"") && dialog.contains("d=\"M4,4h7v1h-7z\""));
    assert!(dialog.contains(&format!("value=\"{FACTOR_SECRET}\"")));
    assert!(dialog.contains("href=\"otpauth://totp/Assisters:ada%40example.com?secret="));
    assert!(!dialog.contains("style="));
    let field = between(dialog, "id=\"code\"", ">");
    assert!(
        field.contains("autocomplete=\"one-time-code\"") && field.contains("inputmode=\"numeric\"")
    );
    assert!(dialog.contains("action=\"/api/second-factor/turn-on\""));
}

#[tokio::test]
async fn recovery_codes_are_shown_once_and_can_be_kept_as_a_file() {
    let fake = Arc::new(Fake {
        fresh_codes: Mutex::new(Some(vec![RECOVERY_CODE.into()])),
        ..Fake::default()
    });
    let html = body("/settings?factor=codes", Some(fake.clone())).await;
    let dialog = between(&html, "<dialog", "</dialog>");
    assert!(dialog.contains(&format!("<code>{RECOVERY_CODE}</code>")));
    let file = between(dialog, "href=\"data:text/plain", "\"");
    let escaped = RECOVERY_CODE.replace('-', "%2D");
    assert!(file.contains(&escaped) && !file.contains(' '), "{file}");
    let html = body("/settings?factor=codes", Some(fake)).await;
    assert!(!html.contains(RECOVERY_CODE));
    assert!(text(&html).contains("Recovery codes are shown once."));
}

#[tokio::test]
async fn what_is_asked_for_as_a_proof_is_what_the_account_has() {
    let html = body("/confirm?next=%2Fkeys%3Fcreate", Some(account())).await;
    assert!(html.contains("name=\"next\" value=\"/keys?create\""));
    let field = between(&html, "id=\"answer\"", ">");
    assert!(
        field.contains("autocomplete=\"current-password\""),
        "{field}"
    );
    let html = body("/confirm", Some(with_factor(1))).await;
    let field = between(&html, "id=\"answer\"", ">");
    assert!(field.contains("autocomplete=\"one-time-code\""), "{field}");
    assert!(
        field.contains("inputmode=\"text\""),
        "a recovery code has letters"
    );
}

#[tokio::test]
async fn a_form_that_wanted_a_proof_leads_to_the_question_and_back() {
    let problem = Problem::unconfirmed();
    let url = ServerFnUrlError::new("/api/keys/create", problem)
        .to_url("http://localhost/keys?create=")
        .unwrap();
    let path = format!("{}?{}", url.path(), url.query().unwrap());
    let html = body(&path, Some(account())).await;
    assert!(text(&html).contains("Confirm that it is you, then do this again."));
    let told = between(&html, "<noscript><p>", "</p>");
    assert!(told.starts_with("What you filled in is not kept"), "{told}");
    let href = between(&html, "href=\"/confirm?next=", "\"");
    assert!(
        href.starts_with("%2Fkeys%3Fcreate") && !href.contains("__"),
        "{href}"
    );
}
