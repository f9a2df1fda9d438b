//! Chat completions that come as a stream.

use std::time::{Duration, Instant};

use hyper::header::CONTENT_TYPE;
use serde_json::{Value, json};
use wire::sse::{self, Framer};

use super::chat;
use super::client::{CallError, Client};
use super::report::{Found, Row};
use crate::print::{count, sentence};

pub(super) struct Streamed {
    pub(super) rows: Vec<Row>,
    /// Between two pieces of text, where the worker was slow enough to tell.
    pub(super) pace: Option<Duration>,
}

/// Asks for one stream with usage, and looks at all of it.
pub(super) async fn examine(client: &Client, model: &str) -> Streamed {
    let more = json!({"stream": true, "stream_options": {"include_usage": true}});
    match Taken::from(client, &chat::body(model, more)).await {
        Ok(taken) => Streamed {
            rows: taken.rows(),
            pace: taken.pace(),
        },
        Err(error) => Streamed {
            rows: vec![Row::needed("stream", Found::no(sentence(&error)))],
            pace: None,
        },
    }
}

/// A stream as it came.
#[derive(Default)]
struct Taken {
    status: u16,
    content_type: String,
    /// The payloads of its events, `[DONE]` among them.
    payloads: Vec<String>,
    /// When each piece of text came.
    texts: Vec<Instant>,
    /// What stood behind the last whole event.
    rest: usize,
    broken: Option<CallError>,
}

impl Taken {
    async fn from(client: &Client, body: &Value) -> Result<Self, CallError> {
        let mut response = client.open(chat::PATH, body).await?;
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let mut taken = Taken {
            status: response.status().as_u16(),
            content_type: content_type.unwrap_or("none").to_owned(),
            ..Taken::default()
        };
        let mut framer = Framer::default();
        loop {
            match client.piece(&mut response).await {
                Ok(Some(piece)) => framer.push(&piece, |event| taken.take(event)),
                Ok(None) => break,
                Err(error) => {
                    taken.broken = Some(error);
                    break;
                }
            }
        }
        taken.rest = framer.partial().trim_ascii().len();
        Ok(taken)
    }

    fn take(&mut self, event: &[u8]) {
        let Some(payload) = sse::data(&String::from_utf8_lossy(event)) else {
            return;
        };
        let chunk: Value = serde_json::from_str(&payload).unwrap_or_default();
        if has_text(&chunk) {
            self.texts.push(Instant::now());
        }
        self.payloads.push(payload);
    }

    fn pace(&self) -> Option<Duration> {
        let (first, last) = (self.texts.first()?, self.texts.last()?);
        let between = u32::try_from(self.texts.len()).ok()?.checked_sub(1)?;
        last.duration_since(*first).checked_div(between)
    }

    fn rows(&self) -> Vec<Row> {
        let chunks = self.payloads.iter().filter(|payload| *payload != sse::DONE);
        let chunks: Vec<Value> = chunks
            .map(|payload| serde_json::from_str(payload).unwrap_or_default())
            .collect();
        let served = match (self.status, chunks.as_slice()) {
            (200, []) => Found::no("no event but its end"),
            (200, [first, ..]) if first["error"].is_object() => {
                Found::no(format!("an error: {}", first["error"]["message"]))
            }
            (200, _) if !self.content_type.starts_with("text/event-stream") => {
                Found::no(format!("its content type is {}", self.content_type))
            }
            (200, chunks) => Found::ok(format!(
                "{}, {}",
                self.content_type,
                count(chunks.len(), "chunk")
            )),
            (status, _) => Found::no(format!("status {status}")),
        };
        let mut rows = vec![Row::needed("stream", served)];
        if !chunks.is_empty() {
            rows.extend([
                Row::needed("stream: end", self.end()),
                Row::extra("stream: finish_reason", finish_reason(&chunks)),
                Row::extra("stream: role first", role(&chunks)),
                Row::extra("stream: one id", one_id(&chunks)),
                Row::extra("stream: usage last", usage(&chunks)),
                Row::extra("stream: usage null before", no_usage(&chunks)),
            ]);
        }
        rows
    }

    fn end(&self) -> Found {
        if let Some(error) = &self.broken {
            return Found::no(sentence(error));
        }
        let done = self
            .payloads
            .iter()
            .position(|payload| payload == sse::DONE);
        match done {
            None => Found::no("it ends without `data: [DONE]`"),
            Some(at) if at + 1 < self.payloads.len() || self.rest > 0 => {
                Found::no("something comes after `data: [DONE]`")
            }
            Some(_) => Found::ok("`data: [DONE]` is last"),
        }
    }
}

/// Whether this is a chunk with something of the answer.
pub(super) fn has_text(chunk: &Value) -> bool {
    let delta = &chunk["choices"][0]["delta"];
    let parts = ["content", "reasoning_content", "reasoning"].into_iter();
    let mut texts = parts.filter_map(|part| delta[part].as_str());
    texts.any(|text| !text.is_empty())
}

fn finish_reason(chunks: &[Value]) -> Found {
    let reasons = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["finish_reason"].as_str());
    match reasons.collect::<Vec<_>>().as_slice() {
        [] => Found::no("none"),
        [reason] => Found::ok(*reason),
        several => Found::no(format!("given {} times", several.len())),
    }
}

