//! A streamed answer: straight from the worker to the client; or, where the client has given the request a key, by way of a
//! tape, from which it may be picked up again.

use axum::response::Response;
use tokio::sync::oneshot;

use super::meter::{Meter, Piece};
use crate::idempotency::{Answer, Claim, Follower, Recorder};
use crate::v1::V1;
use crate::v1::comments::Comments;
use crate::v1::dispatch;
use crate::v1::error::ApiError;
use crate::v1::events::{self, Source, Tape};
use crate::v1::exchange::Work;
use crate::v1::headers::prefer;

pub(super) async fn answer(mut work: Work) -> Response {
    let silence = work.exchange.v1.keepalive;
    let id = work.exchange.arrival.id.clone();
    let wait = work.exchange.wait;
    let ticket = work.exchange.v1.pool.ticket();
    let comments = Comments::new(ticket.clone(), silence);
    work.exchange.ticket = Some(ticket);
    let mut response = match work.claim.take() {
        None => {
            let cutting = work.exchange.v1.tasks.cutting().clone();
            let opening = async { Ok(Source::Worker(Box::new(begin(work).await?), cutting)) };
            events::open(Box::pin(opening), &id, silence, comments).await
        }
        Some(claim) => {
            let opening = recorded(work, claim);
            let opening = async {
                let begun = opening.await.unwrap_or_else(|_| Err(ApiError::internal()));
                begun.map(|follower| Source::Tape(Box::new(Tape::new(follower, None))))
            };
            events::open(Box::pin(opening), &id, silence, comments).await
        }
    };
    prefer::say_applied(&mut response, wait);
    response
}

/// Asks a worker; its answer has begun when this returns. A refusal is in the ledger by then.
async fn begin(work: Work) -> Result<Meter, ApiError> {
    let Work {
        mut exchange, call, ..
    } = work;
    let cutting = exchange.v1.tasks.cutting().clone();
    let answer = tokio::select! {
        answer = dispatch::dispatch(&mut exchange, &call) => answer,
        () = cutting.cancelled() => Err(ApiError::shutting_down()),
    };
    match answer {
        Ok(answer) => Ok(Meter::new(exchange, &call, answer)),
        Err(error) => {
            exchange
                .entry
                .close(error.status(), Some(error.code()))
                .await;
            Err(error)
        }
    }
}

/// Runs `work` in a task of its own, which goes on for a while if the client is cut off. What is received from it first is
/// the client's end of the tape.
fn recorded(work: Work, claim: Claim) -> oneshot::Receiver<Result<Follower, ApiError>> {
    let (mut begun, beginning) = oneshot::channel();
    let v1 = work.exchange.v1.clone();
    let tasks = v1.tasks.clone();
    tasks.spawn(async move {
        let grace = v1.idempotency.resume_within();
        let meter = tokio::select! {
            meter = begin(work) => meter,
            () = async { begun.closed().await; claim.abandoned(grace).await } => return,
        };
        match meter {
            Ok(meter) => {
                let (recorder, follower) = claim.record();
                // A client that has left may come back: its end of the tape is dropped, which begins its time.
                let _ = begun.send(Ok(follower));
                record(&v1, meter, &recorder, claim).await;
            }
            Err(error) => {
                claim.end(error.kept()).await;
                let _ = begun.send(Err(error));
            }
        }
    });
    beginning
}

/// Writes a stream to its tape, to its end, or until it has had no reader for long enough: then the generation is cancelled,
/// what it produced is charged, and the key is free again.
async fn record(v1: &V1, mut meter: Meter, recorder: &Recorder, claim: Claim) {
    let abandoned = recorder.abandoned(v1.idempotency.resume_within());
    tokio::pin!(abandoned);
    let last = loop {
        let piece = tokio::select! {
            piece = meter.next(v1.keepalive) => piece,
            () = &mut abandoned => return,
            () = v1.tasks.cutting().cancelled() => {
                Some(Piece::Last(meter.cut(ApiError::shutting_down())))
            }
        };
        match piece {
            Some(Piece::Silence) => {}
            Some(Piece::Events(events)) => recorder.push(&events),
            Some(Piece::Last(events)) => break events,
            None => return,
        }
    };
    // Recorded, then kept or free again, before the last of it can be seen.
    meter.close().await;
    let kept = meter.has_ended_well().then(|| Answer {
        status: 200,
        streamed: true,
        body: recorder.whole_with(&last),
    });
    claim.end(kept).await;
    recorder.end(&last, meter.ending());
    let _ = meter.next(v1.keepalive).await;
}
