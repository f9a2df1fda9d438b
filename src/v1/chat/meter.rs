//! The meter: forwards a worker's stream as it comes, finds its usage on the way, and ends exactly once.
//!
//! A stream ends well (`data: [DONE]` has come), by an error, or because the client left, which is when the meter is
//! dropped. Whichever comes first settles the admission and closes the ledger's entry; the last bytes go out after that.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::StatusCode;
use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use memchr::memmem;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::time::timeout;
use wire::Usage;
use wire::sse::{self, Framer};

use super::super::entry::Entry;
use super::super::error::ApiError;
use super::request::ChatCall;
use crate::limits::Admission;
use crate::pool::Lease;
use crate::usage::BillingBasis;

/// How long a worker may be silent before the client hears that we are still there.
const KEEPALIVE: Duration = Duration::from_secs(10);

/// How long a worker may take to close its body behind `[DONE]`.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// An event without an end; no worker of good will sends one.
const LONGEST_EVENT: usize = 16 << 20;

pub(super) struct Meter {
    /// `None` once the stream has ended.
    open: Option<Open>,
    upstream: Incoming,
    framer: Framer,
    include_usage: bool,
}

/// What is to be spent when the stream ends.
struct Open {
    entry: Entry,
    admission: Admission,
    lease: Lease,
    tally: Tally,
}

/// What was seen of the answer so far.
struct Tally {
    prompt_estimate: u64,
    /// Events that carried text: a token each, or a few.
    texts: u64,
    usage: Option<Usage>,
    finish_reason: Option<String>,
}

/// What one event means.
#[derive(Debug, PartialEq, Eq)]
enum Event {
    Done,
    /// The chunk that carries only the usage.
    UsageOnly,
    Other,
}

impl Meter {
    pub(super) fn new(
        entry: Entry,
        admission: Admission,
        lease: Lease,
        call: &ChatCall,
        upstream: Incoming,
    ) -> Self {
        let tally = Tally {
            prompt_estimate: call.prompt_estimate,
            texts: 0,
            usage: None,
            finish_reason: None,
        };
        Meter {
            open: Some(Open {
                entry,
                admission,
                lease,
                tally,
            }),
            upstream,
            framer: Framer::default(),
            include_usage: call.include_usage,
        }
    }

    pub(super) fn into_stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        unfold(self, |mut meter| async move {
            let bytes = meter.next().await?;
            Some((Ok(bytes), meter))
        })
    }

    /// The next bytes for the client, never none; `None` when all has been said.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.open.is_none() {
                // The end of the body, read too, lets the connection serve again.
                let _ = timeout(LAST_WORDS, self.upstream.frame()).await;
                return None;
            }
            let frame = match timeout(KEEPALIVE, self.upstream.frame()).await {
                Ok(frame) => frame,
                Err(_) => return Some(sse::comment("keepalive").into()),
            };
            match frame {
                Some(Ok(frame)) => {
                    let Ok(piece) = frame.into_data() else {
                        continue;
                    };
                    let (forward, done) = self.take(&piece);
                    if done {
                        self.end().await;
                    } else if self.framer.partial().len() > LONGEST_EVENT {
                        return Some(self.fail("sent an event without an end").await);
                    }
                    if !forward.is_empty() {
                        return Some(forward);
                    }
                }
                Some(Err(error)) => return Some(self.fail(&error.to_string()).await),
                None => return Some(self.fail("ended without [DONE]").await),
            }
        }
    }

    /// Reads the events that `piece` completes; gives what of them the client is to have, and whether they end it all.
    fn take(&mut self, piece: &[u8]) -> (Bytes, bool) {
        let Some(open) = &mut self.open else {
            return (Bytes::new(), false);
        };
        let mut forward = Vec::with_capacity(piece.len());
        let mut done = false;
        let include_usage = self.include_usage;
        self.framer.push(piece, |event| {
            // Nothing counts behind the end.
            if done {
                return;
            }
            let texts_before = open.tally.texts;
            let kind = open.tally.read(event);
            if open.tally.texts > texts_before {
                open.entry.first_token();
            }
            done = kind == Event::Done;
            if include_usage || kind != Event::UsageOnly {
                forward.extend_from_slice(event);
            }
        });
        (forward.into(), done)
    }

    /// The worker has said all; its record is written before the client can see the end.
    async fn end(&mut self) {
        if let Some(open) = self.open.take() {
            open.spend().close(StatusCode::OK, None).await;
        }
    }

    /// The worker broke off: the client is told in the stream, and no finish_reason is made up.
    async fn fail(&mut self, cause: &str) -> Bytes {
        let error = ApiError::upstream(
            "The worker broke off its answer. What came so far is all there is; try again.",
        );
        if let Some(open) = self.open.take() {
            open.lease.failed();
            tracing::warn!(worker = %open.lease.worker(), cause, "worker broke off a stream");
            open.spend().close(error.status(), Some(error.code())).await;
        }
        let body = serde_json::to_string(&error.body()).unwrap_or_default();
        (sse::event(&body) + &sse::event(sse::DONE)).into()
    }
}

