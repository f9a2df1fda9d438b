//! The connections to workers: pooled, without Nagle's delay, over http or https.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use std::vec;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::http::request;
use hyper::{Method, Request, Response};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;
use tower::Service;
use url::Url;
use wire::ModelList;

use crate::address::may_be_a_workers;
use crate::config::WorkerSettings;

const CONNECT: Duration = Duration::from_secs(5);
/// For a worker's answer to what it serves.
const DISCOVERY: Duration = Duration::from_secs(5);
const DISCOVERY_BYTES: usize = 4 << 20;
/// For what it exports for Prometheus.
const METRICS: Duration = Duration::from_secs(2);
const METRICS_BYTES: usize = 2 << 20;

/// Why a worker gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error("the worker's address makes no request")]
    Address(#[source] hyper::http::Error),
    #[error("the worker could not be reached")]
    Connection(#[source] hyper_util::client::legacy::Error),
    #[error("the worker did not answer in time")]
    Timeout,
    #[error("the worker was silent for far longer than others ever are")]
    Silent,
    #[error("the worker answered with status {0}")]
    Status(u16),
    #[error("the worker's answer was not understood: {0}")]
    Answer(String),
}

/// Where a worker is, and what opens its door.
#[derive(Debug)]
pub(super) struct Target {
    base: Url,
    /// Marked as secret, so that it is not printed either.
    authorization: Option<HeaderValue>,
}

impl Target {
    pub(super) fn of(settings: &WorkerSettings) -> Self {
        let authorization = settings.key.as_ref().and_then(|key| {
            let mut value = HeaderValue::try_from(format!("Bearer {}", key.expose())).ok()?;
            value.set_sensitive(true);
            Some(value)
        });
        Target {
            base: settings.url.clone(),
            authorization,
        }
    }

    pub(super) fn url(&self) -> &str {
        self.base.as_str()
    }

    fn request(&self, method: Method, path: &str) -> request::Builder {
        let request = Request::builder()
            .method(method)
            .uri(address(&self.base, path));
        match &self.authorization {
            Some(value) => request.header(AUTHORIZATION, value),
            None => request,
        }
    }
}

/// `base` with `path` appended, whether or not `base` ends with `/v1`, as people write it both ways.
pub fn address(base: &Url, path: &str) -> String {
    let base = base.as_str().trim_end_matches('/');
    format!("{}{path}", base.strip_suffix("/v1").unwrap_or(base))
}

/// Looks names up, each time anew, and gives no address where a worker may not be: whoever answers for a name could have it
/// lead anywhere.
#[derive(Clone, Debug)]
struct Resolver(GaiResolver);

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let found = self.0.call(name);
        Box::pin(async move { permitted(found.await?) })
    }
}

fn permitted(found: impl Iterator<Item = SocketAddr>) -> io::Result<vec::IntoIter<SocketAddr>> {
    let permitted: Vec<_> = found
        .filter(|address| may_be_a_workers(address.ip()))
        .collect();
    match permitted.is_empty() {
        true => Err(io::Error::other(
            "the name leads to no address where a worker may be",
        )),
        false => Ok(permitted.into_iter()),
    }
}

#[derive(Clone, Debug)]
pub(super) struct Upstream {
    client: Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
}

impl Upstream {
    pub(super) fn new() -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT));
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        // A worker that restarts closes idle connections; the client tries such a request again on a fresh one.
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .build(connector);
        Upstream { client }
    }

    pub(super) async fn post(
        &self,
        target: &Target,
        path: &str,
        body: Bytes,
        patience: Duration,
    ) -> Result<Response<Incoming>, SendError> {
        let request = target
            .request(Method::POST, path)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, text/event-stream")
            .body(Full::new(body))
            .map_err(SendError::Address)?;
        self.answer(request, patience).await
    }

    pub(super) async fn models(&self, target: &Target) -> Result<ModelList, SendError> {
        let request = target
            .request(Method::GET, "/v1/models")
            .body(Full::default())
            .map_err(SendError::Address)?;
        let bytes = self.whole(request, DISCOVERY, DISCOVERY_BYTES).await?;
        serde_json::from_slice(&bytes)
            .map_err(|error| SendError::Answer(format!("/v1/models: {error}")))
    }

    /// What it exports for Prometheus.
    pub(super) async fn metrics(&self, target: &Target) -> Result<Bytes, SendError> {
        let request = target
            .request(Method::GET, "/metrics")
            .body(Full::default())
            .map_err(SendError::Address)?;
        self.whole(request, METRICS, METRICS_BYTES).await
    }

    /// A good answer of no more than so many bytes, which begins in `patience` and ends in as long again.
    async fn whole(
        &self,
        request: Request<Full<Bytes>>,
        patience: Duration,
        bytes: usize,
    ) -> Result<Bytes, SendError> {
        let answer = self.answer(request, patience).await?;
        if !answer.status().is_success() {
            return Err(SendError::Status(answer.status().as_u16()));
        }
        let body = Limited::new(answer.into_body(), bytes).collect();
        let body = timeout(patience, body)
            .await
            .map_err(|_| SendError::Timeout)?
            .map_err(|error| SendError::Answer(error.to_string()))?;
        Ok(body.to_bytes())
    }

    async fn answer(
        &self,
        request: Request<Full<Bytes>>,
        patience: Duration,
    ) -> Result<Response<Incoming>, SendError> {
        match timeout(patience, self.client.request(request)).await {
            Ok(answer) => answer.map_err(SendError::Connection),
            Err(_) => Err(SendError::Timeout),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_where_no_worker_may_be_leads_nowhere() {
        let addresses = |given: &[&str]| -> Vec<SocketAddr> {
            given.iter().map(|one| one.parse().unwrap()).collect()
        };
        let mixed = addresses(&["169.254.169.254:80", "10.0.0.5:80", "[fe80::1]:80"]);
        let left: Vec<_> = permitted(mixed.into_iter()).unwrap().collect();
        assert_eq!(left, addresses(&["10.0.0.5:80"]));
        let none = addresses(&["169.254.169.254:80", "[::ffff:169.254.169.254]:80"]);
        assert!(permitted(none.into_iter()).is_err());
        assert!(permitted([].into_iter()).is_err());
    }

    #[test]
    fn a_base_may_end_with_v1_or_not() {
        for base in [
            "http://a:1",
            "http://a:1/",
            "http://a:1/v1",
            "http://a:1/v1/",
        ] {
            assert_eq!(
                address(&Url::parse(base).unwrap(), "/v1/models"),
                "http://a:1/v1/models"
            );
        }
        assert_eq!(
            address(&Url::parse("http://a/x").unwrap(), "/v1/models"),
            "http://a/x/v1/models"
        );
    }
}
