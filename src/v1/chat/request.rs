//! What a chat request asks, read without rebuilding it: the client's own bytes go on to the worker.

use bytes::Bytes;
use engine::Counter;
use serde::Deserialize;
use serde_json::value::RawValue;
use wire::{Message, StreamOptions, Task};

use super::answer::outcome;
use super::prompt::{self, said_beside};
use crate::pool::Pool;
use crate::principal::Endpoint;
use crate::v1::call::{Call, Target};
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
    #[serde(borrow)]
    documents: Option<&'a RawValue>,
    #[serde(borrow)]
    chat_template: Option<&'a RawValue>,
    #[serde(borrow)]
    chat_template_kwargs: Option<&'a RawValue>,
}

impl Fields<'_> {
    /// Bytes of what the model is shown beside the messages.
    fn shown_beside(&self) -> usize {
        let beside = [
            self.tools,
            self.functions,
            self.response_format,
            self.documents,
            self.chat_template,
            self.chat_template_kwargs,
        ];
        beside.iter().flatten().map(|raw| raw.get().len()).sum()
    }
}

/// Completion tokens to reserve where neither the request nor the model says how many there can be.
const RESERVED_TOKENS: u64 = 1024;
pub(super) const MOST_CHOICES: u64 = 128;

pub(in crate::v1) fn parse(pool: &Pool, body: &Bytes) -> Result<Call, ApiError> {
    let (mut call, most) = read(body)?;
    let by_model = || {
        let model = pool.model(&call.asked)?;
        model.default_max_tokens.map(u64::from)
    };
    call.completion_tokens = most
        .or_else(by_model)
        .unwrap_or(RESERVED_TOKENS)
        .saturating_mul(call.choices);
    Ok(call)
}

/// A call that does not know yet what its answer may come to, and the most tokens that are asked for by either name: a worker may
/// know the older one alone.
fn read(body: &Bytes) -> Result<(Call, Option<u64>), ApiError> {
    let fields: Fields<'_> = fields::object(body)?;
    let asked = fields::model(fields.model)?;
    let beside = estimate(fields.shown_beside());
    let prompt_tokens = prompt::messages(fields.messages)?.saturating_add(beside);
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
    let call = Call {
        // The newer name wins.
        limit: limit.or(older_limit),
        choices,
        stream,
        include_usage,
        ..Call::new(&TARGET, asked, body, prompt_tokens, Box::new(outcome))
    };
    Ok((call, limit.max(older_limit)))
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

/// A prompt of more than messages with their texts is shown as its worker sees fit, which no tokenizer can tell.
fn count(counter: &Counter, model: &str, body: &[u8]) -> Option<u64> {
    let fields: Fields<'_> = fields::object(body).ok()?;
    let raw = fields.messages?.get();
    let raws: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
    let is_all = fields.shown_beside() == 0 && raws.iter().all(|raw| said_beside(raw) == 0);
    let messages: Vec<Message> = serde_json::from_str(raw).ok().filter(|_| is_all)?;
    counter.chat(model, &messages)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const MESSAGES: &str = r#""messages":[{"role":"user","content":"Hello"}]"#;

    fn parse(body: &str) -> Result<Call, ApiError> {
        read(&Bytes::copy_from_slice(body.as_bytes())).map(|(call, _)| call)
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
    fn the_newer_token_limit_wins_and_the_larger_is_reserved() {
        let (call, most) = read(&Bytes::from_static(
            br#"{"model":"m","max_tokens":9000,"max_completion_tokens":7,"n":3,
                "messages":[{"role":"user","content":"1234"}]}"#,
        ))
        .unwrap();
        assert_eq!((call.limit, call.choices), (Some(7), 3));
        assert_eq!(most, Some(9_000));
    }
}
