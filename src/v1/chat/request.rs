//! What a chat request asks, read without rebuilding it: the client's own bytes go on to the worker.

use bytes::Bytes;
use engine::Counter;
use serde::Deserialize;
use serde_json::value::RawValue;
use wire::{Content, ContentPart, Message, Role, StreamOptions, Task, Usage};

use crate::pool::Pool;
use crate::principal::Endpoint;
use crate::v1::call::{Call, Outcome, Target};
use crate::v1::error::ApiError;
use crate::v1::fields::{self, estimate};

pub(super) static TARGET: Target = Target {
    endpoint: Endpoint::Chat,
    task: Task::Chat,
    path: "/v1/chat/completions",
    count,
};

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
    #[serde(borrow, default, deserialize_with = "fields::as_it_stands")]
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
    // What the model is shown beside the messages.
    #[serde(borrow)]
    tools: Option<&'a RawValue>,
    #[serde(borrow)]
    functions: Option<&'a RawValue>,
    #[serde(borrow)]
    response_format: Option<&'a RawValue>,
}

/// Completion tokens to reserve where neither the request nor the model says how many there can be.
const RESERVED_TOKENS: u64 = 1024;
/// Tokens that a chat template may put around a message.
const TOKENS_AROUND_A_MESSAGE: u64 = 8;
/// Tokens that a picture, a sound or a file may come to; its address or its base64 says nothing of that.
const TOKENS_OF_A_PART: u64 = 1_500;
pub(super) const MOST_CHOICES: u64 = 128;

pub(in crate::v1) fn parse(pool: &Pool, body: &Bytes) -> Result<Call, ApiError> {
    let mut call = read(body)?;
    let by_model = || {
        let model = pool.model(&call.asked)?;
        model.default_max_tokens.map(u64::from)
    };
    call.completion_tokens = call
        .limit
        .or_else(by_model)
        .unwrap_or(RESERVED_TOKENS)
        .saturating_mul(call.choices);
    Ok(call)
}

/// A call that does not know yet what its answer may come to.
fn read(body: &Bytes) -> Result<Call, ApiError> {
    let fields: Fields<'_> = fields::object(body)?;
    let asked = fields::model(fields.model)?;
    let beside = [fields.tools, fields.functions, fields.response_format];
    let beside = beside.into_iter().flatten().map(|raw| raw.get().len());
    let prompt_tokens = messages(fields.messages)?.saturating_add(estimate(beside.sum()));
    let stream = fields::optional(fields.stream, "stream", "true or false")?.unwrap_or(false);
    let include_usage = include_usage(fields.stream_options, stream)?;
    let limit = fields::count(fields.max_completion_tokens, "max_completion_tokens")?;
    let older_limit = fields::count(fields.max_tokens, "max_tokens")?;
    let choices = fields::count(fields.n, "n")?.unwrap_or(1);
    if choices > MOST_CHOICES {
        return Err(ApiError::invalid("n", &format!("at most {MOST_CHOICES}")));
    }
    fields::between(fields.temperature, "temperature", 0.0, 2.0)?;
    fields::between(fields.top_p, "top_p", 0.0, 1.0)?;
    fields::between(fields.frequency_penalty, "frequency_penalty", -2.0, 2.0)?;
    fields::between(fields.presence_penalty, "presence_penalty", -2.0, 2.0)?;
    let body = match stream && !include_usage {
        // The ledger needs the usage whether or not the client does.
        true => fields::with_field(
            body,
            fields.stream_options,
            "stream_options",
            "{\"include_usage\":true}",
        ),
        false => body.clone(),
    };
    Ok(Call {
        // The newer name wins.
        limit: limit.or(older_limit),
        choices,
        stream,
        include_usage,
        ..Call::new(&TARGET, asked, body, prompt_tokens, Box::new(outcome))
    })
}

fn include_usage(raw: Option<&RawValue>, stream: bool) -> Result<bool, ApiError> {
    let options: Option<StreamOptions> = fields::optional(
        raw,
        "stream_options",
        "an object such as {\"include_usage\": true}",
    )?;
    if options.is_some() && !stream {
        return Err(ApiError::invalid(
            "stream_options",
            "left out unless `stream` is true",
        ));
    }
    Ok(options
        .and_then(|options| options.include_usage)
        .unwrap_or(false))
}

