use std::sync::{Arc, Mutex};

use app::console::{NewKey, Overview};

use crate::fake::{Fake, SECRET, account, key};
use crate::{body, text};

fn newcomer(change: impl FnOnce(&mut Overview)) -> Fake {
    let mut fake = Fake::default();
    fake.overview.called = false;
    fake.overview.keys = 0;
    change(&mut fake.overview);
    fake
}

#[tokio::test]
async fn a_newcomer_is_led_to_a_key_and_a_request() {
    let html = body("/", Some(Arc::new(newcomer(|_| ())))).await;
    let seen = text(&html);
    assert!(seen.contains("Create a key") && html.contains("action=\"/api/keys/create\""));
    assert!(seen.contains("curl -N http://127.0.0.1:3000/v1/chat/completions"));
    assert!(seen.contains("Bearer $ASSISTERS_API_KEY") && seen.contains("smollm2-135m-instruct"));
}

#[tokio::test]
async fn the_fresh_key_is_filled_into_the_request() {
    let fresh = NewKey {
        key: key("key_1", "first-key"),
        secret: SECRET.into(),
    };
    let console = Fake {
        fresh: Mutex::new(Some(fresh)),
        ..newcomer(|overview| overview.keys = 1)
    };
    let seen = text(&body("/", Some(Arc::new(console))).await);
    assert!(seen.contains(&format!("Bearer {SECRET}")) && !seen.contains("$ASSISTERS_API_KEY"));
}

#[tokio::test]
async fn without_a_model_there_is_no_request_to_copy() {
    let console = newcomer(|overview| overview.model = None);
    let seen = text(&body("/", Some(Arc::new(console))).await);
    assert!(seen.contains("No model is ready") && !seen.contains("curl"));
}

#[tokio::test]
async fn an_account_at_work_sees_its_day_and_its_limits() {
    let html = body("/", Some(account())).await;
    let seen = text(&html);
    assert!(seen.contains("Requests 1,204") && seen.contains("Errors 3 0.2 %"));
    assert!(seen.contains("9 / 10 per minute"));
    assert!(html.contains("<meter min=\"0\" max=\"10\" high=\"8\" value=\"9\""));
    assert!(seen.contains("ada@example.com") && seen.contains("Free tier"));
}
