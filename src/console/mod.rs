//! The dashboard's side of the service: who is looking, and what the pages' port gives them.
//!
//! A layer binds a [`Door`] and, for whoever is signed in, a [`Console`] to each request; pages and server functions
//! find both in Leptos' context. What a browser may ask is what [`account`] and the files of its parts implement, and nothing else.

mod account;
mod accounts;
mod admin;
mod audit;
mod confirm;
mod dashboard;
mod device;
mod explain;
mod export;
mod fresh;
mod health;
mod keys;
mod limits;
mod logs;
mod outbox;
mod overview;
mod public;
mod record;
mod recovery;
mod second_factor;
mod set_up;
mod settings;
mod site;
mod texts;
mod usage;
mod usage_csv;

use std::error::Error;
use std::sync::Arc;

use app::console::{
    Admin, Appearance, Confirmed, ConfirmedAdmin, Console, Door, Problem, Public, SettingUp,
    is_local,
};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use leptos::prelude::{provide_context, use_context};
use tower_sessions::Session;
use url::form_urlencoded;

use crate::accounts::Account;
use crate::address::ClientAddress;
use crate::docs;
use crate::ids::RequestId;
use crate::sessions::{self, Visitor};
use crate::throttle::Refused;
use account::AccountConsole;
use admin::AdminConsole;
pub use dashboard::Dashboard;
use public::PublicSite;
use set_up::{DoorSetUp, Halfway, SET_UP};
use site::SiteDoor;
pub use texts::{negotiate, texts};

const SIGN_IN: &str = "/sign-in";
const SIGN_UP: &str = "/sign-up";
const ADMIN_PAGES: &str = "/admin/";
/// For everybody: what is done by mail.
const RECOVERY_PAGES: [&str; 4] = ["/forgot-password", CHECK_MAIL, RESET_PASSWORD, VERIFY_EMAIL];
const CHECK_MAIL: &str = "/check-mail";
/// Have a secret in their addresses.
const RESET_PASSWORD: &str = "/reset-password";
const VERIFY_EMAIL: &str = "/verify-email";
/// For who has given the password and has still to give a code.
const CODE: &str = "/sign-in/code";
const STRANGERS_PAGES: [&str; 4] = [SIGN_IN, SIGN_UP, CODE, SET_UP];
const CONFIRM: &str = "/confirm";
const DOCS: &str = "/docs";
const STATUS: &str = "/status";
/// Begins the addresses of the docs' pages, and of what these ask for.
const PUBLIC_FOLDERS: [&str; 2] = ["/docs/", "/api/docs/"];

/// Whether everybody may see what is at `path`, signed in or not.
fn is_public(path: &str) -> bool {
    let is_within = |folder| path.starts_with(folder);
    matches!(
        path,
        "/" | DOCS | STATUS | "/api/appearance" | "/api/offer" | "/api/status"
    ) || PUBLIC_FOLDERS.into_iter().any(is_within)
        || RECOVERY_PAGES.contains(&path)
}

