//! Reads a streamed answer event by event, and keeps what it took.

use wire::{ChatChunk, ErrorBody, ErrorDetail, FinishReason, Usage, sse};

/// What the events of one answer have said so far, other than its text.
#[derive(Debug, Default)]
pub struct Answer {
    pub finish: Option<FinishReason>,
    pub usage: Option<Usage>,
    /// An error that the service sent in the midst of the stream.
    pub error: Option<ErrorDetail>,
    /// Whether the end was announced, and not only reached.
    pub done: bool,
}

impl Answer {
    /// Takes the next event and gives the text that it adds.
    pub fn take(&mut self, event: &[u8]) -> String {
        let event = String::from_utf8_lossy(event);
        let Some(data) = sse::data(&event) else {
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

/// What an answer took, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Milliseconds from sending to the first text.
    pub first_text_ms: Option<f64>,
    /// Milliseconds from the first text to the last.
    pub streaming_ms: f64,
    pub usage: Option<Usage>,
    pub finish: Option<FinishReason>,
    pub request_id: Option<String>,
}

impl Figures {
    /// Those that are known, as words: `TTFT 180 ms`, `61 tok/s`, `18 in`, `212 out`, `stopped by itself`.
    pub fn words(&self) -> Vec<String> {
        let first = self.first_text_ms.map(|ms| format!("TTFT {ms:.0} ms"));
        let speed = self
            .tokens_per_second()
            .map(|speed| format!("{speed:.0} tok/s"));
        let tokens = self.usage.map(|usage| {
            [
                format!("{} in", usage.prompt_tokens),
                format!("{} out", usage.completion_tokens),
            ]
        });
        let finish = self
            .finish
            .map(|finish| format!("finish: {}", finish_word(finish)));
        first
            .into_iter()
            .chain(speed)
            .chain(tokens.into_iter().flatten())
            .chain(finish)
            .collect()
    }

    /// The first token came with the waiting, so it does not count for the speed.
    fn tokens_per_second(&self) -> Option<f64> {
        let tokens = self
            .usage?
            .completion_tokens
            .checked_sub(1)
            .filter(|tokens| *tokens > 0)?;
        (self.streaming_ms > 0.0).then(|| tokens as f64 * 1000.0 / self.streaming_ms)
    }
}

/// As the API writes it.
const fn finish_word(finish: FinishReason) -> &'static str {
    match finish {
        FinishReason::Stop => "stop",
        FinishReason::Length => "length",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::ContentFilter => "content_filter",
        FinishReason::FunctionCall => "function_call",
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
        let mut answer = Answer::default();
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
        .map(|event| answer.take(&event))
        .concat();
        assert_eq!(text, "Red, blue");
        assert_eq!(answer.finish, Some(FinishReason::Stop));
        assert_eq!(answer.usage, Some(Usage::new(18, 3)));
        assert!(answer.done && answer.error.is_none());
    }

    #[test]
    fn an_error_within_the_stream_is_kept() {
        let mut answer = Answer::default();
        let event = r#"{"error":{"message":"The worker was lost.","type":"server_error","param":null,"code":"upstream_error"}}"#;
        assert_eq!(answer.take(sse::event(event).as_bytes()), "");
        assert_eq!(
            answer.error.map(|error| error.message).as_deref(),
            Some("The worker was lost.")
        );
    }

    #[test]
    fn speed_counts_what_came_after_the_first_token() {
        let figures = Figures {
            first_text_ms: Some(180.4),
            streaming_ms: 1000.0,
            usage: Some(Usage::new(18, 62)),
            finish: Some(FinishReason::Length),
            request_id: None,
        };
        assert_eq!(
            figures.words(),
            [
                "TTFT 180 ms",
                "61 tok/s",
                "18 in",
                "62 out",
                "finish: length"
            ]
        );
        assert_eq!(Figures::default().words(), Vec::<String>::new());
    }
}
