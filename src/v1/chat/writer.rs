//! A stream's events on their way out: numbered, and with just the usage that the client asked for. What else is in them
//! stays as the worker wrote it, byte for byte.

use std::borrow::Cow;

use bytes::Bytes;
use wire::{ChatChunk, Usage, sse};

use super::event::{self, Event, Kind};
use crate::ids::RequestId;
use crate::v1::naming::Naming;

/// Writes a stream's events as the client is to have them.
#[derive(Debug)]
pub(in crate::v1) struct Writer {
    /// What all ids of this stream begin with, so that they are told from those of another run of the same request.
    run: String,
    events: u64,
    include_usage: bool,
    sent_usage: bool,
    /// The first chunk, with what all have in common.
    head: Option<ChatChunk>,
    /// When the first chunk says that it was created.
    created: Option<String>,
    /// Calls the model in every chunk what the client calls it, where the worker does not.
    naming: Option<Naming>,
}

impl Writer {
    pub(in crate::v1) fn new(request: &RequestId, include_usage: bool) -> Self {
        let id = request.as_str();
        Writer {
            // The random end of the id.
            run: id[id.len().saturating_sub(12)..].to_owned(),
            events: 0,
            include_usage,
            sent_usage: false,
            head: None,
            created: None,
            naming: None,
        }
    }

    /// Puts `model` in the place of the worker's own name for it.
    pub(super) fn rename_model(&mut self, model: &str) {
        self.naming = Some(Naming::of(model));
    }

    /// Appends a worker's event to `out`. Its end is written by [`Writer::done`], an error by [`Writer::error`].
    pub(super) fn forward(&mut self, event: &Event<'_>, raw: &[u8], out: &mut Vec<u8>) {
        match event.kind {
            Kind::Comment => out.extend_from_slice(event::comments(raw).as_bytes()),
            Kind::Done | Kind::Error => {}
            Kind::Usage if !self.include_usage => {}
            Kind::Usage => {
                self.sent_usage = true;
                self.chunk(Cow::Borrowed(&event.payload), out);
            }
            Kind::Chunk => {
                if self.include_usage && self.head.is_none() {
                    self.head = serde_json::from_str(&event.payload).ok();
                }
                let payload = if self.include_usage {
                    event.with_usage()
                } else {
                    event.without_usage()
                };
                self.chunk(payload, out);
            }
        }
    }

    /// Ends the stream; with its usage, where the client asked for that and the worker has not said it.
    pub(super) fn done(&mut self, usage: Usage, out: &mut Vec<u8>) {
        if self.include_usage
            && !self.sent_usage
            && let Some(head) = self.head.take()
        {
            let chunk = ChatChunk {
                choices: vec![],
                usage: Some(Some(usage)),
                ..head
            };
            if let Ok(payload) = serde_json::to_string(&chunk) {
                self.chunk(payload.into(), out);
            }
        }
        self.event(sse::DONE, out);
    }

    /// Ends the stream with an error.
    pub(in crate::v1) fn error(&mut self, body: &wire::ErrorBody) -> Bytes {
        let mut out = vec![];
        self.event(&serde_json::to_string(body).unwrap_or_default(), &mut out);
        self.event(sse::DONE, &mut out);
        out.into()
    }

    /// With what all chunks have in common.
    fn chunk(&mut self, payload: Cow<'_, str>, out: &mut Vec<u8>) {
        let payload = self.created_once(payload);
        let naming = self.naming.as_mut();
        match naming.and_then(|naming| naming.renamed(&payload)) {
            Some(renamed) => self.event(&renamed, out),
            None => self.event(&payload, out),
        }
    }

    /// All chunks of an answer were created when the first was; llama.cpp takes the time for each anew.
    fn created_once<'a>(&mut self, payload: Cow<'a, str>) -> Cow<'a, str> {
        let Some((start, end)) = created(&payload) else {
            return payload;
        };
        let said = &payload[start..end];
        match &self.created {
            Some(first) if first != said => {
                Cow::Owned(format!("{}{first}{}", &payload[..start], &payload[end..]))
            }
            Some(_) => payload,
            None => {
                self.created = Some(said.to_owned());
                payload
            }
        }
    }

    fn event(&mut self, payload: &str, out: &mut Vec<u8>) {
        self.events += 1;
        let id = format!("id: {}-{}\ndata: ", self.run, self.events);
        out.extend_from_slice(id.as_bytes());
        out.extend_from_slice(payload.as_bytes());
        out.extend_from_slice(b"\n\n");
    }
}

