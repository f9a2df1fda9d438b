//! The ledger's rows, by the index that fits what is looked for.

use sqlx::FromRow;

use super::super::sums::{Filter, Scope, Span};
use super::{Detailed, Listed, Position};
use crate::clock::UnixMs;
use crate::db::Db;
use crate::ids::AccountId;

/// What of a filter is looked up in an index; the rest of it is compared row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Index {
    Time,
    Key,
    Playground,
    Model,
    Errors,
}

impl Index {
    pub(super) fn of(filter: &Filter) -> Index {
        match filter.key.as_deref() {
            _ if *filter.statuses.start() >= 400 => Index::Errors,
            Some("") => Index::Playground,
            Some(_) => Index::Key,
            None if filter.model.is_some() => Index::Model,
            None => Index::Time,
        }
    }
}

/// What every query has in common. There is one bound of time on either side and no more: SQLite guesses that each narrows
/// the query down.
macro_rules! listed {
    ($index:literal, $when:literal) => {
        concat!(
            "SELECT request_id, started_ms, key_id, endpoint, model, status, error_code, prompt_tokens,
                 completion_tokens, duration_ms
             FROM ledger
             WHERE account_id = $1 AND started_ms >= $2 AND started_ms <= $3", $index, "
                 AND ($4 IS NULL OR model = $4) AND ($5 IS NULL OR COALESCE(key_id, '') = $5)
                 AND ($6 IS NULL OR endpoint = $6) AND status >= $7 AND status <= $8", $when, "
             ORDER BY started_ms DESC, request_id DESC LIMIT $11"
        )
    };
}

macro_rules! by_index {
    ($index:expr, $when:literal) => {
        match $index {
            Index::Time => listed!("", $when),
            Index::Key => listed!(" AND key_id = $5", $when),
            Index::Playground => listed!(" AND key_id IS NULL", $when),
            Index::Model => listed!(" AND model = $4", $when),
            Index::Errors => listed!(" AND status >= 400", $when),
        }
    };
}

/// The statement that lists behind a position, for those who want to know how it is run.
pub(super) fn older_by(index: Index) -> &'static str {
    by_index!(index, " AND (started_ms < $9 OR request_id < $10)")
}

/// The newest requests of a span behind `position`, newest first.
pub(in crate::usage) async fn older(
    db: &Db,
    scope: Scope<'_>,
    position: &Position,
    most: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    let statement = older_by(Index::of(scope.filter));
    // Nothing behind the position is later than it.
    let until = UnixMs(
        position
            .started_ms
            .saturating_add(1)
            .min(scope.span.until.0),
    );
    let span = Span {
        until,
        ..scope.span
    };
    list(
        db,
        statement,
        Scope { span, ..scope },
        position.started_ms,
        &position.request_id,
        most,
    )
    .await
}

/// The requests of a span that ended at `since_ms` or later, newest first. They are few if the span is short.
pub(in crate::usage) async fn ended_since(
    db: &Db,
    scope: Scope<'_>,
    since_ms: i64,
    most: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    let statement = by_index!(
        Index::of(scope.filter),
        " AND started_ms + duration_ms >= $9 AND request_id <> $10"
    );
    list(db, statement, scope, since_ms, "", most).await
}

async fn list(
    db: &Db,
    statement: &'static str,
    scope: Scope<'_>,
    moment: i64,
    request_id: &str,
    most: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    let filter = scope.filter;
    let rows = sqlx::query(statement)
        .bind(scope.account.as_str())
        .bind(scope.span.from.0)
        .bind(scope.span.until.0 - 1)
        .bind(filter.model.as_deref())
        .bind(filter.key.as_deref())
        .bind(filter.endpoint.as_deref())
        .bind(i64::from(*filter.statuses.start()))
        .bind(i64::from(*filter.statuses.end()))
        .bind(moment)
        .bind(request_id)
        .bind(most)
        .fetch_all(db)
        .await?;
    rows.iter().map(Listed::from_row).collect()
}

/// One request of the account.
pub(in crate::usage) async fn find(
    db: &Db,
    account: &AccountId,
    request_id: &str,
) -> Result<Option<Detailed>, sqlx::Error> {
    sqlx::query_as(
        "SELECT request_id, client_request_id, started_ms, key_id, endpoint, model, worker, worker_tries, status,
             error_code, limited, prompt_tokens, completion_tokens, billing_basis, streamed, finish_reason, replayed,
             retry_count, auth_us, limit_us, queue_us, upstream_us, first_token_ms, duration_ms
         FROM ledger WHERE account_id = $1 AND request_id = $2",
    )
    .bind(account.as_str())
    .bind(request_id)
    .fetch_optional(db)
    .await
}
