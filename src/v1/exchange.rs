//! A request on its way, from its body to the moment before a worker is asked: read, found good, allowed, claimed, admitted.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use super::believed::Most;
use super::call::{Call, Target};
use super::entry::Entry;
use super::error::ApiError;
use super::headers::{Arrival, Phase, prefer};
use super::{V1, body, replay};
use crate::idempotency::{
    Answered, Claim, ClaimError, Claimed, Fingerprint, IdempotencyKey, Scope,
};
use crate::limits::{Admission, Refused};
use crate::metrics::KeyOutcome;
use crate::pool::{Pool, Ticket};
use crate::principal::Principal;

/// Who asks, and what becomes of it in the ledger.
pub(super) struct Exchange {
    pub(super) v1: V1,
    pub(super) arrival: Arrival,
    pub(super) principal: Principal,
    pub(super) entry: Entry,
    /// How long its client would wait for a place on a worker, if it has said so; not above what any may.
    pub(super) wait: Option<Duration>,
    /// To tell its client how it gets on there.
    pub(super) ticket: Option<Ticket>,
}

/// A request that may be run.
pub(super) struct Work {
    pub(super) exchange: Exchange,
    pub(super) call: Call,
    /// Where the client has given the request a key.
    pub(super) claim: Option<Claim>,
}

/// Bytes of a body that is read though its request is refused.
const SHORT: usize = 64 << 10;

/// Finds a request good, or says what is wrong with it.
type Parse = fn(&Pool, &Bytes) -> Result<Call, ApiError>;

impl Exchange {
    /// Gives what is to be run, or the answer if there is one already: a refusal, or what was answered before.
    pub(super) async fn begin(
        mut self,
        target: &'static Target,
        request: Request,
        parse: Parse,
    ) -> Result<Work, Response> {
        let (parts, body) = request.into_parts();
        match self.admit(target, &parts.headers, body, parse).await {
            Ok((call, Begun::Run(claim))) => Ok(Work {
                exchange: self,
                call,
                claim,
            }),
            Ok((_, Begun::Answered(answered))) => {
                Err(replay::answer(self, answered, last_event_id(&parts.headers)).await)
            }
            Err(error) => Err(self.refuse(error).await),
        }
    }

    async fn admit(
        &mut self,
        target: &'static Target,
        headers: &HeaderMap,
        body: Body,
        parse: Parse,
    ) -> Result<(Call, Begun), ApiError> {
        let key = idempotency_key(headers)?;
        if !self.principal.grant.allows_endpoint(target.endpoint) {
            return Err(ApiError::scope_not_allowed(target.endpoint));
        }
        if let Err(refused) = self.v1.limits.check(&self.principal, 0) {
            let refused = self.measured(refused, headers, body, parse).await;
            return Err(self.refused(refused));
        }
        let (call, body) = match self.read(headers, body, parse).await {
            Ok(read) => read,
            // A request that is refused for its body counts as a request too, though not as tokens.
            Err(error) => {
                drop(self.take(0)?);
                return Err(error);
            }
        };
        if !self.v1.allows_model(&self.principal, &call.model) {
            return Err(ApiError::model_not_allowed(&call.asked));
        }
        let claim = match key {
            None => None,
            Some(key) => match self.claim(key, &body, headers).await {
                Ok(Claimed::Run(claim)) => Some(claim),
                // An answer given again counts as a request, and costs no tokens; so does a key that is refused.
                Ok(Claimed::Answered(answered)) => {
                    drop(self.take(0)?);
                    return Ok((call, Begun::Answered(answered)));
                }
                Err(error) => {
                    drop(self.take(0)?);
                    return Err(error);
                }
            },
        };
        match self.take(call.reservation()) {
            Ok(admission) => {
                self.entry
                    .reserve(admission, call.prompt_tokens, Most::of(&call));
                Ok((call, Begun::Run(claim)))
            }
            Err(refused) => {
                if let Some(claim) = claim {
                    claim.free().await;
                }
                Err(refused)
            }
        }
    }

