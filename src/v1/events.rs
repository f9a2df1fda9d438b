//! The body of a streamed answer: events from wherever they come, and comments while nothing does.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::unfold;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::chat::{Meter, Piece, Writer};
use super::comments::{Comments, keepalive};
use super::entry::Entry;
use super::error::ApiError;
use crate::idempotency::{self, Follower};
use crate::ids::RequestId;

/// Where the events come from.
pub(super) enum Source {
    /// A worker, through the meter; told when the service can wait for it no longer.
    Worker(Box<Meter>, CancellationToken),
    /// A tape.
    Tape(Box<Tape>),
}

/// The tape of a stream, read for a client.
pub(super) struct Tape {
    follower: Follower,
    /// Of a request that follows another's stream; closed before the last event goes out.
    entry: Option<Entry>,
    ended: bool,
}

impl Tape {
    pub(super) fn new(follower: Follower, entry: Option<Entry>) -> Self {
        Tape {
            follower,
            entry,
            ended: false,
        }
    }
}

/// A stream that may still come to nothing.
pub(super) type Opening = Pin<Box<dyn Future<Output = Result<Source, ApiError>> + Send>>;

/// Answers with the stream once it has begun, or with why it has not; but after `silence` with its head alone, so that
/// nobody between us and the client takes the connection for dead. What goes wrong then is said in the stream.
pub(super) async fn open(
    mut opening: Opening,
    id: &RequestId,
    silence: Duration,
    comments: Comments,
) -> Response {
    match timeout(silence, &mut opening).await {
        Ok(Ok(source)) => response(source, silence),
        Ok(Err(error)) => error.into_response(),
        Err(_) => {
            let silent = Silent {
                opening,
                id: id.clone(),
                comments,
            };
            streamed(Stage::Begun(silent), silence)
        }
    }
}

pub(super) fn response(source: Source, silence: Duration) -> Response {
    streamed(Stage::Flowing(source), silence)
}

/// A stream that is over already.
pub(super) fn whole(events: Bytes) -> Response {
    head(Body::from(events))
}

enum Stage {
    /// The head has gone out, and nothing else.
    Begun(Silent),
    Silent(Silent),
    Flowing(Source),
    Ended,
}

/// A stream that has not begun, and what its client hears meanwhile.
struct Silent {
    opening: Opening,
    id: RequestId,
    comments: Comments,
}

fn streamed(stage: Stage, silence: Duration) -> Response {
    let events = unfold(stage, move |stage| async move {
        let (bytes, stage) = step(stage, silence).await?;
        Some((Ok::<_, Infallible>(bytes), stage))
    });
    head(Body::from_stream(events))
}

async fn step(mut stage: Stage, silence: Duration) -> Option<(Bytes, Stage)> {
    loop {
        stage = match stage {
            Stage::Begun(mut silent) => {
                return Some((silent.comments.now(), Stage::Silent(silent)));
            }
            Stage::Silent(mut silent) => tokio::select! {
                biased;
                opened = &mut silent.opening => match opened {
                    Ok(source) => Stage::Flowing(source),
                    Err(error) => {
                        let told = Writer::new(&silent.id, false).error(&error.body());
                        return Some((told, Stage::Ended));
                    }
                },
                comment = silent.comments.next() => {
                    return Some((comment, Stage::Silent(silent)));
                }
            },
            Stage::Flowing(mut source) => {
                let bytes = source.next(silence).await?;
                return Some((bytes, Stage::Flowing(source)));
            }
            Stage::Ended => return None,
        }
    }
}

impl Source {
    /// The next bytes for the client, never none; `None` when all has been said.
    async fn next(&mut self, silence: Duration) -> Option<Bytes> {
        match self {
            Source::Worker(meter, cutting) => {
                let piece = tokio::select! {
                    piece = meter.next(silence) => piece?,
                    () = cutting.cancelled(), if !meter.has_ended() => {
                        Piece::Last(meter.cut(ApiError::shutting_down()))
                    }
                };
                Some(match piece {
                    Piece::Events(events) => events,
                    Piece::Silence => keepalive(),
                    Piece::Last(events) => {
                        meter.close().await;
                        events
                    }
                })
            }
            Source::Tape(tape) => tape.next(silence).await,
        }
    }
}

impl Tape {
    async fn next(&mut self, silence: Duration) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        let Ok(piece) = timeout(silence, self.follower.next()).await else {
            return Some(keepalive());
        };
        match piece {
            Some(idempotency::Piece { events, last: None }) => Some(events),
            Some(idempotency::Piece {
                events,
                last: Some(ending),
            }) => {
                let status = StatusCode::from_u16(ending.status)
                    .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                self.end(status, ending.error_code.as_deref()).await;
                Some(events).filter(|events| !events.is_empty())
            }
            // Whoever wrote it is gone, and has not said why.
            None => {
                let error = ApiError::internal();
                self.end(error.status(), Some(error.code())).await;
                Some(Writer::new(&RequestId::new(), false).error(&error.body()))
            }
        }
    }

    async fn end(&mut self, status: StatusCode, code: Option<&str>) {
        self.ended = true;
        if let Some(entry) = self.entry.take() {
            entry.close(status, code).await;
        }
    }
}

fn head(body: Body) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        // nginx would otherwise gather events until its buffer is full.
        (
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ];
    (headers, body).into_response()
}
