//! What answers tell a browser to allow them: as little as each kind of answer needs.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use leptos::nonce::use_nonce;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

/// For a year, and all hosts below this one's name with it (OWASP ASVS 5.0, 3.4.1).
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");
/// For what is no page: should a browser be brought to show it as one, nothing in it loads or runs.
const NOTHING: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// What no page of ours asks a device for.
const NO_DEVICES: HeaderValue = HeaderValue::from_static(
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), \
     microphone=(), midi=(), payment=(), usb=()",
);
/// What the build named by its content, and fonts, which are named by their version.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Asked for again each time, and mostly answered with 304.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// Lets the page that is rendered run the scripts that were rendered into it, told by this answer's own number, and what
/// those load; everything else comes from here, and no style stands in the document.
pub(super) fn allow_own_scripts() {
    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else {
        return;
    };
    let policy = format!(
        "default-src 'self'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::try_from(policy) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// Pages show an account's own data: no cache keeps them.
pub(super) async fn of_pages(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Files whose names change with what is in them are asked for once.
pub(super) async fn of_files(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let named_by_content = path.starts_with("/pkg/") && path.matches('/').count() > 2;
    let keep = named_by_content || path.starts_with("/fonts/");
    let mut response = next.run(request).await;
    let found = response.status().is_success() || response.status().is_redirection();
    if found && !response.headers().contains_key(header::CACHE_CONTROL) {
        let age = if keep { FOR_EVER } else { ASK_AGAIN };
        response.headers_mut().insert(header::CACHE_CONTROL, age);
    }
    response
}

/// What any answer of the site says, unless it said so itself.
pub(super) async fn of_site(State(https): State<bool>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let same_origin = HeaderValue::from_static("same-origin");
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, NOTHING),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (header::REFERRER_POLICY, same_origin.clone()),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            same_origin.clone(),
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            same_origin,
        ),
        (HeaderName::from_static("permissions-policy"), NO_DEVICES),
    ] {
        headers.entry(name).or_insert(value);
    }
    plain(headers, https);
    response
}

/// What the API says too: its clients are programs, and few of them browsers.
pub(super) async fn of_api(State(https): State<bool>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(NOTHING);
    plain(headers, https);
    response
}

fn plain(headers: &mut HeaderMap, https: bool) {
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
    }
}
