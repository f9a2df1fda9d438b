//! A whole answer: taken in, settled, kept for its idempotency key, recorded, and only then sent.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use wire::Usage;

use super::call::{Outcome, Read};
use super::dispatch::{self, Answer};
use super::error::ApiError;
use super::exchange::{Exchange, Work};
use super::fields::estimate;
use crate::idempotency;
use crate::limits::Admission;
use crate::usage::BillingBasis;

pub(super) async fn answer(work: Work) -> Response {
    let Work {
        mut exchange,
        call,
        admission,
        claim,
    } = work;
    let answered = async {
        let answer = dispatch::dispatch(&mut exchange, &call).await?;
        take_in(
            &mut exchange,
            answer,
            admission,
            call.prompt_tokens,
            call.read,
        )
        .await
    };
    let answered = answered.await;
    let kept = match &answered {
        Ok(body) => Some(idempotency::Answer {
            status: StatusCode::OK.as_u16(),
            streamed: false,
            body: body.clone(),
        }),
        Err(error) => error.kept(),
    };
    if let Some(claim) = claim {
        claim.end(kept).await;
    }
    match answered {
        Ok(body) => {
            exchange.entry.close(StatusCode::OK, None).await;
            json(StatusCode::OK, body)
        }
        Err(error) => exchange.refuse(error).await,
    }
}

async fn take_in(
    exchange: &mut Exchange,
    answer: Answer,
    admission: Admission,
    prompt_tokens: u64,
    read: Read,
) -> Result<Bytes, ApiError> {
    let broken = || ApiError::upstream("The worker broke off its answer. Try again.");
    let Answer { lease, response } = answer;
    let body = match dispatch::collect(response).await {
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
    } = read(&body).ok_or_else(|| {
        tracing::warn!(worker = %lease.worker(), "a worker's answer was not understood");
        broken()
    })?;
    let (usage, basis) = match usage {
        Some(usage) => (usage, BillingBasis::WorkerUsage),
        None => (
            Usage::new(prompt_tokens, estimate(generated)),
            BillingBasis::Counted,
        ),
    };
    exchange.entry.first_token();
    let record = exchange.entry.record();
    record.finish_reason = finish_reason;
    record.prompt_tokens = usage.prompt_tokens;
    record.completion_tokens = usage.completion_tokens;
    record.billing_basis = basis;
    let _standing = admission.settle(usage.prompt_tokens + usage.completion_tokens);
    Ok(rewritten.unwrap_or(body))
}

pub(super) fn json(status: StatusCode, body: Bytes) -> Response {
    let json = HeaderValue::from_static("application/json");
    (status, [(header::CONTENT_TYPE, json)], body).into_response()
}
