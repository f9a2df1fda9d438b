use std::sync::Arc;

use app::console::Settings;

use crate::fake::{Fake, account};
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
    assert!(html.contains("href=\"/settings/export\""));
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
