//! The meter: forwards a worker's stream as it comes, counts it on the way, and ends exactly once.
//!
//! A stream ends well (`data: [DONE]` has come), by an error, or because the client left, which is when the meter is
//! dropped. Whichever comes first settles the admission and closes the ledger's entry; the last bytes go out after that.

use std::time::Duration;

use axum::http::StatusCode;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::timeout;
use wire::sse::Framer;

use super::event::{Event, Kind};
use super::tally::Tally;
use super::writer::Writer;
use crate::clock::{Clock, UnixMs};
use crate::idempotency::Ending;
use crate::pool::Lease;
use crate::v1::call::Call;
use crate::v1::dispatch::Answer;
use crate::v1::entry::Entry;
use crate::v1::error::ApiError;
use crate::v1::exchange::Exchange;

/// How long a worker may take to close its body behind `[DONE]`.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// The least that is listened for before a worker is said to be silent.
const A_MOMENT: Duration = Duration::from_secs(1);

/// An event without an end; no worker of good will sends one.
const LONGEST_EVENT: usize = 16 << 20;

pub(in crate::v1) struct Meter {
    /// `None` once the stream has ended.
    open: Option<Open>,
    upstream: Incoming,
    patience: Patience,
    framer: Framer,
    writer: Writer,
    /// `None` until all has been said; then why, if that was an error.
    ended: Option<Option<ApiError>>,
}

/// What is to be spent when the stream ends.
struct Open {
    entry: Entry,
    lease: Lease,
    tally: Tally,
}

/// How long the worker has been silent, and may be.
struct Patience {
    clock: Clock,
    heard: UnixMs,
    idle: Duration,
}

impl Patience {
    fn heard(&mut self) {
        self.heard = self.clock.now();
    }

    fn left(&self) -> Duration {
        let silent = self.clock.now().since(self.heard);
        self.idle.saturating_sub(silent)
    }

    /// How long to listen now. A client that does not read keeps us from listening too, so that what the worker has said
    /// meanwhile needs a moment to come.
    fn listens(&self, silence: Duration) -> Duration {
        match self.left() {
            left if left < A_MOMENT => A_MOMENT,
            left => silence.min(left),
        }
    }
}

/// What comes next of a stream.
pub(in crate::v1) enum Piece {
    /// Whole events, never none.
    Events(Bytes),
    /// The last of them, to be sent once [`Meter::close`] has returned.
    Last(Bytes),
    /// Nothing has come for a while.
    Silence,
}

/// How a stream goes on behind what was read of it.
enum Rest {
    More,
    Done,
    Broken(&'static str),
}

impl Meter {
    pub(super) fn new(exchange: Exchange, call: &Call, answer: Answer) -> Self {
        let Answer { lease, response } = answer;
        let mut writer = Writer::new(&exchange.arrival.id, call.include_usage);
        if lease.served_as() != call.model {
            writer.rename_model(&call.model);
        }
        let patience = Patience {
            heard: exchange.v1.clock.now(),
            clock: exchange.v1.clock.clone(),
            idle: exchange.v1.idle,
        };
        Meter {
            patience,
            open: Some(Open {
                entry: exchange.entry,
                lease,
                tally: Tally::new(call.prompt_tokens),
            }),
            upstream: response.into_body(),
            framer: Framer::default(),
            writer,
            ended: None,
        }
    }

    /// Whether all has been said.
    pub(in crate::v1) fn has_ended(&self) -> bool {
        self.ended.is_some()
    }

    /// Whether it was the worker who has said all, and not an error.
    pub(super) fn has_ended_well(&self) -> bool {
        matches!(self.ended, Some(None))
    }

    /// How it ended, for whoever follows it.
    pub(super) fn ending(&self) -> Ending {
        let error = self.ended.as_ref().and_then(Option::as_ref);
        Ending {
            status: error.map_or(StatusCode::OK, ApiError::status).as_u16(),
            error_code: error.map(|error| error.code().to_owned()),
        }
    }

