//! Embeddings.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use wire::Task;

use super::client::{Answer, CallError, Client};
use super::doors::{self, Door};
use super::models::Card;
use super::report::{Found, Row};
use crate::print::sentence;

pub(super) const PATH: &str = "/v1/embeddings";
const TEXTS: [&str; 3] = [
    "The sky is blue.",
    "Bread is baked in an oven.",
    "Ships sail.",
];
/// How far two vectors of one text may be apart, as batches round differently.
const NEAR: f64 = 0.999;

pub(super) async fn door(client: &Client, cards: &[Card]) -> Door {
    let body = |model: &str| json!({"model": model, "input": TEXTS});
    doors::knock(
        client,
        (PATH, Task::Embeddings),
        cards,
        body,
        |answer| match vectors(answer) {
            None => Some("no list of vectors"),
            Some(vectors) if vectors.len() != TEXTS.len() => Some("not a vector for each text"),
            Some(_) => None,
        },
    )
    .await
}

/// The cases of embeddings that are served; `first` answered all texts.
pub(super) async fn examine(client: &Client, model: &str, first: &Answer) -> Vec<Row> {
    let first = vectors(first).unwrap_or_default();
    let or_no =
        |found: Result<Found, CallError>| found.unwrap_or_else(|error| Found::no(sentence(&error)));
    vec![
        Row::extra(
            "embeddings: order",
            or_no(order(client, model, &first).await),
        ),
        Row::extra(
            "embeddings: base64",
            or_no(base64(client, model, &first).await),
        ),
        Row::extra("embeddings: tokens", or_no(tokens(client, model).await)),
    ]
}

/// Asks for the texts the other way round.
async fn order(client: &Client, model: &str, first: &[Vec<f64>]) -> Result<Found, CallError> {
    let turned: Vec<_> = TEXTS.iter().rev().collect();
    let body = json!({"model": model, "input": turned});
    let answer = client.post(PATH, &body).await?;
    let indices = answer.json["data"].as_array().into_iter().flatten();
    let indices: Vec<_> = indices.filter_map(|item| item["index"].as_u64()).collect();
    let Some(mut turned) = vectors(&answer).filter(|_| answer.is_success()) else {
        return Ok(Found::no(answer.said()));
    };
    turned.reverse();
    Ok(if indices != [0, 1, 2] {
        Found::no(format!("`index` runs {indices:?}"))
    } else if all_near(first, &turned) {
        Found::ok("as in the input")
    } else {
        Found::no("a text's vector depends on its place")
    })
}

async fn base64(client: &Client, model: &str, first: &[Vec<f64>]) -> Result<Found, CallError> {
    let body = json!({"model": model, "input": TEXTS, "encoding_format": "base64"});
    let answer = client.post(PATH, &body).await?;
    if !answer.is_success() {
        return Ok(Found::no(answer.said()));
    }
    let items = answer.json["data"].as_array().into_iter().flatten();
    let read: Option<Vec<_>> = items.map(|item| decoded(&item["embedding"])).collect();
    Ok(match read {
        None if answer.json["data"][0]["embedding"].is_array() => {
            Found::no("asked for base64, it gives numbers")
        }
        None => Found::no("it is not the base64 of 32-bit numbers"),
        Some(vectors) if all_near(first, &vectors) => Found::ok("the same as the numbers"),
        Some(_) => Found::no("it says something else than the numbers"),
    })
}

/// The ids are those of no model in particular, but every model has them.
async fn tokens(client: &Client, model: &str) -> Result<Found, CallError> {
    let body = json!({"model": model, "input": [[101, 200, 102], [101, 300, 102]]});
    let answer = client.post(PATH, &body).await?;
    Ok(match vectors(&answer) {
        Some(vectors) if answer.is_success() && vectors.len() == 2 => Found::ok("accepted"),
        Some(vectors) if answer.is_success() => {
            Found::no(format!("{} vectors for 2 lists", vectors.len()))
        }
        _ => Found::no(answer.said()),
    })
}

fn vectors(answer: &Answer) -> Option<Vec<Vec<f64>>> {
    let numbers = |item: &Value| {
        let numbers = item["embedding"].as_array()?;
        numbers.iter().map(Value::as_f64).collect()
    };
    answer.json["data"]
        .as_array()?
        .iter()
        .map(numbers)
        .collect()
}

fn decoded(text: &Value) -> Option<Vec<f64>> {
    let bytes = BASE64_STANDARD.decode(text.as_str()?).ok()?;
    let (numbers, []) = bytes.as_chunks::<4>() else {
        return None;
    };
    let numbers = numbers
        .iter()
        .map(|number| f32::from_le_bytes(*number).into());
    Some(numbers.collect())
}

fn all_near(one: &[Vec<f64>], other: &[Vec<f64>]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| near(one, other))
}

/// Whether two vectors point the same way.
fn near(one: &[f64], other: &[f64]) -> bool {
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let length = (product(one, one) * product(other, other)).sqrt();
    one.len() == other.len() && length > 0.0 && product(one, other) / length > NEAR
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_as_little_endian_numbers() {
        assert_eq!(decoded(&json!("AACAPwAAAMA=")), Some(vec![1.0, -2.0]));
        assert_eq!(decoded(&json!("AACAPwAA")), None);
        assert_eq!(decoded(&json!([1.0])), None);
    }

    #[test]
    fn vectors_are_near_if_they_point_the_same_way() {
        assert!(near(&[1.0, 2.0], &[1.0001, 2.0]));
        assert!(!near(&[1.0, 2.0], &[2.0, 1.0]));
        assert!(!near(&[1.0, 2.0], &[1.0, 2.0, 0.0]));
        assert!(!near(&[0.0], &[0.0]));
    }
}
