//! An answer given again: from what was kept, or along with the stream that is being made.

use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use wire::ErrorBody;

use super::events::{self, Source, Tape};
use super::exchange::Exchange;
use super::plain;
use crate::idempotency::{Answer, Answered};
use crate::usage::BillingBasis;

const REPLAYED: &str = "idempotent-replayed";

/// A stream begins behind the event `last_event_id`, where it has that.
pub(super) async fn answer(
    mut exchange: Exchange,
    answered: Answered,
    last_event_id: Option<&str>,
) -> Response {
    let record = exchange.entry.record();
    record.replayed = true;
    record.billing_basis = BillingBasis::Replay;
    let mut response = match answered {
        Answered::Before(kept) => again(exchange, kept, last_event_id).await,
        Answered::Now(follower) => {
            let Exchange { v1, entry, .. } = exchange;
            events::response(
                Source::Tape(Box::new(Tape::new(follower, Some(entry)))),
                v1.keepalive,
            )
        }
    };
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

async fn again(exchange: Exchange, kept: Answer, last_event_id: Option<&str>) -> Response {
    let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let code = status.is_client_error().then(|| code(&kept.body)).flatten();
    exchange.entry.close(status, code.as_deref()).await;
    if kept.streamed {
        events::whole(last_event_id.map_or_else(|| kept.body.clone(), |id| kept.behind(id)))
    } else {
        plain::json(status, kept.body)
    }
}

fn code(body: &Bytes) -> Option<String> {
    serde_json::from_slice::<ErrorBody>(body).ok()?.error.code
}
