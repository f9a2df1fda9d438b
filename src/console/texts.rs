//! The public pages in the forms that programs read: the docs as Markdown, the status as JSON.

use app::console::{Appearance, Problem, Public};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use super::public::PublicSite;
use super::{Dashboard, STATUS};
use crate::docs::{self, Values};

/// What has an address of its own.
pub fn texts(dashboard: &Dashboard) -> Router {
    Router::new()
        .route("/llms.txt", get(index))
        .route("/docs/llms.txt", get(index))
        .route("/llms-full.txt", get(whole))
        .route("/status.json", get(status))
        .with_state(dashboard.clone())
}

/// Answers who asks for a page of the docs with `.md` behind it, or for the status as JSON.
pub async fn negotiate(
    State(dashboard): State<Dashboard>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let name = match path {
        // The first page's address is that of them all.
        "/docs.md" => Some(docs::FIRST),
        _ => path
            .strip_prefix("/docs/")
            .and_then(|path| path.strip_suffix(".md")),
    };
    if let Some(name) = name.filter(|name| docs::exists(name)) {
        let name = name.to_owned();
        return as_text(dashboard, |values| docs::markdown(&name, values)).await;
    }
    if path != STATUS {
        return next.run(request).await;
    }
    let mut response = match wants_json(request.headers()) {
        true => status(State(dashboard)).await,
        false => next.run(request).await,
    };
    let accept = HeaderValue::from_static("accept");
    response.headers_mut().append(header::VARY, accept);
    response
}

async fn index(State(dashboard): State<Dashboard>) -> Response {
    as_text(dashboard, |values| Some(docs::index(values))).await
}

async fn whole(State(dashboard): State<Dashboard>) -> Response {
    as_text(dashboard, |values| Some(docs::whole(values))).await
}

async fn as_text(dashboard: Dashboard, write: impl FnOnce(&Values) -> Option<String>) -> Response {
    match PublicSite::new(dashboard, None, Appearance::default())
        .values()
        .await
    {
        Ok(values) => {
            let kind = "text/markdown; charset=utf-8";
            let text = write(&values).unwrap_or_default();
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(problem) => unavailable(problem),
    }
}

/// The status page in JSON. Any site's page may read it.
async fn status(State(dashboard): State<Dashboard>) -> Response {
    match PublicSite::new(dashboard, None, Appearance::default())
        .status()
        .await
    {
        Ok(status) => {
            let open = [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
            (open, Json(status)).into_response()
        }
        Err(problem) => unavailable(problem),
    }
}

fn unavailable(problem: Problem) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, problem.message).into_response()
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT);
    let accept = accept.and_then(|accept| accept.to_str().ok());
    accept
        .is_some_and(|accept| accept.contains("application/json") && !accept.contains("text/html"))
}
