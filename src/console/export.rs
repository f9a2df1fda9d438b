//! All that there is of an account, as one JSON document. What may be long is read and sent page by page, so that no
//! export is held in memory.

use std::error::Error;
use std::sync::Arc;

use app::console::Confirmed;
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use futures_util::stream::{Stream, StreamExt, TryStreamExt, once, try_unfold};
use serde::Serialize;
use serde_json::{Value, json};
use tower_sessions::Session;

use super::account::AccountConsole;
use super::{CONFIRM, Dashboard, current_account, internal, with_next};
use crate::accounts::Account;
use crate::audit::{Action, Audit, Place, Query, StoreError};
use crate::ids::AccountId;
use crate::keys::Key;
use crate::mail::Item;
use crate::sessions::Listed;

/// Records that are read at once.
const AUDIT_PAGE: usize = 500;

type Failure = Box<dyn Error + Send + Sync>;

/// The document of whoever is signed in, and has lately proved it.
pub(super) async fn export(
    State(dashboard): State<Dashboard>,
    Extension(console): Extension<Arc<AccountConsole>>,
    session: Session,
    confirmed: Option<Extension<Arc<dyn Confirmed>>>,
) -> Response {
    let account = match current_account(&dashboard, &session).await {
        Ok(Some(account)) => account,
        Ok(None) => return StatusCode::UNAUTHORIZED.into_response(),
        Err(unavailable) => return unavailable.into_response(),
    };
    if confirmed.is_none() {
        let back = with_next(CONFIRM, Some("/settings?done=ready"));
        return Redirect::to(&back).into_response();
    }
    let head = match head(&dashboard, &account, &session).await {
        Ok(head) => {
            let event = console.event(Action::AccountExported);
            dashboard.record_first(event).await.map(|()| head)
        }
        Err(error) => Err(internal(error.as_ref())),
    };
    match head {
        Ok(head) => {
            let headers = [
                (header::CONTENT_TYPE, "application/json"),
                (
                    header::CONTENT_DISPOSITION,
                    "attachment; filename=\"assisters-account.json\"",
                ),
            ];
            let body = document(head, dashboard, account);
            (headers, Body::from_stream(body)).into_response()
        }
        Err(problem) => (StatusCode::INTERNAL_SERVER_ERROR, problem.message).into_response(),
    }
}

/// What is short, without the brace that would close it.
async fn head(
    dashboard: &Dashboard,
    account: &Account,
    session: &Session,
) -> Result<String, Failure> {
    let keys = dashboard.keys.list(&account.id).await?;
    let sessions = dashboard.sessions.list(&account.id, session.id()).await?;
    let mails = dashboard.mail.outbox().of_account(&account.id).await?;
    let wanted = dashboard.accounts.wanted(&account.id).await?;
    let factor = dashboard.second_factors.standing(&account.id).await?;
    let head = json!({
        "exported_ms": dashboard.clock.now(),
        "account": {
            "id": account.id.as_str(),
            "email": account.email,
            "name": account.name,
            "tier": account.tier.as_str(),
            "requests_per_minute": account.quota.rpm,
            "tokens_per_minute": account.quota.tpm,
            "is_admin": account.is_admin,
            "created_ms": account.created,
            "is_email_verified": account.is_verified,
        },
        "second_factor": factor.map(|factor| json!({
            "since_ms": factor.since,
            "recovery_codes_left": factor.codes_left,
        })),
        "settings": { "keep_request_log_days": account.retention_days },
        "asked_for_enterprise": wanted.map(|wanted| json!({
            "requests_per_minute": wanted.rpm,
            "tokens_per_minute": wanted.tpm,
            "message": wanted.message,
            "asked_ms": wanted.asked,
        })),
        "keys": keys.iter().map(told_key).collect::<Vec<_>>(),
        "mails": mails.iter().map(told_mail).collect::<Vec<_>>(),
        "sessions": sessions.iter().map(told_session).collect::<Vec<_>>(),
    });
    let mut text = head.to_string();
    text.pop();
    Ok(text)
}

