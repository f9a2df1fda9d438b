//! The sums in the database. Every question is asked of one of three tables, whose texts differ in their source alone.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Column, Combination, Counted, Figures, Grain, GroupBy, NAMED, Scope, Slice};
use crate::db::Db;

/// The rows of a span that the filter lets through, under the same names from whichever table. Binds $1 to $8.
macro_rules! rows {
    (minute) => {
        rows!(
            "started_ms - started_ms % 60000 AS start_ms, COALESCE(key_id, '') AS key_id, endpoint,
                 COALESCE(model, '') AS model, status, 1 AS requests, prompt_tokens, completion_tokens,
                 streamed, duration_ms, first_token_ms",
            "ledger",
            "started_ms"
        )
    };
    (hour) => {
        rows!("hour_ms AS start_ms, sums.*", "usage_hourly AS sums", "hour_ms")
    };
    (day) => {
        rows!("day_ms AS start_ms, sums.*", "usage_daily AS sums", "day_ms")
    };
    ($columns:literal, $table:literal, $start:literal) => {
        concat!(
            "(SELECT ", $columns, " FROM ", $table, "
              WHERE account_id = $1 AND ", $start, " >= $2 AND ", $start, " < $3) AS found
             WHERE ($4 IS NULL OR model = $4) AND ($5 IS NULL OR key_id = $5) AND ($6 IS NULL OR endpoint = $6)
                 AND status >= $7 AND status <= $8"
        )
    };
}

/// The group that a row belongs to. Binds $9.
macro_rules! group {
    () => {
        "CASE $9 WHEN 'model' THEN model WHEN 'key' THEN key_id WHEN 'endpoint' THEN endpoint
             WHEN 'status' THEN CAST(status AS TEXT) ELSE '' END"
    };
}

macro_rules! counts {
    () => {
        "CAST(SUM(requests) AS BIGINT),
         CAST(SUM(CASE WHEN status >= 400 AND status <> 499 THEN requests ELSE 0 END) AS BIGINT),
         CAST(SUM(prompt_tokens) AS BIGINT), CAST(SUM(completion_tokens) AS BIGINT)"
    };
}

/// `$text!(minute)`, `$text!(hour)` or `$text!(day)`.
macro_rules! of_grain {
    ($grain:expr, $text:ident) => {
        match $grain {
            Grain::Minute => $text!(minute),
            Grain::Hour => $text!(hour),
            Grain::Day => $text!(day),
        }
    };
}

macro_rules! asked {
    ($statement:expr, $scope:expr) => {
        sqlx::query($statement)
            .bind($scope.account.as_str())
            .bind($scope.span.from.0)
            .bind($scope.span.until.0)
            .bind($scope.filter.model.as_deref())
            .bind($scope.filter.key.as_deref())
            .bind($scope.filter.endpoint.as_deref())
            .bind(i64::from(*$scope.filter.statuses.start()))
            .bind(i64::from(*$scope.filter.statuses.end()))
    };
}

macro_rules! slices {
    ($grain:ident) => {
        concat!(
            "SELECT start_ms, ",
            group!(),
            ", ",
            counts!(),
            " FROM ",
            rows!($grain),
            " GROUP BY 1, 2 ORDER BY 1, 2"
        )
    };
}

macro_rules! totals {
    ($grain:ident) => {
        concat!(
            "SELECT CAST(0 AS BIGINT), ",
            group!(),
            ", ",
            counts!(),
            " FROM ",
            rows!($grain),
            " GROUP BY 2 ORDER BY 2"
        )
    };
}

mod add;
mod times;

pub(in crate::usage) use add::{add_to_day, add_to_hour};
pub(super) use times::{all_times, times};

/// What each group used in each slice of time, without its times.
pub(in crate::usage) async fn slices(
    db: &Db,
    scope: Scope<'_>,
    grain: Grain,
    group: GroupBy,
) -> Result<Vec<Slice>, sqlx::Error> {
    counted(db, of_grain!(grain, slices), scope, group).await
}

