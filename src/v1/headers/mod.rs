//! The headers of every answer under `/v1`, and the one line that the log gets of it.

pub(super) mod describe;
pub(super) mod prefer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::extract::{OriginalUri, Request};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use crate::clock::UnixMs;
use crate::ids::RequestId;
use crate::limits::{Bucket, Standing};
use crate::usage::Phases;

/// Those that a browser of another origin may read.
pub(super) const NAMES: [&str; 20] = [
    "x-request-id",
    "x-processing-time-ms",
    "x-ratelimit-limit-rpm",
    "x-ratelimit-remaining-rpm",
    "x-ratelimit-reset-rpm",
    "x-ratelimit-limit-tpm",
    "x-ratelimit-remaining-tpm",
    "x-ratelimit-reset-tpm",
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-tokens",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
    "idempotent-replayed",
    "preference-applied",
    "server-timing",
];

/// On a request: its id, when it came, and how long its phases took.
#[derive(Clone)]
pub(super) struct Arrival {
    pub(super) id: RequestId,
    pub(super) at: Instant,
    phases: Arc<[AtomicU64; PHASES.len()]>,
}

#[derive(Clone, Copy)]
pub(super) enum Phase {
    Auth,
    Limit,
    Queue,
    Upstream,
}

const PHASES: [(Phase, &str); 4] = [
    (Phase::Auth, "auth"),
    (Phase::Limit, "limit"),
    (Phase::Queue, "queue"),
    (Phase::Upstream, "upstream"),
];

impl Arrival {
    pub(super) fn now() -> Self {
        Arrival {
            id: RequestId::new(),
            at: Instant::now(),
            phases: Arc::default(),
        }
    }

    /// Adds to the time that `phase` took.
    pub(super) fn took(&self, phase: Phase, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.phases[phase as usize].fetch_add(micros, Ordering::Relaxed);
    }

    /// How long the phases took that the request has been through.
    pub(super) fn phases(&self) -> Phases {
        let took = |phase: Phase| {
            let micros = self.phases[phase as usize].load(Ordering::Relaxed);
            (micros > 0).then_some(micros)
        };
        Phases {
            auth_us: took(Phase::Auth),
            limit_us: took(Phase::Limit),
            queue_us: took(Phase::Queue),
            upstream_us: took(Phase::Upstream),
        }
    }

    fn server_timing(&self, total: Duration) -> String {
        let phases = PHASES.iter().map(|(phase, name)| {
            let micros = self.phases[*phase as usize].load(Ordering::Relaxed);
            format!("{name};dur={}.{:03}", micros / 1_000, micros % 1_000)
        });
        let total = format!(
            "total;dur={}.{:03}",
            total.as_millis(),
            total.subsec_micros() % 1_000
        );
        phases.chain([total]).collect::<Vec<_>>().join(", ")
    }
}

/// On a response whose caller was recognised: how the account's buckets stand, and when that was.
#[derive(Clone, Copy)]
pub(super) struct Rates(pub(super) Standing, pub(super) UnixMs);

/// The outermost layer: gives the request its id, and the answer its headers.
pub(super) async fn write(mut request: Request, next: Next) -> Response {
    let arrival = Arrival::now();
    let client_id = client_id(request.headers());
    let method = request.method().clone();
    // Without the original, the mount's prefix would be missing.
    let path = request
        .extensions()
        .get::<OriginalUri>()
        .map_or(request.uri(), |uri| &uri.0)
        .path()
        .to_owned();
    request.extensions_mut().insert(arrival.clone());
    let mut response = next.run(request).await;
    let took = arrival.at.elapsed();
    let status = response.status().as_u16();
    tracing::info!(request_id = %arrival.id, client_id, %method, path, status, ms = took.as_millis(), "answered");
    let rates = response.extensions().get::<Rates>().copied();
    let headers = response.headers_mut();
    insert(headers, "x-request-id", arrival.id.as_str());
    insert(
        headers,
        "x-processing-time-ms",
        &took.as_millis().to_string(),
    );
    insert(headers, "server-timing", &arrival.server_timing(took));
    if let Some(Rates(standing, now)) = rates {
        write_bucket(headers, ["rpm", "requests"], standing.requests, now);
        write_bucket(headers, ["tpm", "tokens"], standing.tokens, now);
    }
    response
}

/// In our spelling (reset in unix seconds, rounded up) and in OpenAI's (reset as a duration).
fn write_bucket(headers: &mut HeaderMap, [ours, theirs]: [&str; 2], bucket: Bucket, now: UnixMs) {
    let (limit, remaining) = (bucket.limit.to_string(), bucket.remaining().to_string());
    let reset = bucket
        .full_at
        .plus(Duration::from_millis(999))
        .seconds()
        .to_string();
    let reset_in = duration(bucket.full_at.since(now));
    for (field, value) in [
        ("limit", &limit),
        ("remaining", &remaining),
        ("reset", &reset),
    ] {
        insert(headers, &format!("x-ratelimit-{field}-{ours}"), value);
    }
    for (field, value) in [
        ("limit", &limit),
        ("remaining", &remaining),
        ("reset", &reset_in),
    ] {
        insert(headers, &format!("x-ratelimit-{field}-{theirs}"), value);
    }
}

/// As OpenAI writes it: `6m0s`, `1.5s`, `120ms`, `0s`.
fn duration(time: Duration) -> String {
    let ms = time.as_millis();
    match (ms / 60_000, ms % 60_000) {
        (0, 0) => "0s".into(),
        (0, rest) if rest < 1_000 => format!("{rest}ms"),
        (0, rest) => seconds(rest),
        (minutes, rest) => format!("{minutes}m{}", seconds(rest)),
    }
}

fn seconds(ms: u128) -> String {
    let fraction = format!("{:03}", ms % 1_000);
    match fraction.trim_end_matches('0') {
        "" => format!("{}s", ms / 1_000),
        digits => format!("{}.{digits}s", ms / 1_000),
    }
}

/// The id that the client gave its request, if it is fit for a log. It is never taken for ours.
pub(super) fn client_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get("x-request-id")?.to_str().ok()?;
    (1..=128).contains(&id.len()).then(|| id.to_owned())
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) {
    let name = axum::http::HeaderName::try_from(name);
    if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_openai_writes_them() {
        let written = [0, 120, 1_000, 1_500, 6_000, 60_000, 61_250, 360_000]
            .map(|ms| duration(Duration::from_millis(ms)));
        assert_eq!(
            written,
            ["0s", "120ms", "1s", "1.5s", "6s", "1m0s", "1m1.25s", "6m0s"]
        );
    }
}
