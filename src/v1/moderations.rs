//! `POST /v1/moderate`, and `POST /v1/moderations`, its alias, which OpenAI's SDKs call.

use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use engine::Counter;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use wire::{MOST_TEXTS, ModerationInput, ModerationResponse, PromptUsage, Task, Usage};

use super::call::{Call, Outcome, Target};
use super::error::ApiError;
use super::exchange::Exchange;
use super::fields::{self, estimate};
use super::plain;
use crate::pool::Pool;
use crate::principal::Endpoint;

static TARGET: Target = Target {
    endpoint: Endpoint::Moderations,
    task: Task::Moderation,
    path: "/v1/moderations",
    count,
};

pub(super) const PATH: &str = "/moderate";
pub(super) const ALIAS: &str = "/moderations";

/// Moderate texts
///
/// Whether texts are harmful, in OpenAI's thirteen categories. A model's card says which of them it can tell; others it scores 0.
#[utoipa::path(
    post,
    path = "/moderate",
    operation_id = "moderate",
    tag = "Moderation",
    responses((status = 200, description = "What was found, for each text.", body = ModerationResponse)),
)]
pub(super) async fn create(exchange: Exchange, request: Request) -> Response {
    match exchange.begin(&TARGET, request, parse).await {
        Ok(work) => plain::answer(work).await,
        Err(answered) => answered,
    }
}

/// Moderate texts, as OpenAI's SDKs call it
///
/// The same as `POST /v1/moderate`.
#[utoipa::path(
    post,
    path = "/moderations",
    operation_id = "createModeration",
    tag = "Moderation",
    responses((status = 200, description = "What was found, for each text.", body = ModerationResponse)),
)]
pub(super) async fn create_by_alias(exchange: Exchange, request: Request) -> Response {
    create(exchange, request).await
}

#[derive(Deserialize)]
struct Fields<'a> {
    /// As it stands there, even where that is null: it may have to be replaced.
    #[serde(borrow, default, deserialize_with = "fields::as_it_stands")]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
}

pub(super) fn parse(pool: &Pool, body: &Bytes) -> Result<Call, ApiError> {
    let fields: Fields<'_> = fields::object(body)?;
    let asked = fields::optional::<String>(fields.model, "model", fields::MODEL)?;
    let input = fields.input.ok_or_else(|| ApiError::missing("input"))?;
    let prompt_tokens = tokens_of_input(input)?;
    let (model, body) = match asked {
        Some(model) => (model, body.clone()),
        None => {
            let able = pool.models_for(Task::Moderation).into_iter().next();
            let model = able.ok_or_else(ApiError::no_moderation)?;
            let name = Value::from(model.as_str()).to_string();
            let body = fields::with_field(body, fields.model, "model", &name);
            (model, body)
        }
    };
    let read = Box::new(outcome);
    Ok(Call::new(&TARGET, model, body, prompt_tokens, read))
}

const INPUT: &str = "a string, or a list of strings";

/// Checks the input, and estimates its tokens upwards.
fn tokens_of_input(raw: &RawValue) -> Result<u64, ApiError> {
    let tokens = |raw: &RawValue, path: &str, expected| {
        fields::required::<String>(Some(raw), path, expected).map(|text| estimate(text.len()))
    };
    if !fields::begins_with(raw, '[') {
        return tokens(raw, "input", INPUT);
    }
    let items = fields::list(raw, "input", MOST_TEXTS, INPUT)?;
    items.iter().enumerate().try_fold(0u64, |sum, (at, item)| {
        let tokens = tokens(
            item,
            &format!("input[{at}]"),
            "a string: this reads text alone",
        )?;
        Ok(sum.saturating_add(tokens))
    })
}

/// For the API's description: what [`parse`] takes.
pub(super) fn describe_body() -> Value {
    let text = json!({ "type": "string" });
    let schema = json!({
        "type": "object",
        "required": ["input"],
        "properties": {
            "model": { "type": ["string", "null"], "description": "The first model that moderates, where it is left out.", "examples": ["toxic-bilstm"] },
            "input": { "description": "One text or several; each has a result of its own.", "anyOf": [
                text,
                { "type": "array", "minItems": 1, "maxItems": MOST_TEXTS, "items": text },
            ]},
        },
    });
    let example = json!({ "input": ["You are so kind.", "You are so dumb and stupid!"] });
    json!({ "schema": schema, "examples": { "texts": { "value": example } } })
}

fn count(counter: &Counter, model: &str, body: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Prompt {
        input: ModerationInput,
    }
    let prompt: Prompt = serde_json::from_slice(body).ok()?;
    let texts: Vec<&str> = match &prompt.input {
        ModerationInput::Text(text) => vec![text],
        ModerationInput::Texts(texts) => texts.iter().map(String::as_str).collect(),
    };
    counter.moderation(model, &texts)
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(rename = "results")]
    _results: Vec<IgnoredAny>,
    /// As it stands there, even where that is null: it may have to be replaced.
    #[serde(borrow, default, deserialize_with = "fields::as_it_stands")]
    usage: Option<&'a RawValue>,
}

/// OpenAI's own answer has no usage; a worker that follows it to the letter is counted for.
fn outcome(body: &Bytes, prompt_tokens: u64) -> Option<Outcome> {
    let answer: Answer<'_> = serde_json::from_slice(body).ok()?;
    let told = answer.usage.map(RawValue::get);
    let told = told.and_then(|usage| serde_json::from_str::<PromptUsage>(usage).ok());
    let rewritten = match told {
        Some(_) => None,
        None => {
            let usage = serde_json::to_string(&PromptUsage::new(prompt_tokens)).ok()?;
            Some(fields::with_field(body, answer.usage, "usage", &usage))
        }
    };
    Some(Outcome {
        usage: told.map(|usage| Usage::new(usage.prompt_tokens, 0)),
        rewritten,
        ..Outcome::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_an_input_is_named_by_its_path() {
        let param = |json: &str| {
            let raw = RawValue::from_string(json.to_owned()).unwrap();
            tokens_of_input(&raw)
                .err()
                .and_then(|error| error.body().error.param)
        };
        for (json, wrong) in [
            ("5", "input"),
            ("null", "input"),
            ("[]", "input"),
            (r#"["a",{"type":"image_url"}]"#, "input[1]"),
        ] {
            assert_eq!(param(json).as_deref(), Some(wrong), "{json}");
        }
        for good in [r#""""#, r#"["a","b"]"#] {
            assert_eq!(param(good), None, "{good}");
        }
    }

    #[test]
    fn usage_is_put_where_a_worker_has_none_that_can_be_read() {
        let ours = r#""usage":{"prompt_tokens":9,"total_tokens":9}"#;
        let bare = r#"{"id":"modr-1","results":[]}"#;
        let put = format!(r#"{{{ours},"id":"modr-1","results":[]}}"#);
        let cases = [(bare.to_owned(), put)];
        let with = |usage: &str| format!(r#"{{"id":"modr-1",{usage},"results":[]}}"#);
        let others = ["null", "{}", r#"{"total_tokens":1}"#, "[]"].map(|usage| {
            let theirs = with(&format!(r#""usage":{usage}"#));
            (theirs, with(ours))
        });
        for (theirs, expected) in cases.into_iter().chain(others) {
            let outcome = outcome(&Bytes::from(theirs), 9).unwrap();
            assert_eq!(outcome.usage, None);
            assert_eq!(outcome.rewritten.unwrap(), expected);
        }
    }
}
