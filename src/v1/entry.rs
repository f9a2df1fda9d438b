//! The ledger's entry of a request: opened when its caller is known, closed exactly once, whatever happens between.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use wire::Usage;

use super::V1;
use super::believed::{self, Most};
use super::error::{ApiError, Code, ErrorCode};
use super::headers::{self, Arrival, Phase};
use crate::limits::{Admission, BucketName, Holder, Refused};
use crate::metrics::{Ended, Metrics};
use crate::principal::Principal;
use crate::usage::{self, BillingBasis, Limited, Phases, Record};

/// What nginx calls a request whose client has left before its answer.
const CLIENT_CLOSED_REQUEST: u16 = 499;
const CLIENT_CLOSED: &str = "client_closed_request";

/// A record that is still being written, and what is reserved for its request. Dropped, it says that the client left; or, in a
/// panic, that we failed.
#[must_use = "close it with the answer's status; dropped, it records that the client left"]
pub(super) struct Entry {
    usage: usage::Usage,
    metrics: Metrics,
    record: Record,
    path: &'static str,
    arrival: Arrival,
    reserved: Option<Reserved>,
    open: bool,
}

/// What was taken from the limits for a request.
struct Reserved {
    admission: Admission,
    prompt_tokens: u64,
    most: Most,
}

impl Entry {
    fn open(
        v1: &V1,
        arrival: &Arrival,
        principal: &Principal,
        path: &'static str,
        headers: &HeaderMap,
    ) -> Self {
        let retry_count = headers
            .get("x-stainless-retry-count")
            .and_then(|count| count.to_str().ok()?.parse().ok());
        v1.metrics.began(path);
        Entry {
            usage: v1.usage.clone(),
            metrics: v1.metrics.clone(),
            record: Record {
                request_id: arrival.id.to_string(),
                account_id: principal.account.to_string(),
                key_id: principal.via.key().map(ToString::to_string),
                endpoint: path.to_owned(),
                model: None,
                worker: None,
                status: CLIENT_CLOSED_REQUEST,
                error_code: Some(CLIENT_CLOSED.into()),
                prompt_tokens: 0,
                completion_tokens: 0,
                streamed: false,
                first_token_ms: None,
                duration_ms: 0,
                finish_reason: None,
                replayed: false,
                retry_count: retry_count.unwrap_or(0),
                billing_basis: BillingBasis::None,
                started_ms: v1.clock.now().0,
                client_request_id: headers::client_id(headers),
                phases: Phases::default(),
                worker_tries: 0,
                limited: None,
            },
            path,
            arrival: arrival.clone(),
            reserved: None,
            open: true,
        }
    }

    /// The route, as the ledger names it.
    pub(super) fn path(&self) -> &'static str {
        self.path
    }

    /// The record, to be filled in as things become known.
    pub(super) fn record(&mut self) -> &mut Record {
        &mut self.record
    }

    /// Takes what the request was admitted with. It is given back when the entry is closed, unless it was settled: no worker is
    /// believed that it used more than `most`.
    pub(super) fn reserve(&mut self, admission: Admission, prompt_tokens: u64, most: Most) {
        self.reserved = Some(Reserved {
            admission,
            prompt_tokens,
            most,
        });
    }

    /// A worker is about to be asked: from here on the request is in the ledger, even if this process dies in it.
    pub(super) fn asks(&mut self, worker: String) {
        self.record.worker_tries += 1;
        let is_first = self.record.worker.replace(worker).is_none();
        if !is_first {
            return;
        }
        let prompt_tokens = self.reserved.as_ref().map(|it| it.prompt_tokens);
        self.usage.begin(&Record {
            status: StatusCode::INTERNAL_SERVER_ERROR.as_u16(),
            error_code: Some(Code::InternalError.as_str().to_owned()),
            prompt_tokens: prompt_tokens.unwrap_or(0),
            billing_basis: BillingBasis::Counted,
            ..self.record.clone()
        });
    }

    /// Notes why the request was refused by a limit.
    pub(super) fn limited(&mut self, refused: &Refused) {
        let (bucket, standing) = match refused.bucket {
            BucketName::Requests => ("requests", refused.standing.requests),
            BucketName::Tokens => ("tokens", refused.standing.tokens),
        };
        let holder = match refused.holder {
            Holder::Account => "account",
            Holder::Key => "key",
        };
        self.record.limited = Some(Limited {
            holder: holder.to_owned(),
            bucket: bucket.to_owned(),
            limit: standing.limit,
            used: standing.used,
            asked: refused.asked,
        });
    }

    /// Charges what was used.
    pub(super) fn settle(&mut self, said: Usage, basis: BillingBasis) {
        let mut used = said;
        if let Some(Reserved {
            admission, most, ..
        }) = self.reserved.take()
        {
            used = most.believe(said);
            let _standing = admission.settle(used.total_tokens);
        }
        if (used.prompt_tokens, used.completion_tokens)
            != (said.prompt_tokens, said.completion_tokens)
        {
            let (worker, request_id) = (&self.record.worker, &self.record.request_id);
            tracing::warn!(
                request_id,
                worker,
                ?said,
                ?used,
                "a worker says that it used more tokens than a request can have"
            );
        }
        self.record.prompt_tokens = used.prompt_tokens;
        self.record.completion_tokens = used.completion_tokens;
        self.record.billing_basis = basis;
    }

    pub(super) fn first_token(&mut self) {
        let elapsed = whole_ms(self.arrival.at.elapsed());
        self.record.first_token_ms.get_or_insert(elapsed);
    }

    /// Writes the record; returns when it is as durable as configured.
    pub(super) async fn close(mut self, status: StatusCode, error_code: Option<&str>) {
        self.append(status.as_u16(), error_code);
        self.usage.durable().await;
    }

    fn append(&mut self, status: u16, error_code: Option<&str>) {
        self.open = false;
        self.record.status = status;
        self.record.error_code = error_code.map(believed::word);
        let reason = self.record.finish_reason.take();
        self.record.finish_reason = reason.as_deref().map(believed::word);
        let duration = self.arrival.at.elapsed();
        self.record.duration_ms = whole_ms(duration);
        self.record.phases = self.arrival.phases();
        self.usage.append(&self.record);
        // A plain answer comes whole: its first token tells nothing.
        let first_token = self.record.first_token_ms.filter(|_| self.record.streamed);
        self.metrics.left(self.path);
        self.metrics.ended(&Ended {
            endpoint: self.path,
            model: self.record.model.as_deref(),
            status,
            error: error_code.map(known),
            duration,
            first_token: first_token.map(Duration::from_millis),
            input_tokens: self.record.prompt_tokens,
            output_tokens: self.record.completion_tokens,
        });
    }
}

