//! The ledger and its hourly sums in the database.

use std::io;

use sqlx::AnyConnection;

use super::Record;
use crate::clock::UnixMs;
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

/// What was used of one model within one slice of time.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Slice {
    pub start_ms: i64,
    /// Empty where a request named none.
    pub model: String,
    pub requests: i64,
    /// Those of `requests` with a status of 400 or above; that a client left (499) is no error.
    pub errors: i64,
    pub prompt_tokens: i64,
    pub completion_tokens: i64,
}

/// Inserts the records that are not there yet, and adds just those to the hourly sums. Gives how many they were.
pub(super) async fn insert(db: &Db, records: &[Record]) -> Result<u64, sqlx::Error> {
    let mut transaction = db.begin().await?;
    let mut rows = 0;
    for record in records {
        if insert_row(&mut transaction, record).await? {
            add_to_hour(&mut transaction, record).await?;
            rows += 1;
        }
    }
    transaction.commit().await?;
    Ok(rows)
}

async fn insert_row(connection: &mut AnyConnection, record: &Record) -> Result<bool, sqlx::Error> {
    let result = sqlx::query(
        "INSERT INTO ledger (request_id, account_id, key_id, endpoint, model, worker, status, error_code,
             prompt_tokens, completion_tokens, streamed, first_token_ms, duration_ms, finish_reason, replayed,
             retry_count, billing_basis, started_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
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
    .bind(integer(record.prompt_tokens))
    .bind(integer(record.completion_tokens))
    .bind(i64::from(record.streamed))
    .bind(record.first_token_ms.map(integer))
    .bind(integer(record.duration_ms))
    .bind(record.finish_reason.as_deref())
    .bind(i64::from(record.replayed))
    .bind(i64::from(record.retry_count))
    .bind(record.billing_basis.as_str())
    .bind(record.started_ms)
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

async fn add_to_hour(connection: &mut AnyConnection, record: &Record) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO usage_hourly (account_id, hour_ms, key_id, endpoint, model, status, requests, prompt_tokens,
             completion_tokens)
         VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8)
         ON CONFLICT (account_id, hour_ms, key_id, endpoint, model, status) DO UPDATE SET
             requests = usage_hourly.requests + 1,
             prompt_tokens = usage_hourly.prompt_tokens + excluded.prompt_tokens,
             completion_tokens = usage_hourly.completion_tokens + excluded.completion_tokens",
    )
    .bind(&record.account_id)
    .bind(UnixMs(record.started_ms).hour().0)
    .bind(record.key_id.as_deref().unwrap_or_default())
    .bind(&record.endpoint)
    .bind(record.model.as_deref().unwrap_or_default())
    .bind(i64::from(record.status))
    .bind(integer(record.prompt_tokens))
    .bind(integer(record.completion_tokens))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn since(
    db: &Db,
    account: &AccountId,
    from: UnixMs,
    step_ms: i64,
) -> Result<Vec<Slice>, UsageError> {
    let slices = sqlx::query_as(
        "SELECT hour_ms - hour_ms % $3 AS start_ms, model,
             CAST(SUM(requests) AS BIGINT) AS requests,
             CAST(SUM(CASE WHEN status >= 400 AND status <> 499 THEN requests ELSE 0 END) AS BIGINT) AS errors,
             CAST(SUM(prompt_tokens) AS BIGINT) AS prompt_tokens,
             CAST(SUM(completion_tokens) AS BIGINT) AS completion_tokens
         FROM usage_hourly
         WHERE account_id = $1 AND hour_ms >= $2
         GROUP BY 1, 2
         ORDER BY 1, 2",
    )
    .bind(account.as_str())
    .bind(from.0)
    .bind(step_ms)
    .fetch_all(db)
    .await?;
    Ok(slices)
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

/// One account's hour in which the ledger and its hourly sums tell different things.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Difference {
    pub account_id: String,
    pub hour_ms: i64,
    pub ledger_requests: i64,
    pub ledger_tokens: i64,
    pub hourly_requests: i64,
    pub hourly_tokens: i64,
}