fn told_key(key: &Key) -> Value {
    let grant = &key.restrictions.grant;
    let endpoints = grant.endpoints.as_ref();
    let endpoints: Option<Vec<_>> =
        endpoints.map(|allowed| allowed.iter().map(|one| one.as_str()).collect());
    json!({
        "id": key.id.as_str(),
        "name": key.name,
        "masked": key.masked(),
        "created_ms": key.created,
        "last_used_ms": key.last_used,
        "last_used_from": key.last_used_from,
        "revoked_ms": key.revoked,
        "expires_ms": key.restrictions.expires,
        "endpoints": endpoints,
        "models": grant.models,
        "ips": key.restrictions.ips.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "requests_per_minute": grant.rpm,
        "tokens_per_minute": grant.tpm,
    })
}

fn told_mail(mail: &Item) -> Value {
    json!({
        "to": mail.recipient,
        "subject": mail.subject,
        "state": mail.state.as_str(),
        "written_ms": mail.created,
        "sent_ms": mail.sent,
    })
}

fn told_session(session: &Listed) -> Value {
    json!({
        "browser": session.browser,
        "begun_ms": session.begun,
        "last_seen_ms": session.seen,
        "last_seen_from": session.ip,
        "is_this": session.is_this,
    })
}

/// An error cuts the document off, so that half of it is not taken for the whole.
fn document(
    head: String,
    dashboard: Dashboard,
    account: Account,
) -> impl Stream<Item = Result<Bytes, Failure>> + Send {
    let (usage, audit, id) = (dashboard.usage, dashboard.audit, account.id);
    let of_whom = id.clone();
    let records = rows(move |last: Option<OnRecord>| {
        let (audit, id) = (audit.clone(), of_whom.clone());
        async move { on_record(&audit, id, last).await }
    });
    let (usage_too, id_too) = (usage.clone(), id.clone());
    let sums = rows(move |last| {
        let (usage, id) = (usage_too.clone(), id_too.clone());
        async move { usage.hourly_page(&id, last.as_ref()).await }
    });
    let requests = rows(move |last| {
        let (usage, id) = (usage.clone(), id.clone());
        async move { usage.ledger_page(&id, last.as_ref()).await }
    });
    text(head + ",\"usage_by_hour\":[")
        .chain(sums)
        .chain(text("],\"requests\":[".to_owned()))
        .chain(requests)
        .chain(text("],\"audit_log\":[".to_owned()))
        .chain(records)
        .chain(text("]}\n".to_owned()))
        .inspect_err(|error| tracing::error!(%error, "an export was cut off"))
}

/// What is on record, and where it stands there.
#[derive(Clone, Serialize)]
struct OnRecord {
    #[serde(skip)]
    place: Place,
    #[serde(flatten)]
    told: Value,
}

/// A page of what `account` may see of its log, behind the last one.
async fn on_record(
    audit: &Audit,
    account: AccountId,
    last: Option<OnRecord>,
) -> Result<Vec<OnRecord>, StoreError> {
    let place = last.map_or_else(Place::top, |last| last.place);
    let query = Query {
        account: Some(account.clone()),
        ..Query::default()
    };
    let records = audit.list(&query, &place, AUDIT_PAGE).await?;
    let told = records.into_iter().map(|record| OnRecord {
        place: Place::of(&record),
        told: record.as_seen_by(&account).in_json(),
    });
    Ok(told.collect())
}

fn text(text: String) -> impl Stream<Item = Result<Bytes, Failure>> + Send {
    once(async { Ok(Bytes::from(text)) })
}

/// Every row that `page` gives behind the last one, with commas between them.
fn rows<T, F, P, E>(page: F) -> impl Stream<Item = Result<Bytes, Failure>> + Send
where
    T: Serialize + Clone + Send + Sync,
    F: Fn(Option<T>) -> P + Send,
    P: Future<Output = Result<Vec<T>, E>> + Send,
    E: Into<Failure> + Send,
{
    try_unfold((page, None), |(page, last): (F, Option<T>)| async move {
        let mut comma = if last.is_some() { "," } else { "" };
        let rows = page(last).await.map_err(Into::into)?;
        let Some(last) = rows.last().cloned() else {
            return Ok(None);
        };
        let mut text = String::new();
        for row in rows {
            text += comma;
            text += "\n";
            text += &serde_json::to_string(&row)?;
            comma = ",";
        }
        Ok(Some((Bytes::from(text), (page, Some(last)))))
    })
}
