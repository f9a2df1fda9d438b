//! The dashboard's pages and server functions, as Leptos renders and answers them.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use app::console::{Problem, WayOut};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use leptos::config::LeptosOptions;
use leptos_axum::{
    AxumRouteListing, LeptosRoutes, generate_route_list, handle_server_fns_with_context,
    render_app_async_with_context, render_route_with_context,
};
use tower_http::limit::RequestBodyLimitLayer;

use super::headers;
use crate::console::provide_port;

/// Where the build's files lie in the site's folder, and the name of the folder that holds the newest.
const PKG: &str = "pkg";
const VERSION: &str = "version";

/// Read once: a site that is laid out anew is served after the next start, and until then nothing is mixed.
pub(super) fn options(site_dir: &Path, addr: SocketAddr) -> LeptosOptions {
    // Without it the files lie in `pkg` itself, as cargo-leptos puts them.
    let pkg_dir = match fs::read_to_string(site_dir.join(PKG).join(VERSION)) {
        Ok(version) => format!("{PKG}/{}", version.trim()),
        Err(_) => PKG.to_owned(),
    };
    LeptosOptions::builder()
        .output_name("assisters")
        .site_root(Arc::<str>::from(site_dir.to_string_lossy()))
        .site_pkg_dir(Arc::<str>::from(pkg_dir))
        .site_addr(addr)
        .build()
}

/// Found once in a process: while Leptos looks for the routes, no resource anywhere in the process loads, and a page
/// rendered at that moment would wait for ever.
static PATHS: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(app::App));

/// Every page of the dashboard.
pub(super) fn routes(options: &LeptosOptions) -> Router {
    // Not `leptos_routes`: that would put the server functions among the pages, whose guard is not for them.
    let render = render_route_with_context(PATHS.clone(), provide_page, shell(options));
    Router::new()
        .leptos_routes_with_handler(PATHS.clone(), render)
        .with_state(options.clone())
}

fn provide_page() {
    provide_port();
    headers::allow_own_scripts();
}

/// The largest form is a name and an e-mail address; a stranger may send nothing that has to be held in memory.
const LARGEST_FORM: usize = 64 << 10;

pub(super) fn server_functions() -> Router {
    let answer = |request: Request| handle_server_fns_with_context(provide_port, request);
    Router::new()
        .route("/api/{*name}", any(answer))
        .layer(RequestBodyLimitLayer::new(LARGEST_FORM))
        .layer(from_fn(status_of_problem))
}

/// Leptos answers every error of a server function with 500. What the user can mend is none of ours.
async fn status_of_problem(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, LARGEST_FORM).await.unwrap_or_default();
    parts.status = match serde_json::from_slice::<Problem>(&body) {
        Ok(Problem {
            wait_seconds: Some(seconds),
            ..
        }) => {
            parts.headers.insert(header::RETRY_AFTER, seconds.into());
            StatusCode::TOO_MANY_REQUESTS
        }
        Ok(problem) if problem.way_out == WayOut::SignIn => StatusCode::UNAUTHORIZED,
        Ok(problem) if problem.way_out == WayOut::Leave => StatusCode::FORBIDDEN,
        Ok(problem) if problem.way_out == WayOut::Confirm => StatusCode::FORBIDDEN,
        // It was logged under this id: a fault of ours.
        Ok(problem) if problem.request_id.is_some() => StatusCode::INTERNAL_SERVER_ERROR,
        Ok(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    Response::from_parts(parts, Body::from(body))
}

/// The page for an address that is none.
pub(super) fn missing(options: &LeptosOptions) -> Router {
    let render = render_app_async_with_context(provide_page, shell(options));
    Router::new().fallback(|request: Request| async move {
        let mut response = render(request).await.into_response();
        *response.status_mut() = StatusCode::NOT_FOUND;
        response
    })
}

fn shell(
    options: &LeptosOptions,
) -> impl Fn() -> leptos::prelude::AnyView + Clone + Send + Sync + 'static {
    use leptos::prelude::IntoAny;

    let options = options.clone();
    move || app::shell(options.clone()).into_any()
}
