//! The OpenAI-compatible API: one router value, mounted under `/v1` for keys and under `/playground/v1` for sessions.
//!
//! A request goes: identity → ledger entry → claim → admission → lease → worker → meter → record. The layers here carry it
//! in; from its body to its admission is `exchange`, from there `plain` answers it whole and `chat::stream` in events.

mod addresses;
mod affinity;
mod believed;
mod body;
mod call;
mod chat;
mod comments;
mod dispatch;
mod embeddings;
mod entry;
mod error;
mod events;
mod exchange;
mod fields;
#[cfg(test)]
mod fuzz;
mod headers;
mod identity;
mod limits;
mod models;
mod moderations;
mod names;
mod naming;
mod nearest;
mod openapi;
mod plain;
mod replay;
mod rerank;
mod well_formed;
mod worker_error;

use std::time::Duration;

use axum::Router;
use axum::http::{HeaderName, Method};
use axum::middleware::{from_fn, from_fn_with_state};
use bytes::Bytes;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowHeaders, Any, CorsLayer};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::accounts::Accounts;
use crate::clock::Clock;
use crate::idempotency::Idempotency;
use crate::keys::Keys;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::pool::Pool;
use crate::principal::Principal;
use crate::second_factor::SecondFactors;
use crate::tasks::Tasks;
use crate::usage::Usage;
pub use addresses::is_too_long;
pub use call::Counting;
pub use error::{ApiError, Meaning, meanings};
pub use identity::bearer;

/// What the API's handlers need.
#[derive(Clone)]
pub struct V1 {
    pub accounts: Accounts,
    pub second_factors: SecondFactors,
    pub keys: Keys,
    pub limits: Limits,
    pub idempotency: Idempotency,
    pub pool: Pool,
    /// Counts for the models whose tokenizers are here.
    pub counter: Counting,
    pub usage: Usage,
    pub metrics: Metrics,
    pub clock: Clock,
    pub tasks: Tasks,
    /// How long a worker may be silent before a stream's client hears that we are still there.
    pub keepalive: Duration,
    /// How long a worker may be silent in the middle of its answer before that counts as broken off.
    pub idle: Duration,
    /// The largest body of a request, in bytes.
    pub body_limit: usize,
}

impl V1 {
    /// Whether the caller may use the model with this `id`. Who restricted it may have done so by any of the model's names.
    fn allows_model(&self, principal: &Principal, id: &str) -> bool {
        let mut names = self.pool.names(id);
        names.any(|name| principal.grant.allows_model(name))
    }

    /// That there is no model which is called `asked`, and which of those that the caller may use was meant.
    fn no_model(&self, principal: &Principal, asked: &str) -> ApiError {
        let models = self.pool.models().into_iter();
        let ids = models.map(|model| model.id);
        let may: Vec<_> = ids.filter(|id| self.allows_model(principal, id)).collect();
        let names = may.iter().flat_map(|id| self.pool.names(id));
        ApiError::model_not_found(asked, nearest::nearest(asked, names))
    }
}

/// The API for holders of keys, for browsers of any origin: a key is no cookie, so nothing is sent unasked.
pub fn with_key(v1: &V1) -> Router {
    router(v1)
        .layer(from_fn_with_state(v1.clone(), identity::by_key))
        .layer(from_fn(headers::write))
        .layer(any_origin())
}

/// Lets pages of any origin call.
pub fn any_origin() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        // Not `*`, which by the Fetch standard stands for all headers but Authorization.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(headers::NAMES.map(HeaderName::from_static))
        .max_age(Duration::from_secs(3600))
}

/// The same API for whoever is signed in. Needs the session layer around it.
pub fn with_session(v1: &V1) -> Router {
    router(v1)
        .layer(from_fn_with_state(v1.clone(), identity::by_session))
        .layer(from_fn(headers::write))
}

fn router(v1: &V1) -> Router {
    let (router, _) = endpoints().split_for_parts();
    router
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(from_fn(addresses::hold))
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(from_fn_with_state(v1.clone(), entry::record))
        .with_state(v1.clone())
}

/// Every endpoint, with its description: what is not described does not answer.
fn endpoints() -> OpenApiRouter<V1> {
    OpenApiRouter::with_openapi(openapi::Base::openapi())
        .routes(routes!(chat::create))
        .routes(routes!(embeddings::create))
        .routes(routes!(moderations::create))
        .routes(routes!(moderations::create_by_alias))
        .routes(routes!(rerank::create))
        .routes(routes!(models::list))
        .routes(routes!(models::retrieve))
        .routes(routes!(limits::show))
}

/// The API's description, in JSON (OpenAPI 3.1).
pub fn openapi() -> Bytes {
    let (_, described) = endpoints().split_for_parts();
    openapi::document(&described).to_string().into()
}