    /// Who may make no request now is told when this one may be made, with its tokens. A short one is read for that; a long one
    /// is not worth it, and may be made once nothing is used any more.
    async fn measured(
        &self,
        refused: Refused,
        headers: &HeaderMap,
        body: Body,
        parse: Parse,
    ) -> Refused {
        let (limits, caller) = (&self.v1.limits, &self.principal);
        match body::read(headers, body, SHORT.min(self.v1.body_limit)).await {
            Ok(body) => {
                let call = parse(&self.v1.pool, &body).ok();
                let measured = call.and_then(|call| limits.check(caller, call.reservation()).err());
                measured.unwrap_or(refused)
            }
            Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                let all = limits.standing(caller).full_at();
                let all = all.since(self.v1.clock.now());
                Refused {
                    retry_after: refused.retry_after.map(|wait| wait.max(all)),
                    ..refused
                }
            }
            Err(_) => refused,
        }
    }

    /// The body, and what it asks.
    async fn read(
        &mut self,
        headers: &HeaderMap,
        body: Body,
        parse: Parse,
    ) -> Result<(Call, Bytes), ApiError> {
        let body = body::read(headers, body, self.v1.body_limit).await?;
        let mut call = parse(&self.v1.pool, &body)?;
        let record = self.entry.record();
        record.streamed = call.stream;
        let pool = &self.v1.pool;
        call.model = pool.id_of(&call.asked).to_owned();
        let Some(card) = pool.model(&call.model) else {
            return Ok((call, body));
        };
        record.model = Some(call.model.clone());
        call.count(&self.v1.counter, pool).await;
        call.context = card.max_model_len;
        if let Some(context) = call.context {
            call.fits(context)?;
        }
        Ok((call, body))
    }

    fn take(&mut self, tokens: u64) -> Result<Admission, ApiError> {
        let began = Instant::now();
        let admitted = self.v1.limits.admit(&self.principal, tokens);
        self.arrival.took(Phase::Limit, began.elapsed());
        admitted.map_err(|refused| self.refused(refused))
    }

    fn refused(&mut self, refused: Refused) -> ApiError {
        let (holder, bucket) = (refused.holder.as_str(), refused.bucket.as_str());
        let metrics = &self.v1.metrics;
        metrics.refused(self.principal.tier, holder, bucket);
        self.entry.limited(&refused);
        refused.into()
    }

    async fn claim(
        &self,
        key: IdempotencyKey,
        body: &[u8],
        headers: &HeaderMap,
    ) -> Result<Claimed, ApiError> {
        let began = Instant::now();
        let scope = Scope {
            account: self.principal.account.clone(),
            path: self.entry.path(),
            key,
        };
        let after = last_event_id(headers);
        let claimed = self
            .v1
            .idempotency
            .claim(scope, Fingerprint::of(body), after);
        let claimed = claimed.await;
        self.v1.metrics.claimed(outcome(&claimed));
        self.arrival.took(Phase::Queue, began.elapsed());
        Ok(claimed?)
    }

    /// Ends the request with `error`.
    pub(super) async fn refuse(self, error: ApiError) -> Response {
        self.entry.close(error.status(), Some(error.code())).await;
        error.into_response()
    }
}

enum Begun {
    Run(Option<Claim>),
    Answered(Answered),
}

fn outcome(claimed: &Result<Claimed, ClaimError>) -> KeyOutcome {
    match claimed {
        Ok(Claimed::Run(_)) => KeyOutcome::First,
        Ok(Claimed::Answered(Answered::Before(_))) => KeyOutcome::Replayed,
        Ok(Claimed::Answered(Answered::Now(_))) => KeyOutcome::Followed,
        Err(ClaimError::OtherBody) => KeyOutcome::Mismatch,
        Err(ClaimError::InFlight) => KeyOutcome::InFlight,
        Err(ClaimError::Store(_)) => KeyOutcome::Failed,
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, ApiError> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = value
        .to_str()
        .ok()
        .and_then(|text| IdempotencyKey::parse(text.trim()).ok());
    key.map(Some)
        .ok_or_else(ApiError::malformed_idempotency_key)
}

/// The last event that the client had of an earlier answer.
fn last_event_id(headers: &HeaderMap) -> Option<&str> {
    headers.get("last-event-id")?.to_str().ok()
}

impl FromRequestParts<V1> for Exchange {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, v1: &V1) -> Result<Self, ApiError> {
        let wait = prefer::wait(&parts.headers).map(|wait| wait.min(v1.pool.longest_wait()));
        Ok(Exchange {
            v1: v1.clone(),
            wait,
            ticket: None,
            arrival: Arrival::from_request_parts(parts, v1).await?,
            principal: Principal::from_request_parts(parts, v1).await?,
            entry: Entry::from_request_parts(parts, v1).await?,
        })
    }
}
