//! The sums in the database. Every question is asked of one of three tables, whose texts differ in their source alone.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::super::columns::{duration, each_step, first, step_of, sum_of_duration, sum_of_first};
use super::super::histogram::{Histogram, STEPS};
use super::super::store::integer;
use super::{
    Column, Combination, Counted, Figures, Grain, GroupBy, NAMED, Place, Scope, Slice, Sum, Timed,
    Times,
};
use crate::db::Db;

macro_rules! add_up_duration {
    ($step:literal) => {
        concat!(
            ", duration_",
            $step,
            " = sums.duration_",
            $step,
            " + excluded.duration_",
            $step
        )
    };
}

macro_rules! add_up_first {
    ($step:literal) => {
        concat!(
            ", first_",
            $step,
            " = sums.first_",
            $step,
            " + excluded.first_",
            $step
        )
    };
}

macro_rules! upsert {
    ($table:literal, $start:literal) => {
        concat!(
            "INSERT INTO ", $table, " AS sums (account_id, ", $start, ", key_id, endpoint, model, status,
                 requests, prompt_tokens, completion_tokens", each_step!(duration), each_step!(first), ")
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,
                 $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28,
                 $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47,
                 $48, $49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60, $61, $62, $63, $64, $65)
             ON CONFLICT (account_id, ", $start, ", key_id, endpoint, model, status) DO UPDATE SET
                 requests = sums.requests + excluded.requests,
                 prompt_tokens = sums.prompt_tokens + excluded.prompt_tokens,
                 completion_tokens = sums.completion_tokens + excluded.completion_tokens",
            each_step!(add_up_duration), each_step!(add_up_first)
        )
    };
}

pub(in crate::usage) async fn add_to_hour(
    connection: &mut AnyConnection,
    place: &Place,
    sum: &Sum,
) -> Result<(), sqlx::Error> {
    add(connection, upsert!("usage_hourly", "hour_ms"), place, sum).await
}

pub(in crate::usage) async fn add_to_day(
    connection: &mut AnyConnection,
    place: &Place,
    sum: &Sum,
) -> Result<(), sqlx::Error> {
    add(connection, upsert!("usage_daily", "day_ms"), place, sum).await
}

async fn add(
    connection: &mut AnyConnection,
    statement: &'static str,
    place: &Place,
    sum: &Sum,
) -> Result<(), sqlx::Error> {
    let mut query = sqlx::query(statement)
        .bind(&place.account_id)
        .bind(place.start_ms)
        .bind(&place.key_id)
        .bind(&place.endpoint)
        .bind(&place.model)
        .bind(i64::from(place.status))
        .bind(integer(sum.requests))
        .bind(integer(sum.prompt_tokens))
        .bind(integer(sum.completion_tokens));
    let steps = sum.durations.steps().iter().chain(sum.first_tokens.steps());
    for count in steps {
        query = query.bind(integer(*count));
    }
    query.execute(connection).await?;
    Ok(())
}

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

/// Each group's times by their steps, one step a row: slice, group, step, count.
macro_rules! times_by_row {
    ($start:literal, $ms:literal, $which:literal) => {
        concat!(
            "SELECT ",
            $start,
            ", ",
            group!(),
            ", ",
            step_of!($ms),
            ", COUNT(*) FROM ",
            rows!(minute),
            $which,
            " GROUP BY 1, 2, 3 ORDER BY 1, 2"
        )
    };
}

/// Each group's times by their steps, all steps in a row: slice, group, counts.
macro_rules! times_by_column {
    ($start:literal, $grain:ident, $sum:ident, $groups:literal) => {
        concat!(
            "SELECT ",
            $start,
            ", ",
            group!(),
            each_step!($sum),
            " FROM ",
            rows!($grain),
            " GROUP BY ",
            $groups,
            " ORDER BY 1, 2"
        )
    };
}

macro_rules! times {
    ($start:literal, $groups:literal, $grain:expr, $timed:expr) => {
        match ($grain, $timed) {
            (Grain::Minute, Timed::Duration) => times_by_row!($start, "duration_ms", ""),
            (Grain::Minute, Timed::FirstToken) => times_by_row!(
                $start,
                "first_token_ms",
                " AND streamed = 1 AND first_token_ms IS NOT NULL"
            ),
            (Grain::Hour, Timed::Duration) => {
                times_by_column!($start, hour, sum_of_duration, $groups)
            }
            (Grain::Hour, Timed::FirstToken) => {
                times_by_column!($start, hour, sum_of_first, $groups)
            }
            (Grain::Day, Timed::Duration) => {
                times_by_column!($start, day, sum_of_duration, $groups)
            }
            (Grain::Day, Timed::FirstToken) => times_by_column!($start, day, sum_of_first, $groups),
        }
    };
}

/// Each group's times in each slice.
pub(super) async fn times(
    db: &Db,
    scope: Scope<'_>,
    grain: Grain,
    group: GroupBy,
    timed: Timed,
) -> Result<Vec<Times>, sqlx::Error> {
    let statement = times!("start_ms", "1, 2", grain, timed);
    timed_by(db, statement, scope, grain, group).await
}

/// Each group's times in the whole span.
pub(super) async fn all_times(
    db: &Db,
    scope: Scope<'_>,
    grain: Grain,
    group: GroupBy,
    timed: Timed,
) -> Result<Vec<Times>, sqlx::Error> {
    let statement = times!("CAST(0 AS BIGINT)", "2", grain, timed);
    timed_by(db, statement, scope, grain, group).await
}

async fn timed_by(
    db: &Db,
    statement: &'static str,
    scope: Scope<'_>,
    grain: Grain,
    group: GroupBy,
) -> Result<Vec<Times>, sqlx::Error> {
    let rows = asked!(statement, scope)
        .bind(group.as_str())
        .fetch_all(db)
        .await?;
    let mut found: Vec<Times> = vec![];
    for row in &rows {
        let (start_ms, name): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
        let is_next = found
            .last()
            .is_none_or(|times| times.start_ms != start_ms || times.name != name);
        if is_next {
            found.push(Times {
                start_ms,
                name,
                histogram: Histogram::default(),
            });
        }
        let Some(Times { histogram, .. }) = found.last_mut() else {
            continue;
        };
        match grain {
            Grain::Minute => histogram.add(
                usize::try_from(count(row, 2)?).unwrap_or(STEPS),
                count(row, 3)?,
            ),
            Grain::Hour | Grain::Day => {
                for step in 0..STEPS {
                    histogram.add(step, count(row, 2 + step)?);
                }
            }
        }
    }
    Ok(found)
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