/// The client has left. What was produced is charged; dropping the upstream, which comes next, ends the generation.
impl Drop for Meter {
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            drop(open.spend());
        }
    }
}

impl Open {
    /// Settles what was used. The entry, unless it is closed, records that the client left.
    fn spend(mut self) -> Entry {
        let (usage, basis) = self.tally.total();
        let record = self.entry.record();
        record.prompt_tokens = usage.prompt_tokens;
        record.completion_tokens = usage.completion_tokens;
        record.billing_basis = basis;
        record.finish_reason = self.tally.finish_reason.take();
        let _standing = self
            .admission
            .settle(usage.prompt_tokens + usage.completion_tokens);
        self.entry
    }
}

impl Tally {
    fn read(&mut self, event: &[u8]) -> Event {
        if string_field(event, b"\"content\"").is_some_and(|text| !text.is_empty()) {
            self.texts += 1;
        }
        if let Some(reason) = string_field(event, b"\"finish_reason\"") {
            self.finish_reason = Some(String::from_utf8_lossy(reason).into_owned());
        }
        if memmem::find(event, b"\"usage\"").is_some() {
            return self.read_usage(event);
        }
        match memmem::find(event, sse::DONE.as_bytes()) {
            Some(_) if data(event).as_deref() == Some(sse::DONE) => Event::Done,
            _ => Event::Other,
        }
    }

    fn read_usage(&mut self, event: &[u8]) -> Event {
        #[derive(Deserialize)]
        struct Chunk {
            #[serde(default)]
            choices: Vec<IgnoredAny>,
            usage: Option<Usage>,
        }
        let Some(chunk) = data(event).and_then(|data| serde_json::from_str::<Chunk>(&data).ok())
        else {
            return Event::Other;
        };
        let has_usage = chunk.usage.is_some();
        self.usage = chunk.usage.or(self.usage);
        if has_usage && chunk.choices.is_empty() {
            Event::UsageOnly
        } else {
            Event::Other
        }
    }

    /// By the worker's word, or by our own count where it did not get to say.
    fn total(&self) -> (Usage, BillingBasis) {
        match self.usage {
            Some(usage) => (usage, BillingBasis::WorkerUsage),
            None => (
                Usage::new(self.prompt_estimate, self.texts),
                BillingBasis::Counted,
            ),
        }
    }
}

fn data(event: &[u8]) -> Option<String> {
    sse::data(std::str::from_utf8(event).ok()?)
}

/// The text between the quotes of the first string-valued field `name` (given with its quotes), still escaped, up to
/// its first quote. Enough to tell empty from not, and to read a word, without parsing every token's chunk.
fn string_field<'a>(event: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let rest = &event[memmem::find(event, name)? + name.len()..];
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

    fn tally() -> Tally {
        Tally {
            prompt_estimate: 9,
            texts: 0,
            usage: None,
            finish_reason: None,
        }
    }

    #[test]
    fn events_are_told_apart() {
        let mut tally = tally();
        let role = br#"data: {"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}"#;
        assert_eq!(tally.read(role), Event::Other);
        assert_eq!(
            tally.read(br#"data: {"choices": [{"delta": {"content": "Hi [DONE]"}}]}"#),
            Event::Other
        );
        assert_eq!(
            tally.read(br#"data: {"choices":[{"delta":{},"finish_reason":"stop"}]}"#),
            Event::Other
        );
        assert_eq!(
            (tally.texts, tally.finish_reason.as_deref()),
            (1, Some("stop"))
        );
        assert_eq!(tally.total(), (Usage::new(9, 1), BillingBasis::Counted));
        let usage = br#"data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#;
        assert_eq!(tally.read(usage), Event::UsageOnly);
        assert_eq!(tally.total(), (Usage::new(3, 4), BillingBasis::WorkerUsage));
        assert_eq!(tally.read(b"data: [DONE]\n\n"), Event::Done);
    }

    #[test]
    fn usage_that_comes_with_every_chunk_is_no_chunk_of_its_own() {
        let mut tally = tally();
        let chunk = br#"data: {"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":1,"total_tokens":2}}"#;
        assert_eq!(tally.read(chunk), Event::Other);
        assert!(tally.usage.is_some());
    }
}
