//! Adding to the sums.

use sqlx::AnyConnection;

use super::super::super::columns::{duration, each_step, first};
use super::super::super::store::integer;
use super::super::{Place, Sum};

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