fn role(chunks: &[Value]) -> Found {
    let first = chunks.iter().find(|chunk| chunk["choices"][0].is_object());
    match first.and_then(|chunk| chunk["choices"][0]["delta"]["role"].as_str()) {
        Some("assistant") => Found::ok("assistant"),
        Some(other) => Found::no(format!("the first role is {other}")),
        None => Found::no("the first delta has none"),
    }
}

fn one_id(chunks: &[Value]) -> Found {
    for field in ["id", "created"] {
        let first = &chunks[0][field];
        if first.is_null() {
            return Found::no(format!("no `{field}`"));
        }
        if chunks.iter().any(|chunk| chunk[field] != *first) {
            return Found::no(format!("`{field}` changes between chunks"));
        }
    }
    Found::ok("the same id and created in every chunk")
}

fn usage(chunks: &[Value]) -> Found {
    let with_usage = chunks.iter().position(|chunk| chunk["usage"].is_object());
    let Some(at) = with_usage else {
        return Found::no("none: a gateway has to count by itself");
    };
    if at + 1 < chunks.len() {
        return Found::no(format!(
            "not only in the last chunk, but in number {}",
            at + 1
        ));
    }
    let usage = &chunks[at]["usage"];
    let tokens = ["prompt_tokens", "completion_tokens"].map(|name| usage[name].as_u64());
    match (tokens, chunks[at]["choices"].as_array()) {
        ([Some(prompt), Some(completion)], Some(choices)) if choices.is_empty() => {
            Found::ok(format!("{prompt} and {completion} tokens"))
        }
        ([Some(_), Some(_)], _) => Found::no("in the last chunk, which has choices too"),
        _ => Found::no(format!("not whole: {usage}")),
    }
}

fn no_usage(chunks: &[Value]) -> Found {
    let before = chunks.iter().filter(|chunk| !chunk["usage"].is_object());
    let absent = before.filter(|chunk| chunk.get("usage").is_none()).count();
    match absent {
        0 => Found::ok("null"),
        absent => Found::no(format!("left out in {}", count(absent, "chunk"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::report::Verdict;

    fn chunk(delta: Value, reason: Value) -> Value {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": reason});
        json!({"id": "a", "created": 1, "choices": [choice], "usage": null})
    }

    fn good() -> Vec<Value> {
        let usage = json!({"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6});
        vec![
            chunk(json!({"role": "assistant", "content": ""}), Value::Null),
            chunk(json!({"content": "Hi"}), Value::Null),
            chunk(json!({}), "stop".into()),
            json!({"id": "a", "created": 1, "choices": [], "usage": usage}),
        ]
    }

    fn all(chunks: &[Value]) -> [(Verdict, String); 5] {
        [finish_reason, role, one_id, usage, no_usage].map(|judge| {
            let Found { verdict, evidence } = judge(chunks);
            (verdict, evidence)
        })
    }

    #[test]
    fn a_good_stream_keeps_every_rule() {
        assert!(
            all(&good())
                .iter()
                .all(|(verdict, _)| *verdict == Verdict::Ok)
        );
    }

    #[test]
    fn each_rule_that_is_broken_is_told_and_no_other() {
        type Breach = (usize, fn(&mut Vec<Value>), &'static str);
        let breaches: [Breach; 10] = [
            (
                0,
                |chunks| chunks[2] = chunk(json!({}), Value::Null),
                "none",
            ),
            (
                0,
                |chunks| chunks[1] = chunk(json!({}), "stop".into()),
                "2 times",
            ),
            (
                1,
                |chunks| chunks[0] = chunk(json!({"content": ""}), Value::Null),
                "none",
            ),
            (
                1,
                |chunks| chunks[0] = chunk(json!({"role": "user"}), Value::Null),
                "user",
            ),
            (2, |chunks| chunks[1]["id"] = "b".into(), "`id` changes"),
            (
                2,
                |chunks| chunks[3]["created"] = 2.into(),
                "`created` changes",
            ),
            (3, |chunks| drop(chunks.pop()), "none"),
            (3, |chunks| chunks[1]["usage"] = json!({}), "number 2"),
            (
                3,
                |chunks| chunks[3]["choices"] = json!([{}]),
                "choices too",
            ),
            (
                4,
                |chunks| drop(chunks[1].as_object_mut().unwrap().remove("usage")),
                "1 chunk",
            ),
        ];
        for (number, breach, why) in breaches {
            let mut chunks = good();
            breach(&mut chunks);
            for (at, (verdict, evidence)) in all(&chunks).into_iter().enumerate() {
                let expected = if at == number {
                    Verdict::No
                } else {
                    Verdict::Ok
                };
                assert_eq!(verdict, expected, "{at} for {why}: {evidence}");
                assert!(at != number || evidence.contains(why), "{evidence}");
            }
        }
    }

    #[test]
    fn a_stream_ends_with_done_and_with_nothing_else() {
        let ends = |payloads: &[&str], rest| {
            let payloads = payloads.iter().map(ToString::to_string).collect();
            let taken = Taken {
                payloads,
                rest,
                ..Taken::default()
            };
            taken.end().verdict == Verdict::Ok
        };
        assert!(ends(&["{}", sse::DONE], 0));
        assert!(!ends(&["{}"], 0));
        assert!(!ends(&["{}", sse::DONE, "{}"], 0));
        assert!(!ends(&["{}", sse::DONE], 3));
    }
}
