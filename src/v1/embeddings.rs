//! `POST /v1/embeddings`.

use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use engine::Counter;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use wire::{EmbeddingInput, EmbeddingResponse, EncodingFormat, MOST_INPUTS, Task, Usage};

use super::call::{Call, Outcome, Target};
use super::error::ApiError;
use super::exchange::Exchange;
use super::fields::{self, estimate};
use super::plain;
use crate::pool::Pool;
use crate::principal::Endpoint;

static TARGET: Target = Target {
    endpoint: Endpoint::Embeddings,
    task: Task::Embeddings,
    path: "/v1/embeddings",
    count,
};

/// Tokens that a model may put around a text.
const TOKENS_AROUND_A_TEXT: u64 = 2;

pub(super) const PATH: &str = "/embeddings";

/// Create embeddings
///
/// A vector for each text, in the order of the input. Texts with like meanings have vectors that point alike.
#[utoipa::path(
    post,
    path = "/embeddings",
    operation_id = "createEmbedding",
    tag = "Embeddings",
    responses((status = 200, description = "The vectors.", body = EmbeddingResponse)),
)]
pub(super) async fn create(exchange: Exchange, request: Request) -> Response {
    match exchange.begin(&TARGET, request, parse).await {
        Ok(work) => plain::answer(work).await,
        Err(answered) => answered,
    }
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(borrow)]
    encoding_format: Option<&'a RawValue>,
    #[serde(borrow)]
    dimensions: Option<&'a RawValue>,
}

pub(super) fn parse(_: &Pool, body: &Bytes) -> Result<Call, ApiError> {
    let fields: Fields<'_> = fields::object(body)?;
    let asked = fields::model(fields.model)?;
    let input = fields.input.ok_or_else(|| ApiError::missing("input"))?;
    let prompt_tokens = tokens_of_input(input)?;
    fields::optional::<EncodingFormat>(
        fields.encoding_format,
        "encoding_format",
        "`float` or `base64`",
    )?;
    fields::count(fields.dimensions, "dimensions")?;
    let read = Box::new(outcome);
    Ok(Call::new(&TARGET, asked, body.clone(), prompt_tokens, read))
}

const INPUT: &str = "a string, a list of strings, a list of tokens, or a list of lists of tokens, none of them empty";

/// Checks the input, and estimates its tokens upwards.
fn tokens_of_input(raw: &RawValue) -> Result<u64, ApiError> {
    if fields::begins_with(raw, '"') {
        return text(raw, "input".into());
    }
    let items = fields::list(raw, "input", MOST_INPUTS, INPUT)?;
    let numbers = !fields::begins_with(items[0], '"') && !fields::begins_with(items[0], '[');
    if numbers {
        return tokens(&items, "input");
    }
    let of_text = fields::begins_with(items[0], '"');
    items.iter().enumerate().try_fold(0u64, |sum, (at, item)| {
        let path = format!("input[{at}]");
        let tokens = if of_text {
            text(item, path)?
        } else {
            let list: Vec<&RawValue> = serde_json::from_str(item.get())
                .map_err(|_| ApiError::invalid(&path, "a list of tokens, as the first is"))?;
            tokens(&list, &path)?
        };
        Ok(sum.saturating_add(tokens))
    })
}

fn text(raw: &RawValue, path: String) -> Result<u64, ApiError> {
    match serde_json::from_str::<String>(raw.get()) {
        Ok(text) if !text.is_empty() => Ok(estimate(text.len()) + TOKENS_AROUND_A_TEXT),
        _ => Err(ApiError::invalid(path, "a string that is not empty")),
    }
}

/// One text, as its tokens.
fn tokens(list: &[&RawValue], path: &str) -> Result<u64, ApiError> {
    if list.is_empty() {
        return Err(ApiError::invalid(path, "a list of at least one token"));
    }
    for (at, token) in list.iter().enumerate() {
        serde_json::from_str::<u32>(token.get())
            .map_err(|_| ApiError::invalid(format!("{path}[{at}]"), "a token: a whole number"))?;
    }
    let count = u64::try_from(list.len()).unwrap_or(u64::MAX);
    Ok(count.saturating_add(TOKENS_AROUND_A_TEXT))
}

