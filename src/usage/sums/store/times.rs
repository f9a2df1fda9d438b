//! How long requests took, by the steps of their histograms.

use sqlx::Row;

use super::super::super::columns::{each_step, step_of, sum_of_duration, sum_of_first};
use super::super::super::histogram::{Histogram, STEPS};
use super::super::{Grain, GroupBy, Scope, Timed, Times};
use super::count;
use crate::db::Db;

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
pub(in crate::usage::sums) async fn times(
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
pub(in crate::usage::sums) async fn all_times(
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
