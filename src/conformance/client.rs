//! One HTTP client for all cases, which takes whatever comes back.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{HttpConnector, HttpInfo};
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::time::timeout;
use url::Url;

use super::report::clipped;
use crate::pool;

const CONNECT: Duration = Duration::from_secs(5);
const ANSWER_BYTES: usize = 64 << 20;

/// Why a request has no answer that could be judged.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error("the address makes no request")]
    Address(#[source] hyper::http::Error),
    #[error("it could not be reached")]
    Connection(#[source] legacy::Error),
    #[error("it broke off its answer")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("it did not answer within {} s", .0.as_secs())]
    Timeout(Duration),
}

pub(super) struct Client {
    base: Url,
    key: Option<HeaderValue>,
    patience: Duration,
    http: legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// A whole answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) bytes: Bytes,
    /// Null where the body is not JSON.
    pub(super) json: Value,
    /// Our end of the connection that it came by.
    pub(super) local: Option<SocketAddr>,
    /// Whether it says that its connection closes.
    pub(super) closes: bool,
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The status and what the body says about it, as far as it says anything.
    pub(super) fn said(&self) -> String {
        let error = &self.json["error"];
        let message = [
            &error["message"],
            error,
            &self.json["message"],
            &self.json["detail"],
        ];
        let message = message.iter().find_map(|message| message.as_str());
        match message {
            Some(message) => format!("{}: {}", self.status, clipped(message, 80)),
            None => self.status.to_string(),
        }
    }
}

impl Client {
    pub(super) fn new(base: Url, key: Option<HeaderValue>, patience: Duration) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT));
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let http = legacy::Client::builder(TokioExecutor::new()).build(connector);
        Client {
            base,
            key,
            patience,
            http,
        }
    }

    pub(super) async fn get(&self, path: &str) -> Result<Answer, CallError> {
        self.whole(self.send(Method::GET, path, Bytes::new()).await?)
            .await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Answer, CallError> {
        self.post_text(path, body.to_string()).await
    }

    pub(super) async fn post_text(&self, path: &str, body: String) -> Result<Answer, CallError> {
        self.whole(self.send(Method::POST, path, body.into()).await?)
            .await
    }

    /// The head of an answer. Dropping it hangs up.
    pub(super) async fn open(
        &self,
        path: &str,
        body: &Value,
    ) -> Result<Response<Incoming>, CallError> {
        self.send(Method::POST, path, body.to_string().into()).await
    }

    /// The next piece of an answer; `None` at its end.
    pub(super) async fn piece(
        &self,
        response: &mut Response<Incoming>,
    ) -> Result<Option<Bytes>, CallError> {
        loop {
            let frame = timeout(self.patience, response.frame()).await;
            match frame.map_err(|_| CallError::Timeout(self.patience))? {
                None => return Ok(None),
                Some(Err(error)) => return Err(CallError::Broken(error.into())),
                Some(Ok(frame)) => {
                    if let Ok(piece) = frame.into_data() {
                        return Ok(Some(piece));
                    }
                }
            }
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Response<Incoming>, CallError> {
        let mut request = Request::builder()
            .method(method)
            .uri(pool::address(&self.base, path))
            .header(ACCEPT, "application/json, text/event-stream, */*");
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, key);
        }
        let request = request.body(Full::new(body)).map_err(CallError::Address)?;
        match timeout(self.patience, self.http.request(request)).await {
            Ok(answer) => answer.map_err(CallError::Connection),
            Err(_) => Err(CallError::Timeout(self.patience)),
        }
    }

    async fn whole(&self, response: Response<Incoming>) -> Result<Answer, CallError> {
        let status = response.status().as_u16();
        let local = response.extensions().get::<HttpInfo>();
        let local = local.map(HttpInfo::local_addr);
        let closes = response
            .headers()
            .get(CONNECTION)
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"close"));
        let body = Limited::new(response.into_body(), ANSWER_BYTES).collect();
        let body = timeout(self.patience, body).await;
        let body = body.map_err(|_| CallError::Timeout(self.patience))?;
        let bytes = body.map_err(CallError::Broken)?.to_bytes();
        let json = serde_json::from_slice(&bytes).unwrap_or_default();
        Ok(Answer {
            status,
            bytes,
            json,
            local,
            closes,
        })
    }
}