/// Checks the messages, and estimates their tokens upwards.
fn messages(raw: Option<&RawValue>) -> Result<u64, ApiError> {
    let expected =
        "a list of at least one message, such as [{\"role\": \"user\", \"content\": \"Hello\"}]";
    let raw = raw.ok_or_else(|| ApiError::missing("messages"))?;
    let raws = fields::list(raw, "messages", usize::MAX, expected)?;
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
        let content = match &message.content {
            // One that only calls tools says nothing.
            None if message.role == Role::Assistant => 0,
            None => return Err(ApiError::missing(&path("content"))),
            Some(Content::Text(text)) => estimate(text.len()),
            Some(Content::Parts(parts)) => {
                parts.iter().enumerate().try_fold(0, |sum, (at, each)| {
                    let text = || format!("{}[{at}].text", path("content"));
                    Ok::<u64, ApiError>(part(each, text)?.saturating_add(sum))
                })?
            }
        };
        return Ok(content.saturating_add(TOKENS_AROUND_A_MESSAGE));
    }
    // It is wrong somewhere; find out where.
    let fields: MessageFields<'_> = serde_json::from_str(raw.get()).map_err(|_| {
        ApiError::invalid(
            format!("messages[{index}]"),
            "an object with a `role` and a `content`",
        )
    })?;
    let roles = "one of developer, system, user, assistant, tool, function";
    fields::required::<Role>(fields.role, &path("role"), roles)?;
    fields::optional::<Content>(
        fields.content,
        &path("content"),
        "a string or a list of parts, each with a `type`",
    )?;
    Err(ApiError::invalid(format!("messages[{index}]"), "a message"))
}

/// `path` is that of its text.
fn part(part: &ContentPart, path: impl FnOnce() -> String) -> Result<u64, ApiError> {
    match &part.text {
        Some(text) => Ok(estimate(text.len())),
        None if part.kind == "text" => Err(ApiError::missing(&path())),
        None => Ok(TOKENS_OF_A_PART),
    }
}

fn count(counter: &Counter, model: &str, body: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Prompt {
        messages: Vec<Message>,
    }
    let prompt: Prompt = serde_json::from_slice(body).ok()?;
    counter.chat(model, &prompt.messages)
}

/// What a whole answer says of itself.
#[derive(Deserialize)]
struct Answer {
    choices: Vec<Choice>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    finish_reason: Option<String>,
    message: Option<Generated>,
}

#[derive(Deserialize)]
struct Generated {
    content: Option<String>,
}

fn outcome(body: &Bytes, _: u64) -> Option<Outcome> {
    let answer: Answer = serde_json::from_slice(body).ok()?;
    let generated = answer.choices.iter().filter_map(|choice| {
        let message = choice.message.as_ref()?;
        message.content.as_ref().map(String::len)
    });
    Some(Outcome {
        usage: answer.usage,
        generated: generated.sum(),
        finish_reason: answer
            .choices
            .into_iter()
            .find_map(|choice| choice.finish_reason),
        rewritten: None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const MESSAGES: &str = r#""messages":[{"role":"user","content":"Hello"}]"#;

    fn parse(body: &str) -> Result<Call, ApiError> {
        read(&Bytes::copy_from_slice(body.as_bytes()))
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
                r#"{"model":"m","messages":[{"role":"user"}]}"#,
                "missing_parameter",
                Some("messages[0].content"),
            ),
            (
                r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]}"#,
                "missing_parameter",
                Some("messages[0].content[0].text"),
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
            let sent: Value = serde_json::from_slice(&call.body).unwrap();
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
        let call = read(&Bytes::from_static(
            br#"{"model":"m","max_tokens":1,"max_completion_tokens":7,"n":3,
                "messages":[{"role":"user","content":[{"type":"text","text":"1234"},{"type":"image_url"}]}]}"#,
        ))
        .unwrap();
        assert_eq!((call.limit, call.choices), (Some(7), 3));
        assert_eq!(
            call.prompt_tokens,
            2 + TOKENS_OF_A_PART + TOKENS_AROUND_A_MESSAGE
        );
    }
}