    /// What the client gets next; `None` when all has been said.
    pub(in crate::v1) async fn next(&mut self, silence: Duration) -> Option<Piece> {
        loop {
            if self.ended.is_some() {
                // The end of the body, read too, lets the connection serve again.
                let _ = timeout(LAST_WORDS, self.upstream.frame()).await;
                return None;
            }
            let wait = self.patience.listens(silence);
            let Ok(frame) = timeout(wait, self.upstream.frame()).await else {
                return Some(match self.patience.left() {
                    Duration::ZERO => self.fail(vec![], "fell silent"),
                    _ => Piece::Silence,
                });
            };
            self.patience.heard();
            let piece = match frame {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(piece) => piece,
                    Err(_trailers) => continue,
                },
                Some(Err(error)) => return Some(self.fail(vec![], &error.to_string())),
                None => return Some(self.fail(vec![], "ended without [DONE]")),
            };
            let (events, rest) = self.take(&piece);
            match rest {
                Rest::Broken(cause) => return Some(self.fail(events, cause)),
                Rest::Done => return Some(self.end(events)),
                Rest::More if events.is_empty() => {}
                Rest::More => return Some(Piece::Events(events.into())),
            }
        }
    }

    /// Reads the events that `piece` completes; gives what of them the client is to have.
    fn take(&mut self, piece: &[u8]) -> (Vec<u8>, Rest) {
        let mut events = Vec::with_capacity(piece.len() + 64);
        let mut rest = Rest::More;
        let (framer, writer) = (&mut self.framer, &mut self.writer);
        let Some(open) = &mut self.open else {
            return (events, rest);
        };
        framer.push(piece, |raw| {
            // Nothing counts behind the end.
            if !matches!(rest, Rest::More) {
                return;
            }
            let event = Event::read(raw);
            match event.kind {
                Kind::Done => rest = Rest::Done,
                Kind::Error => rest = Rest::Broken("said so itself"),
                Kind::Comment => {}
                Kind::Chunk | Kind::Usage => {
                    if open.tally.count(&event) {
                        open.entry.first_token();
                    }
                }
            }
            writer.forward(&event, raw, &mut events);
        });
        if framer.partial().len() > LONGEST_EVENT {
            rest = Rest::Broken("sent an event without an end");
        }
        (events, rest)
    }

    /// The worker has said all.
    fn end(&mut self, mut events: Vec<u8>) -> Piece {
        if let Some(open) = &self.open {
            self.writer.done(open.tally.total().0, &mut events);
        }
        self.ended = Some(None);
        Piece::Last(events.into())
    }

    /// The worker broke off.
    fn fail(&mut self, events: Vec<u8>, cause: &str) -> Piece {
        if let Some(open) = &self.open {
            open.lease.failed();
            tracing::warn!(worker = %open.lease.worker(), cause, "worker broke off a stream");
        }
        let error = ApiError::upstream(
            "The worker broke off its answer. What came so far is all there is; try again.",
        );
        Piece::Last([events, self.cut(error).into()].concat().into())
    }

    /// Ends the stream with `error`: the client is told in the stream, and no finish_reason is made up.
    pub(in crate::v1) fn cut(&mut self, error: ApiError) -> Bytes {
        let told = self.writer.error(&error.body());
        self.ended = Some(Some(error));
        told
    }

    /// Settles and records a stream that has ended. The last of it may be seen when this returns, and not before.
    pub(in crate::v1) async fn close(&mut self) {
        let Some(open) = self.open.take() else {
            return;
        };
        let entry = open.spend();
        match self.ended.as_ref().and_then(Option::as_ref) {
            Some(error) => entry.close(error.status(), Some(error.code())).await,
            None => entry.close(StatusCode::OK, None).await,
        }
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
        self.entry.record().finish_reason = self.tally.take_finish_reason();
        self.entry.settle(usage, basis);
        self.entry
    }
}
