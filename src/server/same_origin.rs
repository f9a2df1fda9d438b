//! Refuses what another site's page sends with our cookie, beside what `SameSite=Lax` keeps away.
//!
//! Browsers say where a request comes from in `Sec-Fetch-Site` (Fetch Metadata), older ones in `Origin`. What sends
//! neither is no browser, and has no cookie that it was not given.

use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::Url;

use crate::v1::ApiError;

pub(super) async fn only(request: Request, next: Next) -> Response {
    if is_from_here(request.headers()) {
        next.run(request).await
    } else {
        ApiError::other_origin().into_response()
    }
}

fn is_from_here(headers: &HeaderMap) -> bool {
    let text = |name| {
        headers
            .get(name)
            .map(|value: &axum::http::HeaderValue| value.to_str().unwrap_or("?"))
    };
    match (
        text(header::HeaderName::from_static("sec-fetch-site")),
        text(header::ORIGIN),
    ) {
        // `none`: the user typed the address.
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => text(header::HOST).is_some_and(|host| is_origin_of(origin, host)),
        (None, None) => true,
    }
}

fn is_origin_of(origin: &str, host: &str) -> bool {
    Url::parse(origin)
        .is_ok_and(|url| url[url::Position::BeforeHost..url::Position::AfterPort] == *host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn other_sites_are_told_from_this_one() {
        let host = ("host", "a.example:3000");
        for good in [
            vec![],
            vec![host, ("sec-fetch-site", "same-origin")],
            vec![host, ("sec-fetch-site", "none")],
            vec![host, ("origin", "http://a.example:3000")],
        ] {
            assert!(is_from_here(&headers(&good)), "{good:?}");
        }
        for bad in [
            vec![host, ("sec-fetch-site", "cross-site")],
            vec![
                host,
                ("sec-fetch-site", "same-site"),
                ("origin", "http://a.example:3000"),
            ],
            vec![host, ("origin", "http://a.example")],
            vec![host, ("origin", "null")],
            vec![("origin", "http://a.example:3000")],
        ] {
            assert!(!is_from_here(&headers(&bad)), "{bad:?}");
        }
    }
}
