//! Finds out who the client is, for all that ask: keys tied to addresses, throttles, sessions, metrics.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderName;
use axum::middleware::Next;
use axum::response::Response;
use ipnet::IpNet;

use crate::address::ClientAddress;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Puts a [`ClientAddress`] into the request; must stay outside of all that looks for one.
pub(super) async fn tell(
    State(trusted): State<Arc<[IpNet]>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let told: Vec<_> = request.headers().get_all(FORWARDED_FOR).iter().collect();
    let told = told.into_iter().map(|value| value.to_str().ok());
    let client = ClientAddress::find(peer.ip(), told, &trusted);
    request.extensions_mut().insert(client);
    next.run(request).await
}
