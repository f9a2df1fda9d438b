//! Reads a streamed answer event by event, and keeps what it took.

use wire::{ChatChunk, ErrorBody, ErrorDetail, FinishReason, Usage, sse};

/// What the events of one answer have said so far, other than its text.
#[derive(Debug, Default)]
pub struct Reader {
    pub finish: Option<FinishReason>,
    pub usage: Option<Usage>,
    /// An error that the service sent in the midst of the stream.
    pub error: Option<ErrorDetail>,
    /// Whether the end was announced, and not only reached.
    pub done: bool,
    /// Where it waits for a worker, as the service last said: `position=2 estimate=5s`.
    pub place: Option<String>,
}

impl Reader {
    /// Takes the next event and gives the text that it adds.
    pub fn take(&mut self, event: &[u8]) -> String {
        let event = String::from_utf8_lossy(event);
        let Some(data) = sse::data(&event) else {
            let place = event.trim_end().strip_prefix(": queued ");
            self.place = place.map(str::to_owned);
            return String::new();
        };
        if data == sse::DONE {
            self.done = true;
            return String::new();
        }
        if let Ok(body) = serde_json::from_str::<ErrorBody>(&data) {
            self.error = Some(body.error);
            return String::new();
        }
        let Ok(chunk) = serde_json::from_str::<ChatChunk>(&data) else {
            return String::new();
        };
        self.usage = chunk.usage.flatten().or(self.usage);
        let choice = chunk.choices.into_iter().next();
        self.finish = choice
            .as_ref()
            .and_then(|choice| choice.finish_reason)
            .or(self.finish);
        choice
            .and_then(|choice| choice.delta.content)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(choices: &str, usage: &str) -> Vec<u8> {
        let head = r#""id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m""#;
        sse::event(&format!(
            "{{{head},\"choices\":{choices},\"usage\":{usage}}}"
        ))
        .into_bytes()
    }

    #[test]
    fn an_answer_is_its_deltas_its_finish_and_its_usage() {
        let mut reader = Reader::default();
        let usage = r#"{"prompt_tokens":18,"completion_tokens":3,"total_tokens":21}"#;
        let text = [
            chunk(
                r#"[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]"#,
                "null",
            ),
            chunk(
                r#"[{"index":0,"delta":{"content":"Red, "},"finish_reason":null}]"#,
                "null",
            ),
            sse::comment("keepalive").into_bytes(),
            chunk(
                r#"[{"index":0,"delta":{"content":"blue"},"finish_reason":null}]"#,
                "null",
            ),
            chunk(r#"[{"index":0,"delta":{},"finish_reason":"stop"}]"#, "null"),
            chunk("[]", usage),
            sse::event(sse::DONE).into_bytes(),
        ]
        .map(|event| reader.take(&event))
        .concat();
        assert_eq!(text, "Red, blue");
        assert_eq!(reader.finish, Some(FinishReason::Stop));
        assert_eq!(reader.usage, Some(Usage::new(18, 3)));
        assert!(reader.done && reader.error.is_none());
    }

    #[test]
    fn a_place_in_the_queue_is_told_by_a_comment() {
        let mut reader = Reader::default();
        assert_eq!(
            reader.take(sse::comment("queued position=2").as_bytes()),
            ""
        );
        assert_eq!(reader.place.as_deref(), Some("position=2"));
    }

    #[test]
    fn an_error_within_the_stream_is_kept() {
        let mut reader = Reader::default();
        let event = r#"{"error":{"message":"The worker was lost.","type":"server_error","param":null,"code":"upstream_error"}}"#;
        assert_eq!(reader.take(sse::event(event).as_bytes()), "");
        assert_eq!(
            reader.error.map(|error| error.message).as_deref(),
            Some("The worker was lost.")
        );
    }
}
