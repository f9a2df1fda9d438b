//! What the worker says when it is asked wrongly.

use serde_json::{Value, json};

use super::chat;
use super::client::{Answer, CallError, Client};
use super::doors::Door;
use super::models::Card;
use super::report::{Found, Row, Verdict};
use crate::print::{count, sentence};

const UNKNOWN: &str = "no-such-model";
/// Words of a prompt that is to be too long, where nobody says how long one may be.
const MANY: u64 = 200_000;
const MOST: u64 = 1_000_000;

/// Asks wrongly at `path`, which answers when it is asked rightly.
pub(super) async fn examine(client: &Client, path: &str, chat: &Door) -> Vec<Row> {
    let malformed = client.post_text(path, "{\"model\": ".to_owned()).await;
    let unknown = json!({
        "model": UNKNOWN, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 1,
        "input": "Hello", "query": "Hello", "documents": ["Hello"],
    });
    let unknown = client.post(path, &unknown).await;
    let mut rows = vec![
        judged("error: malformed JSON", &malformed, malformed_json),
        judged("error: unknown model", &unknown, unknown_model),
    ];
    let mut seen = vec![malformed, unknown];
    if let Door::Open { card, .. } = chat {
        let words = too_many(card);
        let prompt = json!([{"role": "user", "content": "one ".repeat(words)}]);
        let body = chat::body(&card.id, json!({"messages": prompt, "max_tokens": 1}));
        let long = client.post(chat::PATH, &body).await;
        rows.push(judged("error: prompt too long", &long, |answer| {
            too_long(answer, words)
        }));
        seen.push(long);
    }
    let errors: Vec<_> = seen
        .iter()
        .flatten()
        .filter(|answer| !answer.is_success())
        .collect();
    rows.push(Row::needed("errors in OpenAI's shape", shape(&errors)));
    rows.push(Row::extra("errors with all four fields", fields(&errors)));
    rows
}

/// A gateway takes a status of 500 and more for a worker that has failed, and leaves it alone for a while.
fn judged(
    case: &'static str,
    answer: &Result<Answer, CallError>,
    judge: impl Fn(&Answer) -> Found,
) -> Row {
    match answer {
        Ok(answer) if answer.status >= 500 => Row::needed(
            case,
            Found::no(format!("{}: taken for a worker that failed", answer.said())),
        ),
        Ok(answer) => Row::extra(case, judge(answer)),
        Err(error) => Row::extra(case, Found::no(sentence(error))),
    }
}

fn malformed_json(answer: &Answer) -> Found {
    match answer.status {
        400 | 422 => Found::ok(answer.said()),
        _ => Found::no(answer.said()),
    }
}

fn unknown_model(answer: &Answer) -> Found {
    match answer.status {
        404 => Found::ok(answer.said()),
        200..300 => Found::no(format!("{UNKNOWN} answers: it does not look at the name")),
        _ => Found::no(answer.said()),
    }
}

fn too_many(card: &Card) -> usize {
    // Two words can be one token, but not more often than not.
    let words = card
        .context
        .map_or(MANY, |context| context.saturating_mul(2));
    usize::try_from(words.min(MOST)).unwrap_or(usize::MAX)
}

fn too_long(answer: &Answer, words: usize) -> Found {
    if !answer.is_success() {
        let said = answer.json.to_string().to_lowercase();
        let named = ["context", "length", "too long", "tokens"];
        return match (answer.status, named.iter().any(|word| said.contains(word))) {
            (400 | 413 | 422, true) => Found::ok(answer.said()),
            (400 | 413 | 422, false) => Found::no(format!("not named: {}", answer.said())),
            _ => Found::no(answer.said()),
        };
    }
    let asked = count(words, "word");
    match answer.json["usage"]["prompt_tokens"].as_u64() {
        Some(tokens) if usize::try_from(tokens).is_ok_and(|tokens| tokens < words / 4 * 3) => {
            Found::no(format!(
                "{asked} were cut to {tokens} tokens, and nothing says so"
            ))
        }
        _ => Found::unknown(format!("{asked} are not too long for it")),
    }
}

/// What an SDK needs to tell what was wrong.
fn shape(errors: &[&Answer]) -> Found {
    let shapeless = errors.iter().find(|answer| {
        let error = &answer.json["error"];
        !error["message"].is_string() || !error["type"].is_string()
    });
    match shapeless {
        _ if errors.is_empty() => Found::unknown("nothing was refused"),
        None => Found::ok(format!(
            "{} with message and type",
            count(errors.len(), "error")
        )),
        Some(answer) if answer.json.is_null() => {
            Found::no(format!("{} without JSON", answer.status))
        }
        Some(answer) => Found::no(format!("{}: {}", answer.status, answer.json)),
    }
}

/// What OpenAI's schema requires beyond that.
fn fields(errors: &[&Answer]) -> Found {
    if shape(errors).verdict != Verdict::Ok {
        return Found::unknown("see above");
    }
    let text_or_null =
        |value: Option<&Value>| value.is_some_and(|value| value.is_string() || value.is_null());
    for name in ["code", "param"] {
        let mut values = errors.iter().map(|answer| answer.json["error"].get(name));
        match values.find(|value| !text_or_null(*value)) {
            None => {}
            Some(None) => return Found::no(format!("`{name}` is missing")),
            Some(Some(value)) => {
                return Found::no(format!("`{name}` is {value}, neither text nor null"));
            }
        }
    }
    Found::ok("message, type, param, code")
}
