//! A whole answer: taken in, settled, recorded, kept for its idempotency key, and only then sent.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tokio::sync::oneshot;
use wire::Usage;

use super::call::{Call, Outcome};
use super::dispatch::{self, Answer};
use super::error::ApiError;
use super::exchange::{Exchange, Work};
use super::fields::estimate;
use super::headers::prefer;
use super::naming;
use crate::idempotency::{self, Claim};
use crate::usage::BillingBasis;

pub(super) async fn answer(mut work: Work) -> Response {
    let wait = work.exchange.wait;
    let answered = match work.claim.take() {
        None => run(work).await,
        Some(claim) => outlasting(work, claim)
            .await
            .unwrap_or_else(|_| Err(ApiError::internal())),
    };
    let mut response = match answered {
        Ok(body) => json(StatusCode::OK, body),
        Err(error) => error.into_response(),
    };
    prefer::say_applied(&mut response, wait);
    response
}

/// Runs `work` in a task of its own: a client that is cut off comes back for its answer, and for a while that is waited for;
/// once it is back, for as long as it waits.
fn outlasting(work: Work, claim: Claim) -> oneshot::Receiver<Result<Bytes, ApiError>> {
    let (mut ended, ending) = oneshot::channel();
    let v1 = work.exchange.v1.clone();
    let grace = v1.idempotency.resume_within();
    v1.tasks.spawn(async move {
        let answered = tokio::select! {
            answered = run(work) => answered,
            () = async { ended.closed().await; claim.abandoned(grace).await } => return,
        };
        claim.end(to_keep(&answered)).await;
        let _ = ended.send(answered);
    });
    ending
}

/// A good answer is kept, and so is a worker's word that the request is bad.
fn to_keep(answered: &Result<Bytes, ApiError>) -> Option<idempotency::Answer> {
    match answered {
        Ok(body) => Some(idempotency::Answer {
            status: StatusCode::OK.as_u16(),
            streamed: false,
            body: body.clone(),
        }),
        Err(error) => error.kept(),
    }
}

/// Asks a worker, and takes in what it says. Either way the request is in the ledger when this returns.
async fn run(work: Work) -> Result<Bytes, ApiError> {
    let Work {
        mut exchange, call, ..
    } = work;
    let cutting = exchange.v1.tasks.cutting().clone();
    let answered = tokio::select! {
        answered = ask(&mut exchange, call) => answered,
        () = cutting.cancelled() => Err(ApiError::shutting_down()),
    };
    match &answered {
        Ok(_) => exchange.entry.close(StatusCode::OK, None).await,
        Err(error) => {
            exchange
                .entry
                .close(error.status(), Some(error.code()))
                .await
        }
    }
    answered
}

async fn ask(exchange: &mut Exchange, call: Call) -> Result<Bytes, ApiError> {
    let answer = dispatch::dispatch(exchange, &call).await?;
    take_in(exchange, answer, call).await
}

async fn take_in(exchange: &mut Exchange, answer: Answer, call: Call) -> Result<Bytes, ApiError> {
    let prompt_tokens = call.prompt_tokens;
    let broken = || ApiError::upstream("The worker broke off its answer. Try again.");
    let Answer { lease, response } = answer;
    let body = match dispatch::collect(response, exchange.v1.idle).await {
        Ok(body) => body,
        Err(error) => {
            lease.failed();
            tracing::warn!(worker = %lease.worker(), error = &*error as &dyn std::error::Error, "worker broke off an answer");
            return Err(broken());
        }
    };
    let Outcome {
        usage,
        finish_reason,
        generated,
        rewritten,
    } = (call.read)(&body, prompt_tokens).ok_or_else(|| {
        tracing::warn!(worker = %lease.worker(), "a worker's answer was not understood");
        broken()
    })?;
    exchange.entry.first_token();
    exchange.entry.record().finish_reason = finish_reason;
    match usage {
        Some(usage) => exchange.entry.settle(usage, BillingBasis::WorkerUsage),
        None => {
            let counted = Usage::new(prompt_tokens, estimate(generated));
            exchange.entry.settle(counted, BillingBasis::Counted);
        }
    }
    let answer = rewritten.unwrap_or(body);
    Ok(match lease.served_as() == call.model {
        true => answer,
        false => naming::renamed_body(&answer, &call.model),
    })
}

pub(super) fn json(status: StatusCode, body: Bytes) -> Response {
    let json = HeaderValue::from_static("application/json");
    (status, [(header::CONTENT_TYPE, json)], body).into_response()
}
