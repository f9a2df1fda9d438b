//! What is on record, as pages show it and as files of JSON lines. A file is read and sent page by page, so that none is held
//! in memory.

use std::error::Error;
use std::sync::Arc;

use app::console::{AuditAdmin, AuditConsole, AuditPage, AuditQuery, AuditRow, Problem};
use async_trait::async_trait;
use axum::body::Body;
use axum::extract::{Extension, RawQuery};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{Stream, TryStreamExt, try_unfold};
use serde_json::Value;

use super::account::AccountConsole;
use super::admin::AdminConsole;
use super::{Dashboard, internal};
use crate::audit::{ADMINISTRATOR, Action, Audit, Place, Query, Record};
use crate::clock::{DAY_MS, UnixMs};
use crate::ids::AccountId;
use crate::sessions;

type Failure = Box<dyn Error + Send + Sync>;

/// Records on a page, and those that a file is read by.
const PAGE: usize = 50;
const PAGE_OF_FILE: usize = 500;

#[async_trait]
impl AuditConsole for AccountConsole {
    async fn audit_log(&self, query: AuditQuery) -> Result<AuditPage, Problem> {
        let own = &self.account.id;
        let wanted = self.records_wanted(&query);
        let mut page = page(&self.dashboard, &wanted, &query, Some(own)).await?;
        for row in &mut page.rows {
            row.account = None;
        }
        Ok(page)
    }
}

#[async_trait]
impl AuditAdmin for AdminConsole {
    async fn whole_audit_log(&self, query: AuditQuery) -> Result<AuditPage, Problem> {
        let wanted = self.records_wanted(&query);
        page(&self.dashboard, &wanted, &query, None).await
    }
}

impl AccountConsole {
    /// Whatever the address asks for, only what is the account's own.
    fn records_wanted(&self, query: &AuditQuery) -> Query {
        Query {
            account: Some(self.account.id.clone()),
            ..asked(query, self.dashboard.clock.now())
        }
    }
}

impl AdminConsole {
    fn records_wanted(&self, query: &AuditQuery) -> Query {
        Query {
            party: query.account.as_ref().map(|party| party.to_lowercase()),
            ip: query.ip.clone(),
            ..asked(query, self.dashboard.clock.now())
        }
    }

    /// The latest of what concerns `account`.
    pub(super) async fn latest_of(
        &self,
        account: &AccountId,
        most: usize,
    ) -> Result<Vec<AuditRow>, Problem> {
        let query = Query {
            account: Some(account.clone()),
            ..Query::default()
        };
        let records = self.dashboard.audit.list(&query, &Place::top(), most).await;
        let records = records.map_err(|error| internal(&error))?;
        Ok(records.into_iter().map(|one| shown(one, None)).collect())
    }
}

/// What an account and an administrator can both ask for.
fn asked(query: &AuditQuery, now: UnixMs) -> Query {
    let days = query.since.days();
    Query {
        action: query.action.as_ref().and_then(|name| name.parse().ok()),
        from: days.map_or(UnixMs(0), |days| UnixMs(now.0 - days * DAY_MS)),
        ..Query::default()
    }
}

async fn page(
    dashboard: &Dashboard,
    wanted: &Query,
    query: &AuditQuery,
    own: Option<&AccountId>,
) -> Result<AuditPage, Problem> {
    let place = match &query.before {
        Some((at_ms, id)) => Place {
            at: UnixMs(*at_ms),
            id: id.clone(),
        },
        None => Place::top(),
    };
    let records = dashboard.audit.list(wanted, &place, PAGE + 1).await;
    let mut records = records.map_err(|error| internal(&error))?;
    let more = records.len() > PAGE;
    records.truncate(PAGE);
    let of_accounts = |action: &&Action| own.is_none() || !action.as_str().starts_with("worker.");
    let actions = Action::ALL.iter().filter(of_accounts);
    Ok(AuditPage {
        rows: records.into_iter().map(|one| shown(one, own)).collect(),
        more,
        actions: actions
            .map(|action| (action.to_string(), action.title().to_owned()))
            .collect(),
        updated_ms: dashboard.clock.now().0,
    })
}

