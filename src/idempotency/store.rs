//! The idempotency table.

use sqlx::any::AnyRow;
use sqlx::{Error, Row};

use super::{Answer, Fingerprint, Scope};
use crate::clock::UnixMs;
use crate::db::Db;

/// How a claim found its row.
pub(super) enum Found {
    Claimed,
    Finished(Answer),
    /// Another process runs it.
    Busy,
    OtherBody,
    /// Nobody has it any more.
    Free,
}

pub(super) struct Lease<'a> {
    pub(super) owner: &'a str,
    pub(super) holder: &'a str,
    pub(super) now: UnixMs,
    pub(super) until: UnixMs,
    pub(super) expires: UnixMs,
}

/// Takes the place of `scope` if it is free, has run out, or its owner has died. One statement, so that of two processes
/// one wins.
pub(super) async fn claim(
    db: &Db,
    scope: &Scope,
    fingerprint: &Fingerprint,
    lease: &Lease<'_>,
) -> Result<Found, Error> {
    let done = sqlx::query(
        "INSERT INTO idempotency (account_id, path, key, fingerprint, owner, holder, lease_until_ms, expires_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (account_id, path, key) DO UPDATE SET
             fingerprint = excluded.fingerprint, owner = excluded.owner, holder = excluded.holder,
             lease_until_ms = excluded.lease_until_ms, expires_ms = excluded.expires_ms,
             status = NULL, streamed = NULL, body = NULL, bytes = 0
         WHERE (idempotency.status IS NULL AND idempotency.lease_until_ms <= $9) OR idempotency.expires_ms <= $9",
    )
    .bind(scope.account.as_str())
    .bind(scope.path)
    .bind(scope.key.as_str())
    .bind(fingerprint.as_str())
    .bind(lease.owner)
    .bind(lease.holder)
    .bind(lease.until.0)
    .bind(lease.expires.0)
    .bind(lease.now.0)
    .execute(db)
    .await?;
    if done.rows_affected() == 1 {
        return Ok(Found::Claimed);
    }
    look(db, scope, fingerprint, lease.now).await
}

/// Whose the place of `scope` is, without taking it.
pub(super) async fn look(
    db: &Db,
    scope: &Scope,
    fingerprint: &Fingerprint,
    now: UnixMs,
) -> Result<Found, Error> {
    let row = sqlx::query(
        "SELECT fingerprint, status, streamed, body FROM idempotency
         WHERE account_id = $1 AND path = $2 AND key = $3
             AND expires_ms > $4 AND (status IS NOT NULL OR lease_until_ms > $4)",
    )
    .bind(scope.account.as_str())
    .bind(scope.path)
    .bind(scope.key.as_str())
    .bind(now.0)
    .fetch_optional(db)
    .await?;
    match row {
        None => Ok(Found::Free),
        Some(row) if row.try_get::<String, _>("fingerprint")? != fingerprint.as_str() => {
            Ok(Found::OtherBody)
        }
        Some(row) => Ok(answer(&row)?.map_or(Found::Busy, Found::Finished)),
    }
}

/// Keeps the answer of the run `holder`; says whether the run still had its place.
pub(super) async fn finish(
    db: &Db,
    holder: &str,
    answer: &Answer,
    body: &str,
    expires: UnixMs,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE idempotency SET status = $2, streamed = $3, body = $4, expires_ms = $5, bytes = $6
         WHERE holder = $1 AND status IS NULL",
    )
    .bind(holder)
    .bind(i64::from(answer.status))
    .bind(i64::from(answer.streamed))
    .bind(body)
    .bind(expires.0)
    // Not 0, which is for those that run.
    .bind(i64::try_from(body.len()).unwrap_or(i64::MAX).max(1))
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Frees the place of the run `holder`, unless it has finished.
pub(super) async fn free(db: &Db, holder: &str) -> Result<(), Error> {
    sqlx::query("DELETE FROM idempotency WHERE holder = $1 AND status IS NULL")
        .bind(holder)
        .execute(db)
        .await?;
    Ok(())
}

/// Frees the places that an earlier process of this owner has died in.
pub(super) async fn free_all(db: &Db, owner: &str) -> Result<u64, Error> {
    let done = sqlx::query("DELETE FROM idempotency WHERE owner = $1 AND status IS NULL")
        .bind(owner)
        .execute(db)
        .await?;
    Ok(done.rows_affected())
}

pub(super) async fn renew(db: &Db, holders: &[String], until: UnixMs) -> Result<(), Error> {
    let mut transaction = db.begin().await?;
    for holder in holders {
        sqlx::query(
            "UPDATE idempotency SET lease_until_ms = $2 WHERE holder = $1 AND status IS NULL",
        )
        .bind(holder)
        .bind(until.0)
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await
}

/// Deletes what has run out; says how much that was.
pub(super) async fn sweep(db: &Db, now: UnixMs) -> Result<u64, Error> {
    let done = sqlx::query(
        "DELETE FROM idempotency WHERE expires_ms <= $1 AND (status IS NOT NULL OR lease_until_ms <= $1)",
    )
    .bind(now.0)
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Deletes the oldest answers of accounts that keep more than `bytes` or `answers`; says how many that were.
pub(super) async fn hold_quota(db: &Db, bytes: i64, answers: i64) -> Result<u64, Error> {
    let done = sqlx::query(
        "DELETE FROM idempotency WHERE bytes > 0 AND holder IN (
             SELECT holder FROM (
                 SELECT holder,
                     SUM(bytes) OVER (PARTITION BY account_id ORDER BY expires_ms DESC, holder) AS kept,
                     ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY expires_ms DESC, holder) AS place
                 FROM idempotency WHERE bytes > 0) AS ranked
             WHERE kept > $1 OR place > $2)",
    )
    .bind(bytes)
    .bind(answers)
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

fn answer(row: &AnyRow) -> Result<Option<Answer>, Error> {
    let Some(status) = row.try_get::<Option<i64>, _>("status")? else {
        return Ok(None);
    };
    Ok(Some(Answer {
        status: u16::try_from(status).map_err(|error| Error::Decode(Box::new(error)))?,
        streamed: row.try_get::<i64, _>("streamed")? != 0,
        body: row.try_get::<String, _>("body")?.into(),
    }))
}