/// What each group used in the whole span, without its times.
pub(super) async fn totals(
    db: &Db,
    scope: Scope<'_>,
    grain: Grain,
    group: GroupBy,
) -> Result<Vec<Slice>, sqlx::Error> {
    counted(db, of_grain!(grain, totals), scope, group).await
}

async fn counted(
    db: &Db,
    statement: &'static str,
    scope: Scope<'_>,
    group: GroupBy,
) -> Result<Vec<Slice>, sqlx::Error> {
    let rows = asked!(statement, scope)
        .bind(group.as_str())
        .fetch_all(db)
        .await?;
    let slice = |row: &AnyRow| {
        Ok(Slice {
            start_ms: row.try_get(0)?,
            name: row.try_get(1)?,
            figures: Figures {
                requests: count(row, 2)?,
                errors: count(row, 3)?,
                prompt_tokens: count(row, 4)?,
                completion_tokens: count(row, 5)?,
                ..Figures::default()
            },
        })
    };
    rows.iter().map(slice).collect()
}

/// One count by slices, with the groups named $11 to $16 told apart. No table is sorted for it: slices lie in order.
macro_rules! columns {
    ($grain:ident) => {
        concat!(
            "SELECT start_ms, CAST(SUM(counted) AS BIGINT),
                 CAST(SUM(CASE WHEN name = $11 THEN counted ELSE 0 END) AS BIGINT),
                 CAST(SUM(CASE WHEN name = $12 THEN counted ELSE 0 END) AS BIGINT),
                 CAST(SUM(CASE WHEN name = $13 THEN counted ELSE 0 END) AS BIGINT),
                 CAST(SUM(CASE WHEN name = $14 THEN counted ELSE 0 END) AS BIGINT),
                 CAST(SUM(CASE WHEN name = $15 THEN counted ELSE 0 END) AS BIGINT),
                 CAST(SUM(CASE WHEN name = $16 THEN counted ELSE 0 END) AS BIGINT)
             FROM (SELECT start_ms, ", group!(), " AS name,
                     CASE $10 WHEN 'requests' THEN requests WHEN 'prompt_tokens' THEN prompt_tokens
                         WHEN 'completion_tokens' THEN completion_tokens
                         ELSE CASE WHEN status >= 400 AND status <> 499 THEN requests ELSE 0 END END AS counted
                 FROM ", rows!($grain), ") AS parts
             GROUP BY start_ms ORDER BY start_ms"
        )
    };
}

pub(in crate::usage) async fn columns(
    db: &Db,
    scope: Scope<'_>,
    grain: Grain,
    group: GroupBy,
    counted: Counted,
    names: &[&str],
) -> Result<Vec<Column>, sqlx::Error> {
    let mut query = asked!(of_grain!(grain, columns), scope)
        .bind(group.as_str())
        .bind(counted.as_str());
    for at in 0..NAMED {
        query = query.bind(names.get(at).copied());
    }
    let rows = query.fetch_all(db).await?;
    let column = |row: &AnyRow| {
        let mut parts = [0; NAMED];
        for (at, part) in parts.iter_mut().enumerate() {
            *part = count(row, 2 + at)?;
        }
        Ok(Column {
            start_ms: row.try_get(0)?,
            total: count(row, 1)?,
            parts,
        })
    };
    rows.iter().map(column).collect()
}

macro_rules! combinations {
    ($grain:ident) => {
        concat!(
            "SELECT key_id, endpoint, model, status, CAST(SUM(requests) AS BIGINT) AS requests FROM ", rows!($grain),
            " GROUP BY key_id, endpoint, model, status"
        )
    };
}

/// What occurs in a span.
pub(in crate::usage) async fn combinations(
    db: &Db,
    scope: Scope<'_>,
    grain: Grain,
) -> Result<Vec<Combination>, sqlx::Error> {
    let rows = asked!(of_grain!(grain, combinations), scope)
        .fetch_all(db)
        .await?;
    rows.iter().map(sqlx::FromRow::from_row).collect()
}

fn count(row: &AnyRow, at: usize) -> Result<u64, sqlx::Error> {
    Ok(u64::try_from(row.try_get::<i64, _>(at)?).unwrap_or(0))
}
