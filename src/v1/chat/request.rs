//! What a chat request asks, read without rebuilding it: the client's own bytes go on to the worker.

use bytes::{Bytes, BytesMut};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use wire::{Content, Message};

use super::super::error::ApiError;

/// A valid chat request.
#[derive(Debug)]
pub(super) struct ChatCall {
    pub(super) model: String,
    pub(super) stream: bool,
    /// Whether the client wants the usage chunk at the end of its stream.
    pub(super) include_usage: bool,
    pub(super) max_tokens: Option<u64>,
    /// `n`.
    pub(super) choices: u64,
    /// Tokens of the prompt, estimated upwards.
    pub(super) prompt_estimate: u64,
    /// For the worker: as the client sent it, but that a stream asks for usage.
    pub(super) body: Bytes,
}

/// The fields that we act on, each as its own text; all others pass by.
#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    messages: Option<&'a RawValue>,
    #[serde(borrow)]
    stream: Option<&'a RawValue>,
    /// As it stands there, even where that is null: it may have to be replaced.
    #[serde(borrow, default, deserialize_with = "as_it_stands")]
    stream_options: Option<&'a RawValue>,
    #[serde(borrow)]
    max_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    max_completion_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    n: Option<&'a RawValue>,
    #[serde(borrow)]
    temperature: Option<&'a RawValue>,
    #[serde(borrow)]
    top_p: Option<&'a RawValue>,
    #[serde(borrow)]
    frequency_penalty: Option<&'a RawValue>,
    #[serde(borrow)]
    presence_penalty: Option<&'a RawValue>,
}

fn as_it_stands<'de, D: Deserializer<'de>>(input: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(input).map(Some)
}

#[derive(Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}

/// Tokens that a chat template may put around a message.
const TOKENS_AROUND_A_MESSAGE: u64 = 8;

/// Tokens in `bytes` of text, estimated upwards: tokenizers give prose three to five bytes a token.
pub(super) fn estimate(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(2)).unwrap_or(u64::MAX)
}

impl ChatCall {
    pub(super) fn parse(body: Bytes) -> Result<ChatCall, ApiError> {
        let fields: Fields<'_> =
            serde_json::from_slice(&body).map_err(|error| not_an_object(&error))?;
        let model: String = field(fields.model, "model", "the name of a model, as a string")?
            .ok_or_else(|| ApiError::missing("model"))?;
        let prompt_estimate = messages(fields.messages)?;
        let stream = field(fields.stream, "stream", "true or false")?.unwrap_or(false);
        let options: Option<StreamOptions> = field(
            fields.stream_options,
            "stream_options",
            "an object such as {\"include_usage\": true}",
        )?;
        if options.is_some() && !stream {
            return Err(ApiError::invalid(
                "stream_options",
                "left out unless `stream` is true",
            ));
        }
        let max_tokens = count(fields.max_completion_tokens, "max_completion_tokens")?
            .or(count(fields.max_tokens, "max_tokens")?);
        let choices = count(fields.n, "n")?.unwrap_or(1);
        if choices > 128 {
            return Err(ApiError::invalid("n", "at most 128"));
        }
        between(fields.temperature, "temperature", 0.0, 2.0)?;
        between(fields.top_p, "top_p", 0.0, 1.0)?;
        between(fields.frequency_penalty, "frequency_penalty", -2.0, 2.0)?;
        between(fields.presence_penalty, "presence_penalty", -2.0, 2.0)?;
        let include_usage = options
            .and_then(|options| options.include_usage)
            .unwrap_or(false);
        let body = match stream && !include_usage {
            true => with_usage(&body, fields.stream_options),
            false => body.clone(),
        };
        Ok(ChatCall {
            model,
            stream,
            include_usage,
            max_tokens,
            choices,
            prompt_estimate,
            body,
        })
    }
}

fn not_an_object(error: &serde_json::Error) -> ApiError {
    match error.classify() {
        serde_json::error::Category::Data => {
            ApiError::invalid_json("The body must be one JSON object, no field twice.")
        }
        _ => ApiError::invalid_json(format!(
            "The body is not valid JSON: it stops making sense at line {}, column {}.",
            error.line(),
            error.column()
        )),
    }
}

