//! The ledger's rows and their sums in the database.

use std::io;

use sqlx::AnyConnection;

use super::sums::store::{add_to_day, add_to_hour};
use super::sums::{believable, gather};
use super::{Limited, Record};
use crate::clock::{DAY_MS, HOUR_MS, UnixMs};
use crate::db::Db;
use crate::ids::AccountId;

#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    #[error("the ledger's database failed")]
    Database(#[from] sqlx::Error),
    #[error("the journal's files failed")]
    Journal(#[from] io::Error),
    #[error("moving the journal was cut off")]
    CutOff(#[from] tokio::task::JoinError),
}

/// Inserts the records that are not there yet, and adds just those to the sums. Gives how many they were.
pub(super) async fn insert(db: &Db, records: &[Record]) -> Result<u64, sqlx::Error> {
    let mut transaction = db.begin().await?;
    let mut new = vec![];
    for record in records {
        if insert_row(&mut transaction, record).await? {
            new.push(record);
        }
    }
    for (place, sum) in gather(new.iter().copied(), HOUR_MS) {
        add_to_hour(&mut transaction, &place, &sum).await?;
    }
    for (place, sum) in gather(new.iter().copied(), DAY_MS) {
        add_to_day(&mut transaction, &place, &sum).await?;
    }
    transaction.commit().await?;
    Ok(u64::try_from(new.len()).unwrap_or(u64::MAX))
}

async fn insert_row(connection: &mut AnyConnection, record: &Record) -> Result<bool, sqlx::Error> {
    let result = sqlx::query(
        "INSERT INTO ledger (request_id, account_id, key_id, endpoint, model, worker, status, error_code,
             prompt_tokens, completion_tokens, streamed, first_token_ms, duration_ms, finish_reason, replayed,
             retry_count, billing_basis, started_ms, client_request_id, auth_us, limit_us, queue_us, upstream_us,
             worker_tries, limited)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
             $23, $24, $25)
         ON CONFLICT (request_id) DO NOTHING",
    )
    .bind(&record.request_id)
    .bind(&record.account_id)
    .bind(record.key_id.as_deref())
    .bind(&record.endpoint)
    .bind(record.model.as_deref())
    .bind(record.worker.as_deref())
    .bind(i64::from(record.status))
    .bind(record.error_code.as_deref())
    .bind(integer(believable(record.prompt_tokens)))
    .bind(integer(believable(record.completion_tokens)))
    .bind(i64::from(record.streamed))
    .bind(record.first_token_ms.map(integer))
    .bind(integer(record.duration_ms))
    .bind(record.finish_reason.as_deref())
    .bind(i64::from(record.replayed))
    .bind(i64::from(record.retry_count))
    .bind(record.billing_basis.as_str())
    .bind(record.started_ms)
    .bind(record.client_request_id.as_deref())
    .bind(record.phases.auth_us.map(integer))
    .bind(record.phases.limit_us.map(integer))
    .bind(record.phases.queue_us.map(integer))
    .bind(record.phases.upstream_us.map(integer))
    .bind(i64::from(record.worker_tries))
    .bind(record.limited.as_ref().map(Limited::to_string))
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// How often one key was used within one hour.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct KeyHour {
    pub key_id: String,
    pub hour_ms: i64,
    pub requests: i64,
}

pub(super) async fn hours_by_key(
    db: &Db,
    account: &AccountId,
    from: UnixMs,
) -> Result<Vec<KeyHour>, UsageError> {
    let hours = sqlx::query_as(
        "SELECT key_id, hour_ms, CAST(SUM(requests) AS BIGINT) AS requests FROM usage_hourly
         WHERE account_id = $1 AND hour_ms >= $2 AND key_id <> ''
         GROUP BY key_id, hour_ms",
    )
    .bind(account.as_str())
    .bind(from.0)
    .fetch_all(db)
    .await?;
    Ok(hours)
}

pub(super) async fn refused(db: &Db, account: &AccountId, from: UnixMs) -> Result<u64, UsageError> {
    let (count,): (Option<i64>,) = sqlx::query_as(
        "SELECT CAST(SUM(requests) AS BIGINT) FROM usage_hourly
         WHERE account_id = $1 AND hour_ms >= $2 AND status = 429",
    )
    .bind(account.as_str())
    .bind(from.0)
    .fetch_one(db)
    .await?;
    Ok(count.unwrap_or(0).unsigned_abs())
}

pub(super) async fn has_called(db: &Db, account: &AccountId) -> Result<bool, UsageError> {
    let row: Option<(i64,)> = sqlx::query_as(
        "SELECT status FROM usage_hourly WHERE account_id = $1 AND key_id <> '' LIMIT 1",
    )
    .bind(account.as_str())
    .fetch_optional(db)
    .await?;
    Ok(row.is_some())
}

pub(super) fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