/// For the API's description: what [`parse`] takes.
pub(super) fn describe_body() -> Value {
    let text = json!({ "type": "string", "minLength": 1 });
    let token = json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX });
    let list = |items: &Value, most| json!({ "type": "array", "minItems": 1, "maxItems": most, "items": items });
    let tokens = json!({ "type": "array", "minItems": 1, "items": token });
    let schema = json!({
        "type": "object",
        "required": ["model", "input"],
        "properties": {
            "model": { "type": "string", "description": "A model's id, as GET /v1/models lists them.", "examples": ["all-minilm-l6-v2"] },
            "input": {
                "description": "One text or several, as text or as the model's own tokens.",
                "anyOf": [text, list(&text, MOST_INPUTS), list(&token, MOST_INPUTS), list(&tokens, MOST_INPUTS)],
            },
            "encoding_format": {
                "description": "`float`, or `base64`: 32-bit floats, little-endian, one after the other.",
                "enum": ["float", "base64", null],
            },
            "dimensions": {
                "type": ["integer", "null"], "minimum": 1, "maximum": fields::MOST,
                "description": "The length of each vector; only where the model can give others than its own.",
            },
        },
    });
    let example = json!({ "model": "all-minilm-l6-v2", "input": ["The weather is lovely today."] });
    json!({ "schema": schema, "examples": { "sentence": { "value": example } } })
}

fn count(counter: &Counter, model: &str, body: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Prompt {
        input: EmbeddingInput,
    }
    let prompt: Prompt = serde_json::from_slice(body).ok()?;
    counter.embeddings(model, &prompt.input)
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "data")]
    _data: Vec<IgnoredAny>,
    #[serde(default, deserialize_with = "fields::if_readable")]
    usage: Option<Usage>,
}

/// The vectors go to the client as the worker wrote them.
fn outcome(body: &Bytes, _: u64) -> Option<Outcome> {
    let answer: Answer = serde_json::from_slice(body).ok()?;
    Some(Outcome {
        usage: answer.usage,
        ..Outcome::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(json: &str) -> Result<u64, Option<String>> {
        let raw = RawValue::from_string(json.to_owned()).unwrap();
        tokens_of_input(&raw).map_err(|error| error.body().error.param)
    }

    #[test]
    fn every_form_of_input_is_counted() {
        assert_eq!(input(r#""1234""#), Ok(4));
        assert_eq!(input(r#"["1234","12"]"#), Ok(4 + 3));
        assert_eq!(input("[1,2,3]"), Ok(5));
        assert_eq!(input("[[1,2,3],[4]]"), Ok(5 + 3));
    }

    #[test]
    fn what_is_wrong_with_an_input_is_named_by_its_path() {
        let cases = [
            ("5", "input"),
            ("{}", "input"),
            ("[]", "input"),
            (r#""""#, "input"),
            (r#"["a",""]"#, "input[1]"),
            (r#"["a",1]"#, "input[1]"),
            (r#"["a",["b"]]"#, "input[1]"),
            ("[1,-2]", "input[1]"),
            ("[1,1.5]", "input[1]"),
            ("[true]", "input[0]"),
            ("[[1],[]]", "input[1]"),
            ("[[1],2]", "input[1]"),
            (r#"[[1,"a"]]"#, "input[0][1]"),
            ("[null]", "input[0]"),
        ];
        for (json, param) in cases {
            assert_eq!(input(json), Err(Some(param.to_owned())), "{json}");
        }
        let many = format!("[{}]", vec![r#""a""#; MOST_INPUTS + 1].join(","));
        assert_eq!(input(&many), Err(Some("input".to_owned())));
    }

    #[test]
    fn an_answer_is_good_whatever_its_usage_looks_like() {
        for usage in ["null", "{}", r#"{"prompt_tokens":3}"#, "7"] {
            let body = format!(r#"{{"data":[],"usage":{usage}}}"#);
            let outcome = outcome(&Bytes::from(body), 0);
            assert_eq!(outcome.map(|outcome| outcome.usage), Some(None), "{usage}");
        }
    }
}
