//! What a client saw of its request.

use reqwest::{Response, StatusCode};
use serde_json::Value;

use super::{DIES, WORKERS, tokens};
use crate::v1::header;

/// What a client saw of its request.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) id: String,
    pub(super) status: StatusCode,
    pub(super) streamed: bool,
    pub(super) replayed: bool,
    /// Under which the same request was sent twice.
    pub(super) key: Option<String>,
    pub(super) tokens: Vec<String>,
    pub(super) finish_reasons: Vec<String>,
    /// Codes.
    pub(super) errors: Vec<String>,
    pub(super) text: String,
}

impl Seen {
    /// Reads an answer to its end; each time that more of it has come, `heard` is told what has.
    pub(super) async fn of(mut response: Response, mut heard: impl FnMut(&str)) -> Self {
        let mut seen = Seen {
            id: header(&response, "x-request-id").to_owned(),
            status: response.status(),
            streamed: header(&response, "content-type") == "text/event-stream",
            replayed: response.headers().contains_key("idempotent-replayed"),
            ..Seen::default()
        };
        let mut bytes = vec![];
        while let Some(piece) = response.chunk().await.unwrap() {
            bytes.extend_from_slice(&piece);
            heard(&String::from_utf8_lossy(&bytes));
        }
        seen.text = String::from_utf8(bytes).unwrap();
        if !seen.streamed {
            seen.take(&seen.text.clone(), "message");
            return seen;
        }
        let events: Vec<_> = seen.text.split_terminator("\n\n").collect();
        let payload = |event: &str| Some(event.split_once("data: ")?.1.to_owned());
        let payloads: Vec<_> = events.into_iter().filter_map(payload).collect();
        let (last, others) = payloads.split_last().unwrap();
        assert_eq!(last, "[DONE]", "{}", seen.text);
        others
            .iter()
            .for_each(|payload| seen.take(payload, "delta"));
        seen
    }

    fn take(&mut self, json: &str, message: &str) {
        let part: Value = serde_json::from_str(json).unwrap();
        if let Some(code) = part["error"]["code"].as_str() {
            self.errors.push(code.to_owned());
        }
        let choice = &part["choices"][0];
        let said = choice[message]["content"].as_str().unwrap_or_default();
        self.tokens
            .extend(said.split_inclusive('>').map(str::to_owned));
        let reason = choice["finish_reason"].as_str().map(str::to_owned);
        self.finish_reasons.extend(reason);
    }

    /// Whether it is all that one of the workers says.
    pub(super) fn is_whole(&self) -> bool {
        let by_one = (0..WORKERS).any(|at| self.tokens == tokens(at));
        by_one && self.finish_reasons == ["stop"] && self.errors.is_empty()
    }

    /// Whether it is a part of what the worker said that died, and says so.
    pub(super) fn is_broken(&self) -> bool {
        let begun = tokens(DIES).starts_with(&self.tokens);
        begun && self.finish_reasons.is_empty() && self.errors == ["upstream_error"]
    }
}
