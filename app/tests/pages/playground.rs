use std::sync::Arc;

use wire::Task;

use crate::fake::{Fake, account, model};
use crate::{between, body, text};

#[tokio::test]
async fn the_playground_offers_the_models_that_answer_now() {
    let html = body("/playground", Some(account())).await;
    assert!(html.contains("<option value=\"smollm2-135m-instruct\""));
    assert!(text(&html).contains("A small demo model"));
    assert!(text(&html).contains("needs JavaScript"));
}

#[tokio::test]
async fn each_mode_offers_the_models_that_can_do_it() {
    for (mode, model, field) in [
        ("chat", "smollm2-135m-instruct", "id=\"prompt\""),
        ("embeddings", "all-minilm-l6-v2", "id=\"texts\""),
        ("moderation", "toxic-bilstm", "id=\"texts\""),
    ] {
        let html = body(&format!("/playground?mode={mode}"), Some(account())).await;
        let options = between(&html, "<select", "</select>");
        assert_eq!(options.matches("<option").count(), 1, "{mode}");
        assert!(options.contains(model) && html.contains(field), "{mode}");
        let tab = between(&html, &format!("/playground?mode={mode}\""), "</a>");
        assert!(tab.contains("aria-current"), "{mode}");
    }
}

#[tokio::test]
async fn a_model_that_does_not_say_what_it_does_may_be_tried_for_all() {
    let mut silent = model("mystery", Task::Chat);
    silent.tasks = None;
    let console = Fake {
        models: vec![silent],
        ..Fake::default()
    };
    let html = body("/playground?mode=rerank", Some(Arc::new(console))).await;
    assert!(between(&html, "<select", "</select>").contains("mystery"));
    assert!(html.contains("id=\"query\""));
}

#[tokio::test]
async fn a_moderation_model_tells_which_categories_it_knows() {
    let mut judge = model("judge", Task::Moderation);
    judge.moderation_categories = vec!["hate".into(), "violence".into()];
    let console = Fake {
        models: vec![judge],
        ..Fake::default()
    };
    let html = body("/playground?mode=moderation", Some(Arc::new(console))).await;
    assert!(text(&html).contains("It can tell hate, violence."));
    assert!(text(&html).contains("It cannot tell hate/threatening, harassment"));
}

#[tokio::test]
async fn the_longest_answer_is_as_long_as_the_model_can_give() {
    let html = body("/playground", Some(account())).await;
    let field = between(&html, "id=\"max-tokens\"", ">");
    assert!(
        field.contains("max=\"4096\"") && field.contains("value=\"1024\""),
        "{field}"
    );
}

#[tokio::test]
async fn without_a_model_the_playground_says_why() {
    let rerank = body("/playground?mode=rerank", Some(account())).await;
    let console = Fake {
        models: vec![],
        ..Fake::default()
    };
    let chat = body("/playground", Some(Arc::new(console))).await;
    for html in [rerank, chat] {
        assert!(text(&html).contains("No model is ready") && !html.contains("<select"));
        assert!(html.contains("/playground?mode=embeddings"));
    }
}
