//! All routes, and the layers around them: the map of what the service answers.

use std::net::SocketAddr;
use std::sync::LazyLock;

use axum::Router;
use axum::http::header;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use axum::routing::get;
use bytes::Bytes;
use tower_http::compression::CompressionLayer;
use tower_http::services::ServeDir;
use tower_sessions::SessionManagerLayer;

use super::health::{self, Health};
use super::metrics::{self, Scraped};
use super::{addresses, headers, pages, same_origin, to_the_end};
use crate::config::Config;
use crate::console::{self, Dashboard};
use crate::sessions;
use crate::v1::{self, V1};

pub(super) fn all(
    v1: &V1,
    dashboard: &Dashboard,
    health: Health,
    scraped: Scraped,
    session: SessionManagerLayer<sessions::Store>,
    config: &Config,
    addr: SocketAddr,
) -> Router {
    let (site_dir, https) = (&config.site_dir, config.is_https());
    let options = pages::options(site_dir, addr);
    let here = same_origin::Site::new(config.public_url.as_ref());
    // Read from the inside out: `bind` needs the session; `guard` needs what `bind` found.
    let verbs = pages::server_functions()
        .layer(from_fn_with_state(v1.tasks.clone(), to_the_end::run))
        .layer(from_fn_with_state(here.clone(), same_origin::only));
    let pages = pages::routes(&options)
        .merge(console::files(dashboard))
        .layer(from_fn(console::guard))
        .layer(from_fn_with_state(dashboard.clone(), console::negotiate))
        .merge(verbs)
        .layer(from_fn_with_state(dashboard.clone(), console::bind))
        .layer(session.clone())
        .merge(console::texts(dashboard))
        .layer(CompressionLayer::new())
        .layer(from_fn(headers::of_pages));
    // No compression here: an event must leave when it is written.
    let playground = v1::with_session(v1)
        .layer(from_fn_with_state(here, same_origin::only))
        .layer(session.clone());
    let files = ServeDir::new(site_dir)
        // For a folder it would send a browser to the same path and a slash, and `//host/` is another site's.
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip();
    let missing = pages::missing(&options)
        .layer(from_fn_with_state(dashboard.clone(), console::bind))
        .layer(session)
        .layer(CompressionLayer::new())
        .layer(from_fn(headers::of_pages));
    let files = Router::new()
        .fallback_service(files.fallback(missing))
        .layer(from_fn(console::without_slash))
        .layer(from_fn(headers::of_files));
    let site = Router::new()
        .route("/openapi.json", get(openapi).layer(v1::any_origin()))
        .route("/healthz", get(health::up))
        .route("/readyz", get(health::ready).with_state(health))
        .route("/metrics", get(metrics::scrape).with_state(scraped))
        .merge(pages)
        .fallback_service(files)
        .layer(from_fn(addresses::hold))
        .layer(from_fn_with_state(https, headers::of_site));
    Router::new()
        .nest("/v1", v1::with_key(v1))
        .nest("/playground/v1", playground)
        .layer(from_fn_with_state(https, headers::of_api))
        .merge(site)
}

/// The API's description. It is made once: it changes only with the program.
async fn openapi() -> impl IntoResponse {
    static DOCUMENT: LazyLock<Bytes> = LazyLock::new(v1::openapi);
    (
        [(header::CONTENT_TYPE, "application/json")],
        DOCUMENT.clone(),
    )
}