/// Where the digits of the first field `created` begin and end. A text in the payload cannot be taken for it: its quotes are
/// escaped.
fn created(payload: &str) -> Option<(usize, usize)> {
    const NAME: &str = "\"created\":";
    let rest = payload.find(NAME)? + NAME.len();
    let start = rest + payload[rest..].len() - payload[rest..].trim_start().len();
    let digits = payload[start..].bytes().take_while(u8::is_ascii_digit);
    Some((start, start + digits.count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(include_usage: bool, events: &[&str]) -> String {
        let mut writer = Writer::new(&RequestId::from_stored("req_000000000001"), include_usage);
        let mut out = vec![];
        for raw in events {
            let event = Event::read(raw.as_bytes());
            match event.kind {
                Kind::Done => writer.done(Usage::new(3, 4), &mut out),
                _ => writer.forward(&event, raw.as_bytes(), &mut out),
            }
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn usage_is_cut_out_wherever_it_stands_and_nothing_else_is_touched() {
        let cases = [
            (
                r#"{"choices":[{"x":1}],"usage":null}"#,
                r#"{"choices":[{"x":1}]}"#,
            ),
            (
                r#"{"usage":null,"choices":[{"x":1}]}"#,
                r#"{"choices":[{"x":1}]}"#,
            ),
            (
                r#"{"a":1, "usage" : null , "choices":[{}]}"#,
                r#"{"a":1 , "choices":[{}]}"#,
            ),
            (
                r#"{"choices":[{"usage":null}],"usage":{"prompt_tokens":1,"total_tokens":1}}"#,
                r#"{"choices":[{"usage":null}]}"#,
            ),
            (
                r#"{"choices":[{"delta":{"content":",\"usage\":null}"}}]}"#,
                r#"{"choices":[{"delta":{"content":",\"usage\":null}"}}]}"#,
            ),
            (
                r#"{"choices":[{"usage":null}]}"#,
                r#"{"choices":[{"usage":null}]}"#,
            ),
        ];
        for (sent, expected) in cases {
            let event = format!("data: {sent}\n\n");
            assert_eq!(
                written(false, &[&event]),
                format!("id: 000000000001-1\ndata: {expected}\n\n")
            );
        }
    }

    #[test]
    fn who_asks_for_usage_has_it_in_every_chunk_and_once_for_all() {
        let chunk = r#"{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]"#;
        let plain = format!("data: {chunk}}}\n\n");
        let told = format!("data: {chunk},\"usage\":null}}\n\n");
        let usage = "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"total_tokens\":2}}\n\n";
        let by_worker = written(true, &[&plain, &told, usage, "data: [DONE]\n\n"]);
        assert_eq!(by_worker.matches(",\"usage\":null}").count(), 2);
        assert_eq!(by_worker.matches("\"prompt_tokens\"").count(), 1);
        let by_us = written(true, &[&plain, "data: [DONE]\n\n"]);
        assert!(
            by_us.contains(r#""model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}"#),
            "{by_us}"
        );
        let unasked = written(false, &[&plain, &told, usage, "data: [DONE]\n\n"]);
        assert!(!unasked.contains("usage"), "{unasked}");
        assert!(unasked.ends_with("id: 000000000001-3\ndata: [DONE]\n\n"));
    }

    #[test]
    fn every_chunk_was_created_when_the_first_was() {
        let events = [
            "data: {\"created\":17,\"choices\":[{}]}\n\n",
            "data: {\"choices\":[{\"delta\":{\"content\":\"\\\"created\\\":1\"}}],\"created\": 19}\n\n",
        ];
        let written = written(false, &events);
        assert!(
            written.contains(r#"\"created\":1"}}],"created": 17}"#),
            "{written}"
        );
        assert_eq!(written.matches("17").count(), 2);
    }

    #[test]
    fn every_event_has_our_id_whatever_the_worker_called_it() {
        let events = ["id: 7\nevent: x\ndata: {\"a\":\ndata: 1}\n\n", ": hm\n\n"];
        assert_eq!(
            written(false, &events),
            "id: 000000000001-1\ndata: {\"a\": 1}\n\n: hm\n\n"
        );
    }

    #[test]
    fn what_is_no_text_is_passed_on_as_a_chunk_that_is() {
        let mut writer = Writer::new(&RequestId::from_stored("req_000000000001"), false);
        writer.rename_model("ours");
        let mut out = vec![];
        let chunk =
            b"data: {\"model\":\"w\",\"choices\":[{\"delta\":{\"content\":\"a\xff\"}}]}\n\n";
        for raw in [&chunk[..], b": \xff\n\n"] {
            writer.forward(&Event::read(raw), raw, &mut out);
        }
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "id: 000000000001-1\ndata: {\"model\":\"ours\",\"choices\":[{\"delta\":{\"content\":\"a\u{fffd}\"}}]}\n\n: \u{fffd}\n\n"
        );
    }

    #[test]
    fn of_what_is_no_chunk_comments_alone_are_passed_on() {
        for (sent, expected) in [
            ("id: 7\n\n", ""),
            ("event: ping\nretry: 1\n\n", ""),
            (": a\nid: 7\n: b\n\n", ": a\n: b\n\n"),
            (": a\r\nretry: 1\r\n\r\n", ": a\n\n"),
            (": a\rid: 7\n\n", ": a\n\n"),
            (
                "data: {\"a\":1}\rid: 7\n\n",
                "id: 000000000001-1\ndata: {\"a\":1} id: 7\n\n",
            ),
        ] {
            assert_eq!(written(false, &[sent]), expected, "{sent:?}");
        }
    }

    #[test]
    fn every_chunk_has_our_name_for_the_model_and_no_text_is_taken_for_it() {
        let chunk = |model: &str| {
            format!(
                r#"{{"choices":[{{"delta":{{"content":"\"model\":\"w\"","model":"w"}}}}], "model" : {model} ,"created":1}}"#
            )
        };
        let sent = format!("data: {}\n\n", chunk(r#""w""#));
        let mut writer = Writer::new(&RequestId::from_stored("req_000000000001"), false);
        writer.rename_model("o\"ur");
        let mut out = vec![];
        writer.forward(&Event::read(sent.as_bytes()), sent.as_bytes(), &mut out);
        let expected = format!("id: 000000000001-1\ndata: {}\n\n", chunk(r#""o\"ur""#));
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
