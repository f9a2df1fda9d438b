//! `POST /v1/chat/completions`.

mod event;
mod meter;
mod request;
mod stream;
mod tally;

use axum::extract::Request;
use axum::response::Response;

use super::exchange::Exchange;
use super::plain;
pub(super) use event::Writer;
pub(super) use meter::{Meter, Piece};

pub(super) async fn create(exchange: Exchange, request: Request) -> Response {
    match exchange
        .begin(&request::TARGET, request, request::parse)
        .await
    {
        Ok(work) if work.call.stream => stream::answer(work).await,
        Ok(work) => plain::answer(work).await,
        Err(answered) => answered,
    }
}
