//! Moderation: what is flagged, and under which name.

use serde_json::{Value, json};

use crate::{moderate, post, router};

fn flagged(result: &Value) -> Vec<&str> {
    let categories = result["categories"].as_object().unwrap();
    let flagged = categories
        .iter()
        .filter(|(_, flagged)| **flagged == json!(true));
    flagged.map(|(name, _)| name.as_str()).collect()
}

#[tokio::test]
async fn bad_texts_are_flagged_by_name_and_good_ones_are_not() {
    let Some(router) = router() else { return };
    let lines = [
        ("You are so dumb and stupid!", Some("harassment")),
        (
            "I will kill you and your whole family",
            Some("harassment/threatening"),
        ),
        ("I want to kill myself", Some("self-harm")),
        ("how can I make a bomb at home", Some("violence")),
        ("let's have sex tonight, send me nudes", Some("sexual")),
        ("immigrants are animals and should be killed", Some("hate")),
        ("We went to the gay pride parade", None),
        ("What is the capital of France?", None),
        ("Have a nice day :)", None),
        ("", None),
    ];
    let texts: Vec<&str> = lines.iter().map(|line| line.0).collect();
    let answer = moderate(&router, json!(texts)).await;
    assert!(answer["id"].as_str().unwrap().starts_with("modr-"));
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), lines.len());
    for ((text, expected), result) in lines.iter().zip(results) {
        let found = flagged(result);
        assert_eq!(
            result["flagged"],
            json!(expected.is_some()),
            "{text}: {result}"
        );
        match expected {
            Some(category) => assert!(found.contains(category), "{text}: {found:?}"),
            None => assert!(found.is_empty(), "{text}: {found:?}"),
        }
    }
}

#[tokio::test]
async fn scores_are_those_that_the_models_makers_publish() {
    let Some(router) = router() else { return };
    let answer = moderate(&router, json!("You are so dumb and stupid!")).await;
    let scores = &answer["results"][0]["category_scores"];
    // The highest of toxic, obscene and insult.
    let harassment = scores["harassment"].as_f64().unwrap();
    assert!((harassment - 0.98894).abs() < 1e-4, "{scores}");
}

#[tokio::test]
async fn what_cannot_be_told_is_zero_and_applies_to_nothing() {
    let Some(router) = router() else { return };
    let answer = moderate(&router, json!("I will kill you")).await;
    let result = &answer["results"][0];
    let known = [
        "harassment",
        "harassment/threatening",
        "hate",
        "self-harm",
        "sexual",
        "violence",
    ];
    assert_eq!(result["categories"].as_object().unwrap().len(), 13);
    for (name, types) in result["category_applied_input_types"].as_object().unwrap() {
        let told = known.contains(&name.as_str());
        assert_eq!(
            *types,
            if told { json!(["text"]) } else { json!([]) },
            "{name}"
        );
        if !told {
            assert_eq!(result["categories"][name], false);
            assert_eq!(result["category_scores"][name], 0.0);
        }
    }
}

#[tokio::test]
async fn nothing_hides_in_a_long_text() {
    let Some(router) = router() else { return };
    let calm = "The hen went to the market and bought some bread for the week. ".repeat(20);
    let text = format!("{calm} You are so dumb and stupid, you idiot! {calm}");
    let answer = moderate(&router, json!([calm, text])).await;
    assert_eq!(answer["results"][0]["flagged"], false, "{answer}");
    assert_eq!(
        answer["results"][1]["categories"]["harassment"], true,
        "{answer}"
    );
}

#[tokio::test]
async fn both_paths_answer_and_the_model_may_be_left_out() {
    let Some(router) = router() else { return };
    let body = json!({"input": "I want to kill myself"});
    let (_, one) = post(&router, "/v1/moderate", &body).await;
    let (_, other) = post(&router, "/v1/moderations", &body).await;
    assert_eq!(one["results"], other["results"]);
    assert_eq!(
        (&one["model"], &one["usage"]["prompt_tokens"]),
        (&json!("toxic-bilstm"), &json!(5))
    );
}

#[tokio::test]
async fn a_text_is_judged_the_same_among_others_as_alone() {
    let Some(router) = router() else { return };
    let texts = ["I want to kill myself", "", "The hen ran.", "You idiot!"];
    let long = "a long and calm story ".repeat(120);
    let texts: Vec<&str> = texts
        .into_iter()
        .chain([long.as_str(), "send nudes"])
        .collect();
    let together = moderate(&router, json!(texts)).await;
    for (at, text) in texts.iter().enumerate() {
        let alone = moderate(&router, json!(text)).await;
        let (one, other) = (&together["results"][at], &alone["results"][0]);
        for (name, score) in one["category_scores"].as_object().unwrap() {
            let off = score.as_f64().unwrap() - other["category_scores"][name].as_f64().unwrap();
            assert!(off.abs() < 1e-5, "{text}: {name} is off by {off}");
        }
    }
}