/// Binds the port to the request.
pub async fn bind(
    State(dashboard): State<Dashboard>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    let account = match current_account(&dashboard, &session).await {
        Ok(account) => account,
        // What everybody may see is there without a database too.
        Err(_) if is_public(request.uri().path()) => None,
        Err(error) => return error.into_response(),
    };
    let public: Arc<dyn Public> = Arc::new(PublicSite::new(
        dashboard.clone(),
        account.clone(),
        appearance(request.headers()),
    ));
    request.extensions_mut().insert(public);
    let visitor = visitor(&request);
    let device = device::shown(request.headers(), dashboard.is_https());
    let is_form = accepts_html(request.headers());
    let door = Arc::new(SiteDoor::new(
        dashboard.clone(),
        session.clone(),
        visitor.clone(),
        device,
        is_form,
    ));
    request
        .extensions_mut()
        .insert::<Arc<dyn Door>>(door.clone());
    if let Some(account) = account {
        if let Err(error) = dashboard.sessions.saw(&session, &visitor).await {
            tracing::warn!(
                error = &error as &dyn Error,
                "that a session is in use could not be noted"
            );
        }
        let is_confirmed = match sessions::is_confirmed(&session, dashboard.clock.now()).await {
            Ok(is_confirmed) => is_confirmed,
            Err(error) => return Unavailable::log(&error).into_response(),
        };
        if account.is_admin {
            let admin = AdminConsole::new(dashboard.clone(), account.clone(), visitor.clone());
            let admin = Arc::new(admin);
            let extensions = request.extensions_mut();
            extensions.insert(admin.clone());
            extensions.insert::<Arc<dyn Admin>>(admin.clone());
            if is_confirmed {
                extensions.insert::<Arc<dyn ConfirmedAdmin>>(admin);
            }
        }
        let console = Arc::new(AccountConsole::new(
            dashboard.clone(),
            account,
            session.clone(),
            visitor.clone(),
            is_form,
        ));
        let extensions = request.extensions_mut();
        extensions.insert(console.clone());
        if is_confirmed {
            extensions.insert::<Arc<dyn Confirmed>>(console.clone());
        }
        extensions.insert::<Arc<dyn Console>>(console);
    } else {
        match set_up::halfway(&dashboard, &session).await {
            Ok(Some(halfway)) => {
                if let Halfway::SetUp(account) = &halfway {
                    let account = account.clone();
                    let console =
                        AccountConsole::new(dashboard, account, session, visitor, is_form);
                    let set_up: Arc<dyn SettingUp> = Arc::new(DoorSetUp { door, console });
                    request.extensions_mut().insert(set_up);
                }
                request.extensions_mut().insert(halfway);
            }
            Ok(None) => {}
            Err(_) if is_public(request.uri().path()) => {}
            Err(error) => return error.into_response(),
        }
    }
    next.run(request).await
}

/// What pages offer to be kept as a file. It is for whoever pages are for.
pub fn files(dashboard: &Dashboard) -> Router {
    let export = get(export::export).with_state(dashboard.clone());
    Router::new()
        .route("/usage.csv", get(usage_csv::download))
        .route("/settings/export", export)
        .route("/audit-log.jsonl", get(audit::download))
        .route("/admin/audit-log.jsonl", get(audit::download_whole))
}

/// Lets onto a page whom it is for: strangers are sent to sign in, and come back; others need not sign in again. To all but
/// administrators, their pages are not there; neither are those of the docs that nobody has written.
pub async fn guard(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let has_secret = matches!(path, RESET_PASSWORD | VERIFY_EMAIL);
    let is_hidden =
        path.starts_with(ADMIN_PAGES) && request.extensions().get::<Arc<dyn Admin>>().is_none();
    let is_unwritten = path
        .strip_prefix("/docs/")
        .is_some_and(|name| !docs::exists(name));
    let is_signed_in = request.extensions().get::<Arc<dyn Console>>().is_some();
    let is_strangers_page = STRANGERS_PAGES.contains(&path);
    let led_to = match is_signed_in {
        true => None,
        false => set_up::led_to(&request),
    };
    if let Some(place) = led_to {
        return Redirect::to(&place).into_response();
    }
    match (is_signed_in, is_strangers_page) {
        (true, true) if !set_up::is_after_set_up(request.uri()) => {
            Redirect::to("/").into_response()
        }
        (false, false) if !is_public(path) => {
            Redirect::to(&sign_in_and_return(request.uri())).into_response()
        }
        _ => {
            let mut response = next.run(request).await;
            if is_hidden || is_unwritten {
                *response.status_mut() = StatusCode::NOT_FOUND;
            }
            if has_secret {
                let nobody = HeaderValue::from_static("no-referrer");
                response
                    .headers_mut()
                    .insert(header::REFERRER_POLICY, nobody);
            }
            response
        }
    }
}

/// Puts the port that [`bind`] bound to this request into Leptos' context.
pub fn provide_port() {
    let Some(parts) = use_context::<Parts>() else {
        return;
    };
    if let Some(door) = parts.extensions.get::<Arc<dyn Door>>() {
        provide_context(door.clone());
    }
    if let Some(public) = parts.extensions.get::<Arc<dyn Public>>() {
        provide_context(public.clone());
    }
    if let Some(setting_up) = parts.extensions.get::<Arc<dyn SettingUp>>() {
        provide_context(setting_up.clone());
    }
    if let Some(console) = parts.extensions.get::<Arc<dyn Console>>() {
        provide_context(console.clone());
    }
    if let Some(admin) = parts.extensions.get::<Arc<dyn Admin>>() {
        provide_context(admin.clone());
    }
    if let Some(confirmed) = parts.extensions.get::<Arc<dyn Confirmed>>() {
        provide_context(confirmed.clone());
    }
    if let Some(confirmed) = parts.extensions.get::<Arc<dyn ConfirmedAdmin>>() {
        provide_context(confirmed.clone());
    }
}

