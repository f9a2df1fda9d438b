//! What was seen of a stream so far, for the ledger: by the worker's word, or by our own count.

use memchr::memmem;
use wire::Usage;

use super::event::Event;
use crate::usage::BillingBasis;

#[derive(Debug)]
pub(super) struct Tally {
    prompt_tokens: u64,
    /// Events that carried something generated: a token each, or a few.
    generated: u64,
    usage: Option<Usage>,
    finish_reason: Option<String>,
}

/// The fields of a chunk's delta that a token may be in.
const GENERATED: [&[u8]; 4] = [
    b"\"content\"",
    b"\"reasoning_content\"",
    b"\"arguments\"",
    b"\"refusal\"",
];

impl Tally {
    /// Begins with the prompt's tokens, counted or estimated.
    pub(super) fn new(prompt_tokens: u64) -> Self {
        Tally {
            prompt_tokens,
            generated: 0,
            usage: None,
            finish_reason: None,
        }
    }

    /// Counts a chunk; says whether anything generated was in it.
    pub(super) fn count(&mut self, event: &Event<'_>) -> bool {
        let payload = event.payload.as_bytes();
        self.usage = event.usage.or(self.usage);
        if let Some(reason) = string_field(payload, b"\"finish_reason\"") {
            self.finish_reason = Some(String::from_utf8_lossy(reason).into_owned());
        }
        let generated = GENERATED
            .iter()
            .any(|name| string_field(payload, name).is_some_and(|text| !text.is_empty()));
        self.generated += u64::from(generated);
        generated
    }

    /// The tokens, and who counted them.
    pub(super) fn total(&self) -> (Usage, BillingBasis) {
        match self.usage {
            Some(usage) => (usage, BillingBasis::WorkerUsage),
            None => (
                Usage::new(self.prompt_tokens, self.generated),
                BillingBasis::Counted,
            ),
        }
    }

    pub(super) fn take_finish_reason(&mut self) -> Option<String> {
        self.finish_reason.take()
    }
}

/// The text between the quotes of the first string-valued field `name` (given with its quotes), still escaped, up to
/// its first quote. Enough to tell empty from not, and to read a word, without parsing every token's chunk.
fn string_field<'a>(payload: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let rest = &payload[memmem::find(payload, name)? + name.len()..];
    let rest = rest
        .trim_ascii_start()
        .strip_prefix(b":")?
        .trim_ascii_start()
        .strip_prefix(b"\"")?;
    Some(&rest[..memchr::memchr(b'"', rest)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(tally: &mut Tally, payload: &str) -> bool {
        tally.count(&Event::read(format!("data: {payload}\n\n").as_bytes()))
    }

    #[test]
    fn what_carries_text_is_counted_until_the_worker_says_better() {
        let mut tally = Tally::new(9);
        let role = r#"{"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}"#;
        assert!(!count(&mut tally, role));
        assert!(count(
            &mut tally,
            r#"{"choices": [{"delta": {"content": "Hi"}}]}"#
        ));
        assert!(count(
            &mut tally,
            r#"{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"{"}}]}}]}"#
        ));
        assert!(!count(
            &mut tally,
            r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#
        ));
        assert_eq!(tally.total(), (Usage::new(9, 2), BillingBasis::Counted));
        count(
            &mut tally,
            r#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#,
        );
        assert_eq!(tally.total(), (Usage::new(3, 4), BillingBasis::WorkerUsage));
        assert_eq!(tally.take_finish_reason().as_deref(), Some("stop"));
    }

    #[test]
    fn usage_that_comes_with_every_chunk_is_taken_and_the_text_counted() {
        let mut tally = Tally::new(9);
        let chunk = r#"{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":1,"total_tokens":2}}"#;
        assert!(count(&mut tally, chunk));
        assert_eq!(tally.total().1, BillingBasis::WorkerUsage);
    }
}
