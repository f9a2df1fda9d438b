//! Whether the ledger and its sums tell the same.

use sqlx::FromRow;

use super::super::columns::{each_step, step_of};
use super::super::store::UsageError;
use crate::db::Db;

/// One account's hour or day in which the sums tell something else than what they are the sums of.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Difference {
    pub account_id: String,
    pub start_ms: i64,
    /// What was asked for and used by the rows that are summed up.
    pub requests: i64,
    pub tokens: i64,
    /// And by the sums.
    pub summed_requests: i64,
    pub summed_tokens: i64,
}

macro_rules! duration_counted {
    ($step:literal) => {
        concat!(" + duration_", $step)
    };
}

macro_rules! first_counted {
    ($step:literal) => {
        concat!(" + first_", $step)
    };
}

/// The steps' numbers by their counts: tells a time that was counted at a wrong step.
macro_rules! weighed {
    ($of:literal) => {
        concat!(
            $of,
            "_5 + 2 * ",
            $of,
            "_7 + 3 * ",
            $of,
            "_10 + 4 * ",
            $of,
            "_15 + 5 * ",
            $of,
            "_20 + 6 * ",
            $of,
            "_30 + 7 * ",
            $of,
            "_50 + 8 * ",
            $of,
            "_70 + 9 * ",
            $of,
            "_100 + 10 * ",
            $of,
            "_150 + 11 * ",
            $of,
            "_200 + 12 * ",
            $of,
            "_300 + 13 * ",
            $of,
            "_500 + 14 * ",
            $of,
            "_700 + 15 * ",
            $of,
            "_1000 + 16 * ",
            $of,
            "_1500 + 17 * ",
            $of,
            "_2000 + 18 * ",
            $of,
            "_3000 + 19 * ",
            $of,
            "_5000 + 20 * ",
            $of,
            "_7000 + 21 * ",
            $of,
            "_10000 + 22 * ",
            $of,
            "_15000 + 23 * ",
            $of,
            "_20000 + 24 * ",
            $of,
            "_30000 + 25 * ",
            $of,
            "_60000 + 26 * ",
            $of,
            "_120000 + 27 * ",
            $of,
            "_more"
        )
    };
}

/// What is compared of two tables: counts, tokens, and the times by their steps.
macro_rules! differences {
    ($rows:expr, $sums:expr, $but:literal) => {
        concat!(
            "SELECT account_id, start_ms, CAST(SUM(requests) AS BIGINT) AS requests,
                 CAST(SUM(prompt) + SUM(completion) AS BIGINT) AS tokens,
                 CAST(SUM(summed_requests) AS BIGINT) AS summed_requests,
                 CAST(SUM(summed_prompt) + SUM(summed_completion) AS BIGINT) AS summed_tokens
             FROM (SELECT account_id, start_ms, requests, prompt, completion, durations, duration_steps, firsts,
                     first_steps, 0 AS summed_requests, 0 AS summed_prompt, 0 AS summed_completion,
                     0 AS summed_durations, 0 AS summed_duration_steps, 0 AS summed_firsts, 0 AS summed_first_steps
                 FROM (", $rows, ") AS rows_
                 UNION ALL SELECT account_id, start_ms, 0, 0, 0, 0, 0, 0, 0, requests, prompt, completion, durations,
                     duration_steps, firsts, first_steps FROM (", $sums, ") AS sums) AS both_
             WHERE NOT EXISTS (SELECT 1 FROM deleted_accounts WHERE deleted_accounts.account_id = both_.account_id)",
            $but, "
             GROUP BY account_id, start_ms
             HAVING SUM(requests) <> SUM(summed_requests) OR SUM(prompt) <> SUM(summed_prompt)
                 OR SUM(completion) <> SUM(summed_completion) OR SUM(durations) <> SUM(summed_durations)
                 OR SUM(duration_steps) <> SUM(summed_duration_steps) OR SUM(firsts) <> SUM(summed_firsts)
                 OR SUM(first_steps) <> SUM(summed_first_steps)
             ORDER BY start_ms, account_id LIMIT 1"
        )
    };
}

macro_rules! ledger_rows {
    () => {
        concat!(
            "SELECT account_id, started_ms - started_ms % 3600000 AS start_ms, 1 AS requests, prompt_tokens AS prompt,
                 completion_tokens AS completion, 1 AS durations, ", step_of!("duration_ms"), " AS duration_steps,
                 CASE WHEN streamed = 1 AND first_token_ms IS NOT NULL THEN 1 ELSE 0 END AS firsts,
                 CASE WHEN streamed = 1 AND first_token_ms IS NOT NULL THEN ", step_of!("first_token_ms"), "
                     ELSE 0 END AS first_steps
             FROM ledger"
        )
    };
}

macro_rules! sum_rows {
    ($start:literal, $table:literal) => {
        concat!(
            "SELECT account_id, ",
            $start,
            " AS start_ms, requests, prompt_tokens AS prompt,
                 completion_tokens AS completion, 0",
            each_step!(duration_counted),
            " AS durations, ",
            weighed!("duration"),
            " AS duration_steps, 0",
            each_step!(first_counted),
            " AS firsts, ",
            weighed!("first"),
            " AS first_steps
             FROM ",
            $table
        )
    };
}

/// The earliest hour in which the hourly sums are not those of the ledger's rows, where those are kept. One statement, so that
/// what a service writes meanwhile is in both or in neither.
pub(super) async fn first_of_hours(db: &Db) -> Result<Option<Difference>, UsageError> {
    let statement = differences!(
        ledger_rows!(),
        sum_rows!("hour_ms", "usage_hourly"),
        " AND NOT EXISTS (SELECT 1 FROM accounts WHERE id = both_.account_id AND start_ms < ledger_from_ms)"
    );
    Ok(sqlx::query_as(statement).fetch_optional(db).await?)
}

/// The earliest day in which the daily sums are not those of the hourly ones.
pub(super) async fn first_of_days(db: &Db) -> Result<Option<Difference>, UsageError> {
    let statement = differences!(
        sum_rows!("hour_ms - hour_ms % 86400000", "usage_hourly"),
        sum_rows!("day_ms", "usage_daily"),
        ""
    );
    Ok(sqlx::query_as(statement).fetch_optional(db).await?)
}
