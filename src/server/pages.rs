//! The dashboard's pages and server functions, as Leptos renders and answers them.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use leptos::config::LeptosOptions;
use leptos_axum::{
    LeptosRoutes, generate_route_list, handle_server_fns_with_context,
    render_app_async_with_context, render_route_with_context,
};

use crate::console::provide_port;

pub(super) fn options(site_dir: &Path, addr: SocketAddr) -> LeptosOptions {
    LeptosOptions::builder()
        .output_name("assisters")
        .site_root(Arc::<str>::from(site_dir.to_string_lossy()))
        .site_pkg_dir("pkg")
        .site_addr(addr)
        .build()
}

/// Every page of the dashboard.
pub(super) fn routes(options: &LeptosOptions) -> Router {
    // Not `leptos_routes`: that would put the server functions among the pages, whose guard is not for them.
    let paths = generate_route_list(app::App);
    let render = render_route_with_context(paths.clone(), provide_port, shell(options));
    Router::new()
        .leptos_routes_with_handler(paths, render)
        .with_state(options.clone())
}

pub(super) fn server_functions() -> Router {
    Router::new().route(
        "/api/{*name}",
        any(|request: Request| handle_server_fns_with_context(provide_port, request)),
    )
}

/// The page for an address that is none.
pub(super) fn missing(options: &LeptosOptions) -> Router {
    let render = render_app_async_with_context(provide_port, shell(options));
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

/// Pages show an account's own data: no cache keeps them, no other site frames them.
pub(super) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    );
    response
}
