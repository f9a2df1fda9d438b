//! The set-up at the door.

use std::sync::{Arc, Mutex};

use app::console::{Problem, SettingUp};
use leptos::prelude::provide_context;
use leptos::server_fn::error::ServerFnUrlError;

use crate::fake::{FACTOR_SECRET, Fake, RECOVERY_CODE, account};
use crate::{between, body, render_with, seen, text};

/// A page as one sees it who has given the password, and has a second factor to set up.
async fn at_the_door(path: &str) -> String {
    let set_up = || provide_context::<Arc<dyn SettingUp>>(account());
    seen(&render_with(path, set_up).await)
}

#[tokio::test]
async fn the_set_up_at_the_door_has_all_that_is_needed_and_leads_on_to_this_site_alone() {
    let html = at_the_door("/sign-in/second-factor?next=%2Fkeys%3Fcreate").await;
    assert_eq!(html.matches("<h1>").count(), 1);
    assert!(text(&html).contains("This service asks for a second factor"));
    assert!(html.contains("d=\"M4,4h7v1h-7z\"") && !html.contains("<dialog"));
    assert!(html.contains(&format!("value=\"{FACTOR_SECRET}\"")));
    let form = between(&html, "action=\"/api/second-factor/turn-on\"", "</form>");
    assert!(
        form.contains("name=\"next\" value=\"/keys?create\""),
        "{form}"
    );
    assert!(form.contains("name=\"code\"") && text(form).contains("Turn on"));
    assert!(html.contains("action=\"/api/sign-out\""), "nobody has to");
    assert!(!html.contains("id=\"sidebar\"") && !html.contains("style="));
    for elsewhere in ["https%3A%2F%2Fevil.example", "%2F%2Fevil.example", ""] {
        let page = format!("/sign-in/second-factor?next={elsewhere}");
        let html = at_the_door(&page).await;
        assert!(html.contains("name=\"next\" value=\"/\""), "{elsewhere}");
    }
}

#[tokio::test]
async fn a_wrong_code_comes_back_under_its_field_with_the_same_secret() {
    let problem = Problem::field("code", "This is not the code.");
    let url = ServerFnUrlError::new("/api/second-factor/turn-on", problem)
        .to_url("http://localhost/sign-in/second-factor?next=%2Fkeys")
        .unwrap();
    let path = format!("{}?{}", url.path(), url.query().unwrap());
    let html = at_the_door(&path).await;
    let error = between(&html, "id=\"code-error\"", "</p>");
    assert!(error.contains("This is not the code.") && !error.contains("hidden"));
    assert!(html.contains(FACTOR_SECRET) && html.contains("name=\"next\" value=\"/keys\""));
}

#[tokio::test]
async fn the_codes_come_once_with_the_way_on_and_then_the_way_to_new_ones() {
    let fake = Arc::new(Fake {
        fresh_codes: Mutex::new(Some(vec![RECOVERY_CODE.into()])),
        ..Fake::default()
    });
    let page = "/sign-in/second-factor?next=%2Fkeys&codes";
    let html = body(page, Some(fake.clone())).await;
    assert!(html.contains(&format!("<code>{RECOVERY_CODE}</code>")));
    assert!(html.contains("href=\"data:text/plain") && html.contains("href=\"/keys\""));
    assert!(!html.contains(FACTOR_SECRET));
    let again = body(page, Some(fake)).await;
    assert!(!again.contains(RECOVERY_CODE) && again.contains("href=\"/keys\""));
    assert!(again.contains("href=\"/settings?factor=renew\""));
    let evil = body(
        "/sign-in/second-factor?codes&next=%2F%2Fevil.example",
        Some(account()),
    )
    .await;
    assert!(!evil.contains("href=\"//evil"), "{evil}");
    let evil = body("/confirm?next=%2F%2Fevil.example", Some(account())).await;
    assert!(!evil.contains("href=\"//evil"), "{evil}");
}
