use std::sync::Arc;

use crate::fake::{Fake, account};
use crate::{body, text};

#[tokio::test]
async fn the_playground_offers_the_models_that_answer_now() {
    let html = body("/playground", Some(account())).await;
    assert!(html.contains("<option value=\"smollm2-135m-instruct\""));
    assert!(text(&html).contains("A small demo model"));
    assert!(text(&html).contains("needs JavaScript"));
}

#[tokio::test]
async fn without_a_model_the_playground_says_why() {
    let console = Fake {
        models: vec![],
        ..Fake::default()
    };
    let html = body("/playground", Some(Arc::new(console))).await;
    assert!(text(&html).contains("No model is ready") && !html.contains("<select"));
}
