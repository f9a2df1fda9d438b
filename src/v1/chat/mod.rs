//! `POST /v1/chat/completions`.

mod answer;
mod describe;
mod event;
mod meter;
mod prompt;
mod request;
mod stream;
mod tally;
mod writer;

use axum::extract::Request;
use axum::response::Response;

use wire::ChatCompletion;

use super::exchange::Exchange;
use super::plain;
pub(super) use describe::describe_body;
pub(super) use meter::{Meter, Piece};
pub(super) use request::parse;
pub(super) use writer::Writer;

pub(super) const PATH: &str = "/chat/completions";

/// Create a chat completion
///
/// The next message of a conversation: whole, or with `stream` as events, a few letters at a time, ended by `data: [DONE]`.
/// What is not described here (tools, logprobs and the like) goes to the model's worker as it is.
#[utoipa::path(
    post,
    path = "/chat/completions",
    operation_id = "createChatCompletion",
    tag = "Chat",
    responses((status = 200, description = "The completion.", content(
        (ChatCompletion = "application/json"),
        (String = "text/event-stream"),
    ))),
)]
pub(super) async fn create(exchange: Exchange, request: Request) -> Response {
    match exchange.begin(&request::TARGET, request, parse).await {
        Ok(work) if work.call.stream => stream::answer(work).await,
        Ok(work) => plain::answer(work).await,
        Err(answered) => answered,
    }
}
