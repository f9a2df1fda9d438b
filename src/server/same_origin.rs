//! Refuses what another site's page sends with our cookie, beside what `SameSite` keeps away.
//!
//! Browsers say where a request comes from in `Sec-Fetch-Site` (Fetch Metadata), and in `Origin` wherever a request changes
//! something. Neither can be set by a page. What changes something must show one of them, and none that says otherwise.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::Url;

use crate::v1::ApiError;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Where the site's own pages come from.
#[derive(Clone)]
pub(super) struct Site {
    /// Its origin as users see it, where that is configured: a proxy may have asked for another host.
    public: Option<Arc<str>>,
    https: bool,
}

impl Site {
    pub(super) fn new(public_url: Option<&Url>) -> Self {
        Site {
            public: public_url.map(|url| url.origin().ascii_serialization().into()),
            https: public_url.is_some_and(|url| url.scheme() == "https"),
        }
    }

    fn is_sender(&self, method: &Method, headers: &HeaderMap) -> bool {
        let site = said(headers, SEC_FETCH_SITE);
        // A page that tells nobody where it is (`no-referrer`, as those with a secret in their address do) has its forms
        // posted from `null`. So does another site's page in a sandbox, but that is no `same-origin`.
        let origin = said(headers, header::ORIGIN);
        let origin = origin.filter(|origin| *origin != "null" || site.is_none());
        let asks = [
            site.map(|site| match site {
                "same-origin" => true,
                // The user typed the address, or chose a bookmark; by that nothing is posted.
                "none" => method.is_safe(),
                _ => false,
            }),
            origin.map(|origin| self.is_origin(origin, headers)),
        ];
        let told = asks.iter().flatten().count() > 0;
        let denied = asks.contains(&Some(false));
        !denied && (told || method.is_safe())
    }

    fn is_page(&self, headers: &HeaderMap) -> bool {
        let page = said(headers, header::REFERER).and_then(|page| Url::parse(page).ok());
        page.is_some_and(|page| self.is_origin(&page.origin().ascii_serialization(), headers))
    }

    fn is_origin(&self, origin: &str, headers: &HeaderMap) -> bool {
        let Some((scheme, authority)) = origin.split_once("://") else {
            return false;
        };
        let known_scheme = matches!((scheme, self.https), ("https", _) | ("http", false));
        let is_host = known_scheme && said(headers, header::HOST) == Some(authority);
        is_host || self.public.as_deref() == Some(origin)
    }
}

/// What the header says. Twice, or as no text, it says nothing that could be right.
fn said(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let first: &HeaderValue = values.next()?;
    match values.next() {
        None => Some(first.to_str().unwrap_or("?")),
        Some(_) => Some("?"),
    }
}

pub(super) async fn only(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    if !site.is_sender(request.method(), request.headers()) {
        return ApiError::other_origin().into_response();
    }
    // A form that is refused leads back to the page that it was on, which must be ours.
    if !site.is_page(request.headers()) {
        request.headers_mut().remove(header::REFERER);
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: (&str, &str) = ("host", "a.example:3000");
    const SITE: &str = "sec-fetch-site";

    fn is_sender(
        public: Option<&str>,
        method: Method,
        pairs: &[(&'static str, &'static str)],
    ) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        let public: Option<Url> = public.map(|url| url.parse().unwrap());
        Site::new(public.as_ref()).is_sender(&method, &headers)
    }

    #[test]
    fn what_changes_something_must_show_that_it_comes_from_here() {
        let here = ("origin", "http://a.example:3000");
        for good in [
            vec![HOST, (SITE, "same-origin")],
            vec![HOST, (SITE, "same-origin"), ("origin", "null")],
            vec![HOST, here],
            vec![HOST, here, (SITE, "same-origin")],
        ] {
            assert!(is_sender(None, Method::POST, &good), "{good:?}");
        }
        for bad in [
            vec![],
            vec![HOST],
            vec![HOST, (SITE, "none")],
            vec![HOST, (SITE, "cross-site")],
            vec![HOST, (SITE, "same-site")],
            vec![HOST, (SITE, "same-origin "), (SITE, "same-origin")],
            vec![HOST, (SITE, "")],
            // One of the two lies.
            vec![HOST, here, (SITE, "same-site")],
            vec![HOST, ("origin", "null")],
            vec![HOST, ("origin", "http://a.example")],
            vec![HOST, ("origin", "http://a.example:3001")],
            vec![HOST, ("origin", "http://b.a.example:3000")],
            vec![HOST, ("origin", "http://a.example:3000.evil.example")],
            vec![HOST, ("origin", "ftp://a.example:3000")],
            vec![HOST, ("origin", "http://u@a.example:3000")],
            vec![HOST, ("origin", "a.example:3000")],
            vec![HOST, here, here],
            vec![here],
            vec![HOST, ("host", "evil.example"), here],
        ] {
            assert!(!is_sender(None, Method::POST, &bad), "{bad:?}");
        }
    }

    #[test]
    fn what_only_reads_may_be_asked_by_a_program_or_a_bookmark_but_by_no_other_site() {
        for good in [vec![HOST], vec![HOST, (SITE, "none")]] {
            assert!(is_sender(None, Method::GET, &good), "{good:?}");
        }
        for bad in [
            vec![HOST, (SITE, "cross-site")],
            vec![HOST, ("origin", "https://evil.example")],
        ] {
            assert!(!is_sender(None, Method::GET, &bad), "{bad:?}");
        }
    }

    #[test]
    fn behind_a_proxy_the_public_address_is_here_too() {
        let public = Some("https://assisters.example");
        let inside = ("host", "127.0.0.1:3000");
        for (pairs, expected) in [
            (vec![inside, ("origin", "https://assisters.example")], true),
            (
                vec![
                    ("host", "assisters.example"),
                    ("origin", "https://assisters.example"),
                ],
                true,
            ),
            // Unencrypted, it may be anyone on the way.
            (
                vec![
                    ("host", "assisters.example"),
                    ("origin", "http://assisters.example"),
                ],
                false,
            ),
            (vec![inside, ("origin", "http://127.0.0.1:3000")], false),
            (vec![inside, ("origin", "https://evil.example")], false),
        ] {
            assert_eq!(
                is_sender(public, Method::POST, &pairs),
                expected,
                "{pairs:?}"
            );
        }
    }
}
