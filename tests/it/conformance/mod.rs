//! `assisters conformance`, against workers that break one rule each.

pub mod worker;

use std::time::Duration;

use assisters::conformance::{Patience, Target, examine};
use futures_util::future::join_all;
use serde_json::Value;
use url::Url;

use crate::within;
use worker::{Breach, MODEL, Worker};

/// What was found in each case, and all that was said.
async fn found(breach: Breach, model: Option<&str>) -> Value {
    let worker = Worker::with(breach).await;
    let target = Target {
        base: Url::parse(&format!("http://{}/v1", worker.address)).unwrap(),
        model: model.map(str::to_owned),
        key: None,
        patience: Patience {
            answer: Duration::from_secs(20),
            // A worker that does not stop is waited for as long; one that does says so itself.
            freed: match breach {
                Breach::KeepsWorking => Duration::from_millis(100),
                _ => Duration::from_secs(20),
            },
        },
    };
    let report = within(examine(target)).await.unwrap();
    let told: Value = serde_json::from_str(&report.told(true)).unwrap();
    assert_eq!(told["ok"], report.holds());
    told
}

fn cases(told: &Value) -> impl Iterator<Item = (&str, &str, &str)> {
    let cases = told["cases"].as_array().unwrap().iter();
    cases.map(|case| {
        (
            text(case, "case"),
            text(case, "found"),
            text(case, "evidence"),
        )
    })
}

fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name].as_str().unwrap()
}

#[tokio::test]
async fn a_worker_by_the_book_is_found_to_keep_every_rule() {
    let told = found(Breach::None, None).await;
    assert_eq!(told["ok"], true, "{told:#}");
    for (case, found, evidence) in cases(&told) {
        assert_eq!(found, "ok", "{case}: {evidence}");
    }
    assert_eq!(cases(&told).count(), 29);
}

#[tokio::test]
async fn each_rule_that_a_worker_breaks_is_told_and_no_other() {
    // The breach, the case that tells it with a word of its evidence, and whether a gateway can live with it.
    let breaches = [
        (Breach::PlainUsage, "chat: usage", "count by itself", true),
        (Breach::Limit, "chat: max_tokens", "24 tokens where 3", true),
        (Breach::Stop, "chat: stop", "`2,` is in the answer", true),
        (Breach::Seed, "chat: seed", "differ", true),
        (Breach::Choices, "chat: n", "1 of 2", true),
        (
            Breach::Tools,
            "chat: tools",
            "400: There are no tools",
            true,
        ),
        (Breach::Json, "chat: json_object", "1, 2, 3", true),
        (Breach::ContentType, "stream", "application/json", false),
        (Breach::Done, "stream: end", "[DONE]", false),
        (Breach::Role, "stream: role first", "none", true),
        (Breach::StreamUsage, "stream: usage last", "none", true),
        (
            Breach::NullUsage,
            "stream: usage null before",
            "left out in 26",
            true,
        ),
        (Breach::Index, "embeddings: order", "[0, 0, 0]", true),
        (Breach::Base64, "embeddings: base64", "gives numbers", true),
        (Breach::Tokens, "embeddings: tokens", "Texts, please", true),
        (Breach::Rank, "rerank", "best is not first", false),
        (Breach::Flag, "moderation", "`flagged`", false),
        (Breach::Malformed, "error: malformed JSON", "401", true),
        (
            Breach::AnyName,
            "error: unknown model",
            "does not look",
            true,
        ),
        (
            Breach::CutsPrompt,
            "error: prompt too long",
            "cut to 64",
            true,
        ),
        (
            Breach::FailsOnLong,
            "error: prompt too long",
            "500: I failed",
            false,
        ),
        (
            Breach::Code,
            "errors with all four fields",
            "`code` is 400",
            true,
        ),
        (Breach::KeepsWorking, "cancellation", "still at work", true),
        (Breach::Closes, "keep-alive", "close", true),
    ];
    let all = breaches.map(|(breach, ..)| found(breach, None));
    for (told, (breach, broken, why, ok)) in join_all(all).await.iter().zip(breaches) {
        let mut seen = false;
        for (case, found, evidence) in cases(told) {
            let expected = if case == broken { "no" } else { "ok" };
            assert_eq!(found, expected, "{breach:?}: {case}: {evidence}");
            if case == broken {
                assert!(evidence.contains(why), "{breach:?}: {evidence}");
                seen = true;
            }
        }
        assert!(seen, "{breach:?}: {told:#}");
        assert_eq!(told["ok"], ok, "{breach:?}");
    }
}

#[tokio::test]
async fn errors_that_no_client_can_read_are_told() {
    let told = found(Breach::Shape, None).await;
    let not_ok = cases(&told).filter(|(_, found, _)| *found != "ok");
    let not_ok: Vec<_> = not_ok.map(|(case, found, _)| (case, found)).collect();
    let expected = [
        ("errors in OpenAI's shape", "no"),
        ("errors with all four fields", "cannot be told"),
    ];
    assert_eq!(
        (not_ok.as_slice(), &told["ok"]),
        (&expected[..], &false.into())
    );
}

#[tokio::test]
async fn what_is_not_served_or_not_shown_is_not_held_against_a_worker() {
    let told = found(Breach::UnlistedEndpoints, None).await;
    let not_ok = cases(&told).filter(|(_, found, _)| *found != "ok");
    let not_ok: Vec<_> = not_ok.map(|(case, found, _)| (case, found)).collect();
    let expected = ["embeddings", "rerank", "moderation"].map(|case| (case, "not served"));
    assert_eq!(
        (not_ok.as_slice(), &told["ok"]),
        (&expected[..], &true.into())
    );

    let told = found(Breach::NoStats, None).await;
    let cancellation = cases(&told)
        .find(|(case, ..)| *case == "cancellation")
        .unwrap();
    assert_eq!(
        (cancellation.1, &told["ok"]),
        ("cannot be told", &true.into())
    );
}

#[tokio::test]
async fn a_worker_that_lists_nothing_fails_but_is_asked_for_the_model_that_is_named() {
    let told = found(Breach::ListsNone, None).await;
    assert_eq!(told["ok"], false);
    let chat = cases(&told).find(|(case, ..)| *case == "chat").unwrap();
    assert_eq!(chat.1, "cannot be told");
    assert!(chat.2.contains("--model"), "{}", chat.2);

    let told = found(Breach::ListsNone, Some(MODEL)).await;
    for (case, found, evidence) in cases(&told) {
        let expected = if case == "models" { "no" } else { "ok" };
        assert_eq!(found, expected, "{case}: {evidence}");
    }
    let told = found(Breach::None, Some("another")).await;
    assert_eq!(told["ok"], false, "nothing is served by that name");
}