fn whole_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A code as metrics name it. One that is not ours is a worker's, and could be any text.
fn known(code: &str) -> &'static str {
    let ours = Code::ALL.iter().map(|code| code.as_str());
    let mut known = ours.chain([CLIENT_CLOSED]);
    known.find(|known| *known == code).unwrap_or("other")
}

impl Drop for Entry {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        // The client is told so by the layer that catches panics. What is our own fault is free.
        if thread::panicking() {
            self.reserved = None;
            let status = StatusCode::INTERNAL_SERVER_ERROR.as_u16();
            self.append(status, Some(Code::InternalError.as_str()));
            return;
        }
        // A worker that was asked has read the prompt. What it has generated of an answer that is not a stream, it has told nobody.
        if let Some(prompt_tokens) = self.reserved.as_ref().map(|it| it.prompt_tokens)
            && self.record.worker.is_some()
        {
            self.settle(Usage::new(prompt_tokens, 0), BillingBasis::Counted);
        }
        self.append(CLIENT_CLOSED_REQUEST, Some(CLIENT_CLOSED));
    }
}

/// Where the layer and a handler hand the entry to each other.
#[derive(Clone)]
struct Slot(Arc<Mutex<Option<Entry>>>);

impl Slot {
    fn take(&self) -> Option<Entry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Opens the entry of every request, and closes it unless a handler has taken that upon itself.
pub(super) async fn record(
    State(v1): State<V1>,
    arrival: Arrival,
    principal: Principal,
    mut request: Request,
    next: Next,
) -> Response {
    taken_up(&v1, &arrival, &principal).await;
    let entry = Entry::open(
        &v1,
        &arrival,
        &principal,
        endpoint(request.uri().path()),
        request.headers(),
    );
    let slot = Slot(Arc::new(Mutex::new(Some(entry))));
    request.extensions_mut().insert(slot.clone());
    let response = next.run(request).await;
    if let Some(entry) = slot.take() {
        let code = response
            .extensions()
            .get::<ErrorCode>()
            .map(|code| code.0.clone());
        entry.close(response.status(), code.as_deref()).await;
    }
    response
}

/// Returns when the request may be taken up. Every one that is leaves a row in the ledger, so that nobody may fill the disk with
/// them; who leaves before has asked for nothing.
async fn taken_up(v1: &V1, arrival: &Arrival, principal: &Principal) {
    let began = Instant::now();
    let waited = tokio::select! {
        waited = v1.limits.turn(principal) => waited,
        () = v1.tasks.cutting().cancelled() => true,
    };
    if waited {
        arrival.took(Phase::Limit, began.elapsed());
    }
}

/// Counts a request that is refused before its caller is known: it has no entry.
pub(super) fn turned_away(v1: &V1, arrival: &Arrival, path: &str, error: &ApiError) {
    v1.metrics.ended(&Ended {
        endpoint: endpoint(path),
        model: None,
        status: error.status().as_u16(),
        error: Some(known(error.code())),
        duration: arrival.at.elapsed(),
        first_token: None,
        input_tokens: 0,
        output_tokens: 0,
    });
}

/// The route's name in the ledger. A path that is no route is not kept: it is whatever a client typed.
fn endpoint(path: &str) -> &'static str {
    match path {
        "/chat/completions" => "/v1/chat/completions",
        "/embeddings" => "/v1/embeddings",
        "/moderate" => "/v1/moderate",
        "/moderations" => "/v1/moderations",
        "/rerank" => "/v1/rerank",
        "/models" => "/v1/models",
        "/limits" => "/v1/limits",
        _ if path.starts_with("/models/") => "/v1/models/{id}",
        _ => "other",
    }
}

/// A handler that takes the entry must close it.
impl<S: Sync> FromRequestParts<S> for Entry {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts
            .extensions
            .get::<Slot>()
            .and_then(Slot::take)
            .ok_or_else(ApiError::internal)
    }
}
