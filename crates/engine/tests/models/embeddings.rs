//! Embeddings: the figures that the model's makers publish, and the forms in which they are asked for and given.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use engine::catalog::EMBEDDINGS;
use serde_json::json;

use crate::{distance, embed, post, router, vectors};

const WEATHER: &str = "The weather is lovely today.";

#[tokio::test]
async fn vectors_are_those_that_the_models_makers_publish() {
    let Some(router) = router() else { return };
    let texts = json!([
        WEATHER,
        "It's so sunny outside!",
        "He drove to the stadium."
    ]);
    let answer = embed(&router, texts).await;
    assert_eq!(answer["object"], "list");
    let vectors = vectors(&answer);
    let expected = [0.019196, 0.120085, 0.159598, 0.067066];
    let off = distance(&vectors[0][..4], &expected);
    assert!(off < 1e-5, "off by {off}");
    let cosine =
        |one: &[f32], other: &[f32]| -> f32 { one.iter().zip(other).map(|(a, b)| a * b).sum() };
    for (one, other, expected) in [(0, 1, 0.6660), (0, 2, 0.1046), (1, 2, 0.1411), (1, 1, 1.0)] {
        let found = cosine(&vectors[one], &vectors[other]);
        assert!(
            (found - expected).abs() < 1e-4,
            "{one} and {other}: {found}"
        );
    }
    for (at, item) in answer["data"].as_array().unwrap().iter().enumerate() {
        assert_eq!(
            (&item["index"], &item["object"]),
            (&json!(at), &json!("embedding"))
        );
        assert_eq!(item["embedding"].as_array().unwrap().len(), 384);
    }
}

#[tokio::test]
async fn base64_holds_the_same_bits_as_numbers() {
    let Some(router) = router() else { return };
    let body = |format| json!({"model": EMBEDDINGS.id, "input": WEATHER, "encoding_format": format, "dimensions": 384});
    let (_, floats) = post(&router, "/v1/embeddings", &body("float")).await;
    let (_, base64) = post(&router, "/v1/embeddings", &body("base64")).await;
    let bytes = base64["data"][0]["embedding"].as_str().unwrap();
    let bytes = BASE64_STANDARD.decode(bytes).unwrap();
    let (read, rest) = bytes.as_chunks::<4>();
    let read: Vec<u32> = read
        .iter()
        .map(|bytes| u32::from_le_bytes(*bytes))
        .collect();
    assert!(rest.is_empty());
    let written: Vec<u32> = vectors(&floats)[0]
        .iter()
        .map(|value| value.to_bits())
        .collect();
    assert_eq!(read, written);
    assert_eq!(floats["usage"], base64["usage"]);
}

#[tokio::test]
async fn a_text_means_the_same_among_others_as_alone() {
    let Some(router) = router() else { return };
    // Of all lengths, so that passes are of several rows, and rows are filled up.
    let texts: Vec<String> = (0..70)
        .map(|at| format!("Number {at}{}", " and so on".repeat(at * 7 % 61)))
        .collect();
    let together = vectors(&embed(&router, json!(texts)).await);
    assert_eq!(together.len(), texts.len());
    for at in [0, 1, 13, 42, 60, 69] {
        let alone = vectors(&embed(&router, json!(texts[at])).await);
        let off = distance(&together[at], &alone[0]);
        assert!(off < 1e-5, "text {at} is off by {off}");
    }
}

#[tokio::test]
async fn tokens_mean_what_their_text_means() {
    let Some(router) = router() else { return };
    let text = vectors(&embed(&router, json!("hello world")).await);
    for tokens in [
        json!([7592, 2088]),
        json!([[7592, 2088]]),
        json!([101, 7592, 2088, 102]),
    ] {
        let answer = embed(&router, tokens).await;
        assert!(distance(&vectors(&answer)[0], &text[0]) < 1e-6);
        assert_eq!(
            answer["usage"],
            json!({"prompt_tokens": 4, "total_tokens": 4})
        );
    }
}

#[tokio::test]
async fn of_a_long_text_the_beginning_is_read() {
    let Some(router) = router() else { return };
    let long = "hen ".repeat(254);
    let much_longer = format!("{long}{}", "fox and other animals ".repeat(20_000));
    let answer = embed(&router, json!([long, much_longer])).await;
    let vectors = vectors(&answer);
    assert!(distance(&vectors[0], &vectors[1]) < 1e-6);
    assert_eq!(answer["usage"]["prompt_tokens"], 512);
}

#[tokio::test]
async fn what_has_no_words_for_long_is_not_looked_at_forever() {
    let Some(router) = router() else { return };
    for filler in [" ", "x", "\u{301}"] {
        let text = filler.repeat(2_000_000) + " hen";
        let answer = embed(&router, json!(text)).await;
        assert!(answer["usage"]["prompt_tokens"].as_u64().unwrap() <= 3);
        assert_eq!(vectors(&answer)[0].len(), 384);
    }
}