/// The earliest difference. One statement, so that what a service writes meanwhile is in both or in neither.
pub(super) async fn first_difference(db: &Db) -> Result<Option<Difference>, UsageError> {
    let difference = sqlx::query_as(
        "SELECT account_id, hour_ms,
             CAST(SUM(ledger_requests) AS BIGINT) AS ledger_requests,
             CAST(SUM(ledger_prompt) + SUM(ledger_completion) AS BIGINT) AS ledger_tokens,
             CAST(SUM(hourly_requests) AS BIGINT) AS hourly_requests,
             CAST(SUM(hourly_prompt) + SUM(hourly_completion) AS BIGINT) AS hourly_tokens
         FROM (SELECT account_id, started_ms - started_ms % 3600000 AS hour_ms, 1 AS ledger_requests,
                 prompt_tokens AS ledger_prompt, completion_tokens AS ledger_completion, 0 AS hourly_requests,
                 0 AS hourly_prompt, 0 AS hourly_completion
             FROM ledger
             UNION ALL SELECT account_id, hour_ms, 0, 0, 0, requests, prompt_tokens, completion_tokens
             FROM usage_hourly) AS hours
         GROUP BY account_id, hour_ms
         HAVING SUM(ledger_requests) <> SUM(hourly_requests) OR SUM(ledger_prompt) <> SUM(hourly_prompt)
             OR SUM(ledger_completion) <> SUM(hourly_completion)
         ORDER BY hour_ms, account_id LIMIT 1",
    )
    .fetch_optional(db)
    .await?;
    Ok(difference)
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

fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::BillingBasis;
    use super::*;
    use crate::clock::HOUR_MS;
    use crate::db;

    fn record(request_id: &str, started_ms: i64, status: u16) -> Record {
        Record {
            request_id: request_id.into(),
            account_id: "acct_1".into(),
            key_id: None,
            endpoint: "/v1/chat/completions".into(),
            model: Some("m".into()),
            worker: None,
            status,
            error_code: None,
            prompt_tokens: 10,
            completion_tokens: 5,
            streamed: false,
            first_token_ms: None,
            duration_ms: 1,
            finish_reason: None,
            replayed: false,
            retry_count: 0,
            billing_basis: BillingBasis::Counted,
            started_ms,
        }
    }

    #[tokio::test]
    async fn a_record_that_comes_twice_counts_once() {
        let dir = tempfile::tempdir().unwrap();
        let db = db::open(&db::embedded_url(dir.path()).unwrap())
            .await
            .unwrap();
        let batch = [record("a", 5, 499), record("b", HOUR_MS + 5, 429)];
        insert(&db, &batch).await.unwrap();
        insert(&db, &batch).await.unwrap();
        let slices = since(
            &db,
            &AccountId::from_stored("acct_1"),
            UnixMs(0),
            2 * HOUR_MS,
        )
        .await
        .unwrap();
        let expected = Slice {
            start_ms: 0,
            model: "m".into(),
            requests: 2,
            errors: 1,
            prompt_tokens: 20,
            completion_tokens: 10,
        };
        assert_eq!(slices, [expected]);
        assert!(
            since(&db, &AccountId::from_stored("acct_2"), UnixMs(0), HOUR_MS)
                .await
                .unwrap()
                .is_empty()
        );
    }

    #[tokio::test]
    async fn the_earliest_hour_whose_sums_are_not_its_rows_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let db = db::open(&db::embedded_url(dir.path()).unwrap())
            .await
            .unwrap();
        let batch = [
            record("a", 5, 200),
            record("b", HOUR_MS + 5, 200),
            record("c", HOUR_MS + 6, 429),
            record("d", 2 * HOUR_MS, 200),
        ];
        insert(&db, &batch).await.unwrap();
        assert_eq!(first_difference(&db).await.unwrap(), None);

        for statement in [
            "UPDATE usage_hourly SET requests = requests + 1 WHERE hour_ms >= 3600000 AND status = 200",
            "DELETE FROM ledger WHERE request_id = 'c'",
        ] {
            sqlx::query(statement).execute(&db).await.unwrap();
        }
        let expected = Difference {
            account_id: "acct_1".into(),
            hour_ms: HOUR_MS,
            ledger_requests: 1,
            ledger_tokens: 15,
            hourly_requests: 3,
            hourly_tokens: 30,
        };
        assert_eq!(first_difference(&db).await.unwrap(), Some(expected));
    }
}
