//! `POST /v1/chat/completions`.

mod meter;
mod request;

use std::time::Instant;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use wire::Usage;

use super::V1;
use super::body;
use super::dispatch::{self, Answer};
use super::entry::Entry;
use super::error::ApiError;
use super::headers::{Arrival, Phase};
use crate::limits::Admission;
use crate::principal::Principal;
use crate::usage::BillingBasis;
use meter::Meter;
use request::ChatCall;

const PATH: &str = "/v1/chat/completions";

/// Completion tokens to reserve where neither the request nor the model says how many there can be.
const RESERVED_TOKENS: u64 = 1024;

pub(super) async fn create(
    State(v1): State<V1>,
    arrival: Arrival,
    principal: Principal,
    mut entry: Entry,
    request: Request,
) -> Response {
    match begin(&v1, &arrival, &principal, &mut entry, request).await {
        Ok((admission, call, answer)) if call.stream => stream(entry, admission, &call, answer),
        Ok((admission, call, answer)) => match plain(&mut entry, admission, &call, answer).await {
            Ok(body) => {
                entry.close(StatusCode::OK, None).await;
                (
                    [(
                        header::CONTENT_TYPE,
                        HeaderValue::from_static("application/json"),
                    )],
                    body,
                )
                    .into_response()
            }
            Err(error) => fail(entry, error).await,
        },
        Err(error) => fail(entry, error).await,
    }
}

async fn fail(entry: Entry, error: ApiError) -> Response {
    entry.close(error.status(), Some(error.code())).await;
    error.into_response()
}

/// Everything up to the head of a worker's answer.
async fn begin(
    v1: &V1,
    arrival: &Arrival,
    principal: &Principal,
    entry: &mut Entry,
    request: Request,
) -> Result<(Admission, ChatCall, Answer), ApiError> {
    let (parts, body) = request.into_parts();
    let call = match body::read(&parts.headers, body, v1.body_limit).await {
        Ok(body) => ChatCall::parse(body),
        Err(error) => Err(error),
    };
    // A request that is refused for its body counts as a request too, so it is admitted first, for no tokens.
    let began = Instant::now();
    let tokens = call.as_ref().map_or(0, |call| reservation(v1, call));
    let admission = v1
        .limits
        .admit(&principal.account, principal.quota, tokens)?;
    arrival.took(Phase::Limit, began.elapsed());
    let call = call?;
    entry.record().streamed = call.stream;
    if v1.pool.model(&call.model).is_some() {
        entry.record().model = Some(call.model.clone());
    }
    let answer = dispatch::dispatch(v1, arrival, entry, &call.model, PATH, &call.body).await?;
    Ok((admission, call, answer))
}

/// The most that `call` can use, as far as can be told: its prompt, estimated upwards, and all completions it may have.
fn reservation(v1: &V1, call: &ChatCall) -> u64 {
    let by_model = || {
        v1.pool
            .model(&call.model)
            .and_then(|model| model.default_max_tokens)
            .map(u64::from)
    };
    let completion = call.max_tokens.or_else(by_model).unwrap_or(RESERVED_TOKENS);
    call.prompt_estimate
        .saturating_add(completion.saturating_mul(call.choices))
}

/// What a plain answer says of itself.
#[derive(Deserialize)]
struct Outcome {
    #[serde(default)]
    choices: Vec<OutcomeChoice>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct OutcomeChoice {
    finish_reason: Option<String>,
}

/// Takes in a whole answer and settles it. The bytes go to the client as they came.
async fn plain(
    entry: &mut Entry,
    admission: Admission,
    call: &ChatCall,
    answer: Answer,
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
    let outcome: Outcome = serde_json::from_slice(&body).map_err(|_| broken())?;
    entry.first_token();
    let record = entry.record();
    record.finish_reason = outcome
        .choices
        .into_iter()
        .find_map(|choice| choice.finish_reason);
    let (usage, basis) = match outcome.usage {
        Some(usage) => (usage, BillingBasis::WorkerUsage),
        None => (
            Usage::new(call.prompt_estimate, request::estimate(body.len())),
            BillingBasis::Counted,
        ),
    };
    record.prompt_tokens = usage.prompt_tokens;
    record.completion_tokens = usage.completion_tokens;
    record.billing_basis = basis;
    let _standing = admission.settle(usage.prompt_tokens + usage.completion_tokens);
    Ok(body)
}

fn stream(entry: Entry, admission: Admission, call: &ChatCall, answer: Answer) -> Response {
    let Answer { lease, response } = answer;
    let meter = Meter::new(entry, admission, lease, call, response.into_body());
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        // nginx would otherwise gather events until its buffer is full.
        (
            header::HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ];
    (headers, Body::from_stream(meter.into_stream())).into_response()
}
