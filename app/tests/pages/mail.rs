use std::sync::Arc;

use app::console::{Overview, Problem, WayOut};
use leptos::server_fn::error::ServerFnUrlError;

use crate::fake::{Fake, account};
use crate::{admin_page, between, body, text};

#[tokio::test]
async fn a_link_leads_to_a_button_and_does_nothing_by_itself() {
    for (path, function) in [
        ("/verify-email?token=abc", "/api/verify-email"),
        ("/verify-email?change&token=abc", "/api/confirm-email"),
        ("/reset-password?token=abc", "/api/reset-password"),
    ] {
        let html = body(path, None).await;
        let form = between(&html, "<form", "</form>");
        assert!(form.contains(&format!("action=\"{function}\"")), "{form}");
        assert!(form.contains("method=\"post\"") && form.contains("name=\"token\" value=\"abc\""));
    }
    let html = body("/reset-password", None).await;
    assert!(text(&html).contains("This address lacks the end of the link."));
    let html = body("/verify-email", None).await;
    assert!(html.contains("action=\"/api/resend-verification\""));
}

#[tokio::test]
async fn the_way_to_a_new_password_begins_at_the_sign_in() {
    let html = body("/sign-in", None).await;
    assert!(html.contains("href=\"/forgot-password\""));
    let html = body("/forgot-password", None).await;
    assert!(html.contains("action=\"/api/forgot-password\""));
    let html = body("/check-mail?for=reset&outbox", None).await;
    let told = text(&html);
    assert!(html.contains("<a href=\"/forgot-password\">Send the link again</a>"));
    assert!(
        told.contains("If an account has the e-mail address") && told.contains("outbox folder")
    );
    let html = body("/check-mail?for=sign-up", None).await;
    let told = text(&html);
    assert!(html.contains("<a href=\"/verify-email\">Send the link again</a>"));
    assert!(told.contains("We have written to") && !told.contains("outbox"));
}

#[tokio::test]
async fn one_who_must_verify_first_is_shown_the_way() {
    let problem = Problem {
        way_out: WayOut::Verify,
        ..Problem::new("Your e-mail address is not verified yet.")
    };
    let url = ServerFnUrlError::new("/api/sign-in", problem).to_url("http://localhost/sign-in");
    let url = url.unwrap();
    let html = body(&format!("/sign-in?{}", url.query().unwrap()), None).await;
    assert!(between(&html, "role=\"alert\"", "</div>").contains("href=\"/verify-email\""));
}

#[tokio::test]
async fn every_page_asks_to_verify_until_that_is_done() {
    let fake = Fake::default();
    let overview = Overview {
        to_verify: Some("Verify your e-mail address.".into()),
        ..fake.overview.clone()
    };
    let console = Arc::new(Fake { overview, ..fake });
    let html = body("/usage", Some(console)).await;
    assert!(text(&html).contains("Verify your e-mail address. Resend"));
    assert!(html.contains("action=\"/api/settings/mail-verification\""));
    let html = body("/usage", Some(account())).await;
    assert!(!html.contains("mail-verification"));
}

#[tokio::test]
async fn the_address_is_changed_with_the_password() {
    let html = body("/settings", Some(account())).await;
    assert!(text(&html).contains("E-mail ada@example.com Verified"));
    let html = body("/settings?email", Some(account())).await;
    let dialog = between(&html, "<dialog", "</dialog>");
    assert!(dialog.contains("action=\"/api/settings/change-email\""));
    assert!(dialog.contains("current-password") && text(dialog).contains("ada@example.com"));
}

#[tokio::test]
async fn the_outbox_tells_how_far_each_mail_has_come() {
    let html = admin_page("/admin/mail").await;
    let told = text(&html);
    for words in [
        "Failed no such user",
        "Waiting tried again 3 Nov 2025, 01:00:00 UTC",
        "Left as a file 3 Nov 2025, 01:00:00 UTC",
        "No mail server is set up",
    ] {
        assert!(told.contains(words), "no {words:?} in {told}");
    }
    assert!(html.contains("no such user &lt;b&gt;"));
    assert_eq!(html.matches("action=\"/api/admin/mail/retry\"").count(), 3);
    assert_eq!(html.matches("action=\"/api/admin/mail/delete\"").count(), 4);
    let html = admin_page("/admin/mail?mail=mail_4").await;
    assert!(between(&html, "<pre", "</pre>").contains("follow &lt;this&gt;"));
    let html = admin_page("/admin/mail?mail=mail_9").await;
    assert!(text(&html).contains("There is no such mail."));
    let html = body("/admin/mail", Some(account())).await;
    assert!(text(&html).contains("There is no page here") && !html.contains("<td"));
}
