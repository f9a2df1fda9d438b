//! From a model's name to a worker's answer: leases workers one after the other while no byte has gone to the client.

use std::error::Error;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use tokio::time::timeout;

use super::affinity;
use super::call::Call;
use super::error::ApiError;
use super::exchange::Exchange;
use super::headers::Phase;
use super::{naming, worker_error};
use crate::pool::{Ask, Lease, NoLease, SendError};

/// A worker's answer that has begun well, and the place that it holds.
pub(super) struct Answer {
    pub(super) lease: Lease,
    pub(super) response: hyper::Response<Incoming>,
}

/// A worker's error or plain answer is never larger.
const ANSWER_BYTES: usize = 64 << 20;

/// Sends `call` to the workers that serve its model, one after the other, until one begins to answer.
pub(super) async fn dispatch(exchange: &mut Exchange, call: &Call) -> Result<Answer, ApiError> {
    let pool = exchange.v1.pool.clone();
    if pool
        .model(&call.model)
        .is_some_and(|model| !model.can(call.target.task))
    {
        let able = pool.models_for(call.target.task);
        return Err(ApiError::wrong_model(&call.model, call.target.path, &able));
    }
    let affinity = match pool.has_affinity(&call.model) {
        true => affinity::key(&exchange.principal.account, &call.body),
        false => None,
    };
    let mut ask = Ask::new(&call.model, affinity, &exchange.principal)
        .willing_to_wait(exchange.wait)
        .with_ticket(exchange.ticket.as_ref());
    let mut last = None;
    let mut is_again = false;
    loop {
        let began = Instant::now();
        let leased = pool.lease(&mut ask).await;
        let waited = began.elapsed();
        exchange.arrival.took(Phase::Queue, waited);
        // Whoever got so far has named a model that is served.
        if matches!(leased, Ok(_) | Err(NoLease::Full { .. })) {
            exchange.v1.metrics.waited(&call.model, waited);
        }
        let lease = match leased {
            Ok(lease) => lease,
            Err(NoLease::UnknownModel) => {
                return Err(exchange.v1.no_model(&exchange.principal, &call.asked));
            }
            Err(NoLease::NoneReady { retry_after }) => {
                return Err(last.unwrap_or_else(|| ApiError::no_worker(retry_after)));
            }
            Err(NoLease::Full { retry_after }) => return Err(ApiError::queue_full(retry_after)),
            Err(NoLease::TriedEnough) => {
                return Err(last.unwrap_or_else(|| ApiError::no_worker(A_MOMENT)));
            }
        };
        if is_again {
            exchange.v1.metrics.tried_again(&call.model);
        }
        is_again = true;
        exchange.entry.asks(lease.worker().to_string());
        let began = Instant::now();
        let body = match lease.served_as() == call.asked {
            true => call.body.clone(),
            false => naming::renamed_body(&call.body, lease.served_as()),
        };
        let sent = lease.send(call.target.path, body, call.stream).await;
        exchange.arrival.took(Phase::Upstream, began.elapsed());
        last = match sent {
            Ok(response) if response.status().is_success() => {
                return Ok(Answer { lease, response });
            }
            Ok(response) if is_about_the_request(response.status()) => {
                return Err(ApiError::refused_by_worker(
                    detail(response, exchange.v1.idle).await,
                ));
            }
            Ok(response) => {
                let status = response.status().as_u16();
                tracing::warn!(request_id = %exchange.arrival.id, worker = %lease.worker(), status, "worker refused; trying another");
                match status {
                    // It is busy, as the pool knows by now, and knows for how long.
                    429 | 503 => None,
                    _ => Some(all_failed()),
                }
            }
            Err(error) => {
                let timed_out = matches!(error, SendError::Timeout | SendError::Silent);
                if timed_out {
                    ask.timed_out();
                }
                let error = &error as &dyn Error;
                tracing::warn!(request_id = %exchange.arrival.id, worker = %lease.worker(), error, "worker failed; trying another");
                Some(match timed_out {
                    true => ApiError::upstream_timeout(),
                    false => all_failed(),
                })
            }
        };
    }
}

/// Until retries are to be had again, or a worker that gave no time of its own.
const A_MOMENT: Duration = Duration::from_secs(1);

fn all_failed() -> ApiError {
    ApiError::upstream("The workers that serve this model failed. Try again in a moment.")
}

/// Whether another worker would say the same. What is wrong with our key or our address for it would not.
fn is_about_the_request(status: StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 413 | 415 | 422)
}

async fn detail(response: hyper::Response<Incoming>, idle: Duration) -> Option<wire::ErrorDetail> {
    let body = collect(response, idle).await.ok()?;
    worker_error::read(&body)
}

/// The whole of a plain answer, unless the worker is silent for `idle` before its end.
pub(super) async fn collect(
    response: hyper::Response<Incoming>,
    idle: Duration,
) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
    let mut body = Limited::new(response.into_body(), ANSWER_BYTES);
    let mut whole = vec![];
    while let Some(frame) = timeout(idle, body.frame()).await? {
        if let Ok(piece) = frame?.into_data() {
            whole.extend_from_slice(&piece);
        }
    }
    Ok(whole.into())
}