/// What a browser's cookies say of how it wants pages to be shown.
fn appearance(headers: &HeaderMap) -> Appearance {
    let cookies = headers.get_all(header::COOKIE).into_iter();
    let cookies: Vec<_> = cookies.filter_map(|cookie| cookie.to_str().ok()).collect();
    Appearance::of_cookies(&cookies.join("; "))
}

/// The account that this browser is let in to: where a second factor is asked of it, one is there.
async fn current_account(
    dashboard: &Dashboard,
    session: &Session,
) -> Result<Option<Account>, Unavailable> {
    let Some(account) = session_account(dashboard, session).await? else {
        return Ok(None);
    };
    let factors = &dashboard.second_factors;
    let is_missing = factors.is_missing(&account.id, account.is_admin).await;
    let is_missing = is_missing.map_err(|error| Unavailable::log(&error))?;
    Ok((!is_missing).then_some(account))
}

/// The account that the session is of. What it opens is for [`current_account`] to say.
async fn session_account(
    dashboard: &Dashboard,
    session: &Session,
) -> Result<Option<Account>, Unavailable> {
    let current = sessions::current(session, dashboard.clock.now())
        .await
        .map_err(|error| Unavailable::log(&error))?;
    let Some(id) = current else {
        return Ok(None);
    };
    let account = dashboard.accounts.find(&id).await;
    let account = account.map_err(|error| Unavailable::log(&error))?;
    // Its sessions were ended; this one began at that moment.
    Ok(account.filter(|account| account.suspended.is_none()))
}

fn visitor(request: &Request) -> Visitor {
    let client = request.extensions().get::<ClientAddress>();
    let agent = request.headers().get(header::USER_AGENT);
    let agent = agent.and_then(|agent| agent.to_str().ok());
    Visitor {
        ip: client.map(|client| client.0),
        agent: agent.unwrap_or_default().to_owned(),
    }
}

/// A page could not be begun because the database could not be asked who is looking.
struct Unavailable;

impl Unavailable {
    fn log(error: &(dyn Error + 'static)) -> Self {
        tracing::error!(error, "a session could not be looked up");
        Unavailable
    }
}

impl IntoResponse for Unavailable {
    fn into_response(self) -> Response {
        let text = "The service cannot reach its database right now. Reload the page in a moment.";
        (
            StatusCode::SERVICE_UNAVAILABLE,
            [(header::RETRY_AFTER, "5")],
            text,
        )
            .into_response()
    }
}

/// What a browser says when it posts a form by itself; a server function called from wasm does not.
fn accepts_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// Sends on to its page who writes a slash behind its address: no address of ours ends in one.
pub async fn without_slash(request: Request, next: Next) -> Response {
    match meant(request.uri()) {
        Some(place) => Redirect::permanent(&place).into_response(),
        None => next.run(request).await,
    }
}

fn meant(uri: &Uri) -> Option<String> {
    let path = uri.path().strip_suffix('/')?.trim_end_matches('/');
    let query = uri.query().map(|query| format!("?{query}"));
    let place = format!("{path}{}", query.unwrap_or_default());
    is_local(&place).then_some(place)
}

fn sign_in_and_return(uri: &Uri) -> String {
    let place = uri.path_and_query().map(|place| place.as_str());
    with_next(SIGN_IN, place.filter(|place| *place != "/"))
}

/// `page`, told where to move on to.
fn with_next(page: &str, next: Option<&str>) -> String {
    match next {
        None => page.to_owned(),
        Some(next) => {
            let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
            format!("{page}?next={next}")
        }
    }
}

/// What was not done because it was tried too often.
fn held_back(refused: Refused) -> Problem {
    match refused {
        Refused::Wait(wait) => Problem::wait(wait),
        refused @ Refused::Store(_) => internal(&refused),
    }
}

/// An internal cause goes to the log, whole; a person gets a sentence and the id under which it is there.
fn internal(error: &(dyn Error + 'static)) -> Problem {
    let request_id = RequestId::new();
    tracing::error!(%request_id, error, "the dashboard could not answer");
    Problem {
        request_id: Some(request_id.to_string()),
        ..Problem::new("Something failed on our side. Try again in a moment.")
    }
}