/// A field's value; an absent or null one is `None`.
fn field<T: DeserializeOwned>(
    raw: Option<&RawValue>,
    name: &str,
    expected: &str,
) -> Result<Option<T>, ApiError> {
    let Some(raw) = raw else {
        return Ok(None);
    };
    serde_json::from_str(raw.get()).map_err(|_| ApiError::invalid(name, expected))
}

fn count(raw: Option<&RawValue>, name: &str) -> Result<Option<u64>, ApiError> {
    let expected = "a whole number, 1 or more";
    match field::<u64>(raw, name, expected)? {
        Some(0) => Err(ApiError::invalid(name, expected)),
        count => Ok(count.map(|count| count.min(u64::from(u32::MAX)))),
    }
}

fn between(raw: Option<&RawValue>, name: &str, least: f64, most: f64) -> Result<(), ApiError> {
    let expected = format!("a number from {least} to {most}");
    match field::<f64>(raw, name, &expected)? {
        Some(number) if !(least..=most).contains(&number) => {
            Err(ApiError::invalid(name, &expected))
        }
        _ => Ok(()),
    }
}

/// Checks the messages, and estimates their tokens upwards.
fn messages(raw: Option<&RawValue>) -> Result<u64, ApiError> {
    let expected =
        "a list of at least one message, such as [{\"role\": \"user\", \"content\": \"Hello\"}]";
    let raw = raw.ok_or_else(|| ApiError::missing("messages"))?;
    let raws: Vec<&RawValue> =
        serde_json::from_str(raw.get()).map_err(|_| ApiError::invalid("messages", expected))?;
    if raws.is_empty() {
        return Err(ApiError::invalid("messages", expected));
    }
    raws.iter().enumerate().try_fold(0u64, |sum, (index, raw)| {
        Ok(sum.saturating_add(message(raw, index)?))
    })
}

#[derive(Deserialize)]
struct MessageFields<'a> {
    #[serde(borrow)]
    role: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
}

fn message(raw: &RawValue, index: usize) -> Result<u64, ApiError> {
    let path = |name: &str| format!("messages[{index}].{name}");
    if let Ok(message) = serde_json::from_str::<Message>(raw.get()) {
        let text = match &message.content {
            None => 0,
            Some(Content::Text(text)) => text.len(),
            Some(Content::Parts(parts)) => parts
                .iter()
                .map(|part| part.text.as_ref().map_or(0, String::len))
                .sum(),
        };
        return Ok(estimate(text).saturating_add(TOKENS_AROUND_A_MESSAGE));
    }
    // It is wrong somewhere; find out where.
    let fields: MessageFields<'_> = serde_json::from_str(raw.get()).map_err(|_| {
        ApiError::invalid(
            format!("messages[{index}]"),
            "an object with a `role` and a `content`",
        )
    })?;
    if fields.role.is_none() {
        return Err(ApiError::missing(&path("role")));
    }
    let roles = "one of developer, system, user, assistant, tool, function";
    field::<wire::Role>(fields.role, &path("role"), roles)?;
    field::<Content>(
        fields.content,
        &path("content"),
        "a string or a list of parts, each with a `type`",
    )?;
    Err(ApiError::invalid(format!("messages[{index}]"), "a message"))
}

