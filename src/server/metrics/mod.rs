//! `/metrics`: for Prometheus and what reads its formats. Not for everybody: it tells who is busy, and with what.

mod process;
mod sheet;
mod standing;
mod workers;

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::registry::Registry;
use tokio::task::spawn_blocking;

use crate::address::ClientAddress;
use crate::config::Secret;
use crate::v1::bearer;
pub(super) use standing::Standing;

/// What is shown, and to whom beside this machine; cheap to clone.
#[derive(Clone)]
pub(super) struct Scraped {
    registry: Arc<Registry>,
    token: Option<Secret>,
}

const OPENMETRICS: &str = "application/openmetrics-text";
const OPENMETRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const REFUSED: &str = "Metrics are shown to this machine itself, called by its own name or address and through no proxy. To read \
                       them from elsewhere, set metrics.token in assisters.toml, or ASSISTERS_METRICS_TOKEN, and send \
                       `Authorization: Bearer` with that token.\n";

/// What proxies say of whom they ask for.
const FORWARDED: [&str; 5] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-real-ip",
    "via",
];

impl Scraped {
    pub(super) fn new(mut registry: Registry, standing: Standing, token: Option<Secret>) -> Self {
        registry.register_collector(Box::new(standing));
        Scraped {
            registry: Arc::new(registry),
            token,
        }
    }

    fn is_for(&self, client: IpAddr, headers: &HeaderMap) -> bool {
        let told = bearer(headers);
        let knows_token =
            matches!((&self.token, told), (Some(token), Some(told)) if token.is(told));
        knows_token || is_this_machine(client, headers)
    }
}

pub(super) async fn scrape(
    State(scraped): State<Scraped>,
    Extension(ClientAddress(client)): Extension<ClientAddress>,
    headers: HeaderMap,
) -> Response {
    if !scraped.is_for(client, &headers) {
        return (StatusCode::FORBIDDEN, REFUSED).into_response();
    }
    let accept = headers.get(header::ACCEPT);
    let accept = accept.and_then(|accept| accept.to_str().ok());
    let open = accept.is_some_and(prefers_openmetrics);
    // It looks at files, and may have much to write: no thread that serves requests waits for it.
    let written = spawn_blocking(move || write(&scraped.registry, open)).await;
    let Ok(Ok(text)) = written else {
        tracing::error!("the metrics could not be written");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let kind = match open {
        true => OPENMETRICS_TYPE,
        false => prometheus_text::CONTENT_TYPE,
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, text).into_response()
}

fn write(registry: &Registry, open: bool) -> Result<String, std::fmt::Error> {
    let mut written = String::new();
    match open {
        true => text::encode(&mut written, registry)?,
        false => prometheus_text::encode(&mut written, registry)?,
    }
    Ok(written)
}

/// Whether it was a program on this machine that asked, for itself. A page of another site that has its own name lead here
/// says that name.
fn is_this_machine(client: IpAddr, headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .map_or(Some(""), |host| host.to_str().ok());
    client.to_canonical().is_loopback()
        && host.is_some_and(is_own_name)
        && !FORWARDED.iter().any(|name| headers.contains_key(*name))
}

fn is_own_name(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = |address: IpAddr| address.to_canonical().is_loopback();
    name.is_empty()
        || name.eq_ignore_ascii_case("localhost")
        || address.parse().is_ok_and(is_loopback)
}

/// Whether a scraper that sends `accept` likes OpenMetrics no less than the plain format.
fn prefers_openmetrics(accept: &str) -> bool {
    let liking = |kind: &str| {
        let kinds = accept.split(',').map(|one| one.split(';').map(str::trim));
        let same =
            kinds.filter_map(|mut one| one.next()?.eq_ignore_ascii_case(kind).then_some(one));
        let quality = |mut parameters: std::iter::Map<_, _>| {
            let told = parameters.find_map(|one: &str| one.strip_prefix("q=")?.parse().ok());
            told.unwrap_or(1.0)
        };
        same.map(quality).fold(0.0_f64, f64::max)
    };
    let open = liking(OPENMETRICS);
    open > 0.0 && open >= liking("text/plain")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openmetrics_is_for_whom_likes_it_no_less() {
        for (accept, expected) in [
            ("application/openmetrics-text", true),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;q=0.3,*/*;q=0.1",
                true,
            ),
            (
                "Application/OpenMetrics-Text; q=0.5, text/plain; q=0.5",
                true,
            ),
            (
                "text/plain;version=0.0.4;q=0.6,application/openmetrics-text;q=0.5",
                false,
            ),
            ("application/openmetrics-text;q=0", false),
            ("text/plain", false),
            ("*/*", false),
            ("", false),
        ] {
            assert_eq!(prefers_openmetrics(accept), expected, "{accept}");
        }
    }

    #[test]
    fn only_a_program_of_this_machine_needs_no_token() {
        let asks = |peer: &str, pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter();
            let pairs = pairs.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            is_this_machine(peer.parse().unwrap(), &pairs.collect())
        };
        for (peer, host) in [
            ("127.0.0.1", "127.0.0.1:3000"),
            ("127.8.8.8", "localhost"),
            ("::1", "[::1]:3000"),
            ("::1", "[::1]"),
            ("::ffff:127.0.0.1", "LOCALHOST:80"),
        ] {
            assert!(asks(peer, &[("host", host)]), "{peer} {host}");
            for name in FORWARDED {
                assert!(
                    !asks(peer, &[("host", host), (name, "127.0.0.1")]),
                    "{name}"
                );
            }
            assert!(!asks("10.0.0.5", &[("host", host)]));
            assert!(!asks("::ffff:10.0.0.5", &[("host", host)]));
        }
        assert!(asks("127.0.0.1", &[]), "HTTP/1.0 needs no host");
        for host in [
            "evil.example",
            "evil.example:3000",
            "10.0.0.5:3000",
            "localhost.evil.example",
        ] {
            assert!(!asks("127.0.0.1", &[("host", host)]), "{host}");
        }
    }
}
