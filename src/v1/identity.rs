//! Who is calling: a layer per mount makes a [`Principal`], and nothing behind it asks how.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower_sessions::Session;

use super::V1;
use super::entry;
use super::error::ApiError;
use super::headers::{Arrival, Phase, Rates};
use crate::address::ClientAddress;
use crate::principal::{Principal, Via};
use crate::sessions;

/// Under `/v1`: the key in `Authorization: Bearer …`.
pub(super) async fn by_key(
    State(v1): State<V1>,
    arrival: Arrival,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let verified = match bearer(request.headers()) {
        Some(secret) => {
            let from = request.extensions().get::<ClientAddress>();
            let from = from.map(|client| client.0);
            v1.keys.verify(secret, from).await.map_err(ApiError::from)
        }
        None => Err(ApiError::missing_key()),
    };
    arrival.took(Phase::Auth, began.elapsed());
    answer(&v1, &arrival, verified, request, next).await
}

/// Under `/playground/v1`: the session's cookie. That only our own pages send it is the roof's to see to.
pub(super) async fn by_session(
    State(v1): State<V1>,
    arrival: Arrival,
    session: Session,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let signed_in = signed_in(&v1, &session).await;
    arrival.took(Phase::Auth, began.elapsed());
    answer(&v1, &arrival, signed_in, request, next).await
}

async fn signed_in(v1: &V1, session: &Session) -> Result<Principal, ApiError> {
    let account = match sessions::current(session, v1.clock.now())
        .await
        .map_err(|error| internal(&error))?
    {
        Some(id) => v1
            .accounts
            .find(&id)
            .await
            .map_err(|error| internal(&error))?,
        None => None,
    };
    if account
        .as_ref()
        .is_some_and(|account| account.suspended.is_some())
    {
        return Err(ApiError::account_suspended());
    }
    let account = account.ok_or_else(ApiError::signed_out)?;
    let factors = &v1.second_factors;
    let is_missing = factors.is_missing(&account.id, account.is_admin).await;
    if is_missing.map_err(|error| internal(&error))? {
        return Err(ApiError::signed_out());
    }
    Ok(Principal {
        account: account.id,
        via: Via::Playground,
        tier: account.tier,
        quota: account.quota,
        grant: Arc::default(),
    })
}

fn internal(error: &(dyn Error + 'static)) -> ApiError {
    tracing::error!(error, "a session could not be looked up");
    ApiError::of_database(error)
}

async fn answer(
    v1: &V1,
    arrival: &Arrival,
    caller: Result<Principal, ApiError>,
    mut request: Request,
    next: Next,
) -> Response {
    let principal = match caller {
        Ok(principal) => principal,
        Err(error) => {
            entry::turned_away(v1, arrival, request.uri().path(), &error);
            return error.into_response();
        }
    };
    request.extensions_mut().insert(principal.clone());
    let mut response = next.run(request).await;
    // Read when the answer is at hand: a plain one has been settled by now, a stream has only reserved.
    let standing = v1.limits.standing(&principal).tightest();
    response
        .extensions_mut()
        .insert(Rates(standing, v1.clock.now()));
    response
}

/// What `headers` say after `Authorization: Bearer`. The scheme is case-insensitive (RFC 9110, section 11.1).
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
}

/// No principal, no handler.
impl<S: Sync> FromRequestParts<S> for Principal {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts
            .extensions
            .get()
            .cloned()
            .ok_or_else(ApiError::missing_key)
    }
}

impl<S: Sync> FromRequestParts<S> for Arrival {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts
            .extensions
            .get()
            .cloned()
            .ok_or_else(ApiError::internal)
    }
}