/// To `own` itself, or to an administrator.
fn shown(record: Record, own: Option<&AccountId>) -> AuditRow {
    let record = match own {
        Some(own) => record.as_seen_by(own),
        None => record,
    };
    let title = record.action.parse().map(Action::title);
    let account = record.account_id.clone().zip(record.account_email.clone());
    AuditRow {
        title: title.map_or_else(|_| record.action.clone(), str::to_owned),
        refused: record.outcome == "refused",
        actor: match (record.actor.as_str(), record.actor_email) {
            ("account", Some(_)) if own.is_some() => "You".to_owned(),
            ("account", Some(email)) => email,
            ("shell", _) => "A shell on the server".to_owned(),
            ("system", _) => "The service".to_owned(),
            (ADMINISTRATOR, _) => "An administrator".to_owned(),
            _ => "Somebody".to_owned(),
        },
        account,
        target: record.target.map(|target| match target.name.is_empty() {
            true => target.id,
            false => target.name,
        }),
        ip: record.ip,
        browser: match record.agent.is_empty() {
            true => String::new(),
            false => sessions::in_words(&record.agent),
        },
        details: record
            .details
            .iter()
            .map(|(name, value)| (name.replace('_', " "), in_words(value)))
            .collect(),
        id: record.id,
        at_ms: record.at.0,
        action: record.action,
    }
}

/// What was before and what is now with an arrow between them.
fn in_words(value: &Value) -> String {
    let plain = |value: &Value| match value {
        Value::String(text) if text.is_empty() => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    };
    match (value.get("from"), value.get("to")) {
        (Some(from), Some(to)) => format!("{} → {}", plain(from), plain(to)),
        _ => plain(value),
    }
}

/// `GET /audit-log.jsonl`, with the page's own query.
pub(super) async fn download(
    Extension(console): Extension<Arc<AccountConsole>>,
    RawQuery(query): RawQuery,
) -> Response {
    let wanted = console.records_wanted(&AuditQuery::parse(&query.unwrap_or_default()));
    let own = Some(console.account.id.clone());
    file(console.dashboard.audit.clone(), wanted, own)
}

/// `GET /admin/audit-log.jsonl`. To all but administrators it is not there.
pub(super) async fn download_whole(
    console: Option<Extension<Arc<AdminConsole>>>,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(Extension(console)) = console else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let wanted = console.records_wanted(&AuditQuery::parse(&query.unwrap_or_default()));
    file(console.dashboard.audit.clone(), wanted, None)
}

fn file(audit: Audit, query: Query, own: Option<AccountId>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/jsonl; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"assisters-audit-log.jsonl\"",
        ),
    ];
    (headers, Body::from_stream(lines(audit, query, own))).into_response()
}

/// An error cuts the file off, so that half of it is not taken for the whole.
fn lines(
    audit: Audit,
    query: Query,
    own: Option<AccountId>,
) -> impl Stream<Item = Result<Bytes, Failure>> + Send {
    let pages = try_unfold(Place::top(), move |place| {
        let (audit, query, own) = (audit.clone(), query.clone(), own.clone());
        async move {
            let records = audit.list(&query, &place, PAGE_OF_FILE).await?;
            let Some(next) = records.last().map(Place::of) else {
                return Ok(None);
            };
            let mut text = String::new();
            for record in records {
                let record = match &own {
                    Some(own) => record.as_seen_by(own),
                    None => record,
                };
                text += &record.in_json().to_string();
                text.push('\n');
            }
            Ok::<_, Failure>(Some((Bytes::from(text), next)))
        }
    });
    pages.inspect_err(|error| {
        tracing::error!(%error, "an audit log was cut off");
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_changed_is_told_in_words() {
        for (value, words) in [
            (json!({"from": "free", "to": "startup"}), "free → startup"),
            (json!({"from": "", "to": "Ada"}), "nothing → Ada"),
            (json!(true), "yes"),
            (json!(12), "12"),
            (json!(null), "none"),
        ] {
            assert_eq!(in_words(&value), words);
        }
    }
}