/// The request with `stream_options.include_usage` set: the ledger needs the usage whether or not the client does.
fn with_usage(body: &Bytes, options: Option<&RawValue>) -> Bytes {
    const OPTIONS: &[u8] = b"{\"include_usage\":true}";
    let mut spliced = BytesMut::with_capacity(body.len() + 48);
    match options {
        Some(options) => {
            // `options` borrows from `body`, so its distance from the start is its place.
            let start = options.get().as_ptr().addr() - body.as_ptr().addr();
            spliced.extend_from_slice(&body[..start]);
            spliced.extend_from_slice(OPTIONS);
            spliced.extend_from_slice(&body[start + options.get().len()..]);
        }
        None => {
            // There is a brace, and a field behind it: `model` was found.
            let brace = body
                .iter()
                .position(|byte| *byte == b'{')
                .map_or(0, |brace| brace + 1);
            spliced.extend_from_slice(&body[..brace]);
            spliced.extend_from_slice(b"\"stream_options\":");
            spliced.extend_from_slice(OPTIONS);
            spliced.extend_from_slice(b",");
            spliced.extend_from_slice(&body[brace..]);
        }
    }
    spliced.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGES: &str = r#""messages":[{"role":"user","content":"Hello"}]"#;

    fn parse(body: &str) -> Result<ChatCall, ApiError> {
        ChatCall::parse(Bytes::copy_from_slice(body.as_bytes()))
    }

    fn refusal(body: &str) -> (String, Option<String>) {
        let detail = parse(body).unwrap_err().body().error;
        (detail.code.unwrap(), detail.param)
    }

    #[test]
    fn what_is_wrong_is_named_by_its_path() {
        let cases = [
            ("{", "invalid_json", None),
            ("[1]", "invalid_json", None),
            (r#"{"messages":[]}"#, "missing_parameter", Some("model")),
            (r#"{"model":"m"}"#, "missing_parameter", Some("messages")),
            (
                r#"{"model":3,"messages":[]}"#,
                "invalid_parameter",
                Some("model"),
            ),
            (
                r#"{"model":"m","messages":[]}"#,
                "invalid_parameter",
                Some("messages"),
            ),
            (
                r#"{"model":"m","messages":[{"content":"x"}]}"#,
                "missing_parameter",
                Some("messages[0].role"),
            ),
            (
                r#"{"model":"m","messages":[{"role":"king"}]}"#,
                "invalid_parameter",
                Some("messages[0].role"),
            ),
            (
                r#"{"model":"m","messages":[{"role":"user","content":"x"},{"role":"user","content":5}]}"#,
                "invalid_parameter",
                Some("messages[1].content"),
            ),
        ];
        for (body, code, param) in cases {
            assert_eq!(
                refusal(body),
                (code.to_owned(), param.map(str::to_owned)),
                "{body}"
            );
        }
        for (field, param) in [
            (r#""temperature":2.1"#, "temperature"),
            (r#""top_p":-1"#, "top_p"),
            (r#""max_tokens":0"#, "max_tokens"),
            (r#""max_completion_tokens":1.5"#, "max_completion_tokens"),
            (r#""n":129"#, "n"),
            (r#""stream":"yes""#, "stream"),
            (
                r#""stream_options":{"include_usage":true}"#,
                "stream_options",
            ),
        ] {
            let body = format!(r#"{{"model":"m",{MESSAGES},{field}}}"#);
            assert_eq!(
                refusal(&body),
                ("invalid_parameter".to_owned(), Some(param.to_owned())),
                "{body}"
            );
        }
    }

    #[test]
    fn a_plain_request_goes_on_as_it_came() {
        let body = format!(r#" {{"model" : "m", {MESSAGES}, "tools":[{{"x":1}}]}} "#);
        assert_eq!(parse(&body).unwrap().body, body.as_bytes());
    }

    #[test]
    fn a_stream_always_asks_for_usage_and_changes_nothing_else() {
        let with = |options: &str| format!(r#"{{"model":"m",{MESSAGES},"stream":true{options}}}"#);
        for options in [
            "",
            r#","stream_options":null"#,
            r#","stream_options":{"include_usage":false}"#,
        ] {
            let call = parse(&with(options)).unwrap();
            let sent: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
            assert_eq!(sent["stream_options"]["include_usage"], true, "{options}");
            assert_eq!(
                (sent["model"].as_str(), sent["stream"].as_bool()),
                (Some("m"), Some(true))
            );
            assert!(!call.include_usage);
        }
        let asked = with(r#","stream_options":{"include_usage":true,"x":1}"#);
        let call = parse(&asked).unwrap();
        assert_eq!(call.body, asked.as_bytes());
        assert!(call.include_usage);
    }

    #[test]
    fn the_newer_token_limit_wins_and_parts_count() {
        let call = parse(
            r#"{"model":"m","max_tokens":1,"max_completion_tokens":7,"n":3,
                "messages":[{"role":"user","content":[{"type":"text","text":"1234"},{"type":"image_url"}]}]}"#,
        )
        .unwrap();
        assert_eq!(
            (call.max_tokens, call.choices, call.prompt_estimate),
            (Some(7), 3, 10)
        );
    }
}
