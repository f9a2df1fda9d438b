//! The tables of second factors and recovery codes.

use sqlx::{AnyConnection, Error, Row};

use super::MOST_TRIES;
use crate::clock::UnixMs;
use crate::db::Db;
use crate::ids::AccountId;

/// Since when there is one, and how many recovery codes are left.
pub(super) async fn standing(db: &Db, account: &AccountId) -> Result<Option<(UnixMs, i64)>, Error> {
    let row = sqlx::query(
        "SELECT since_ms, (SELECT COUNT(*) FROM recovery_codes WHERE account_id = $1) AS codes
         FROM second_factors WHERE account_id = $1",
    )
    .bind(account.as_str())
    .fetch_optional(db)
    .await?;
    row.map(|row| Ok((UnixMs(row.try_get("since_ms")?), row.try_get("codes")?)))
        .transpose()
}

/// Whether there was none before.
pub(super) async fn insert(
    db: &Db,
    account: &AccountId,
    secret: &str,
    step: i64,
    codes: &[String],
    now: UnixMs,
) -> Result<bool, Error> {
    let mut transaction = db.begin().await?;
    let done = sqlx::query(
        "INSERT INTO second_factors (account_id, secret, last_step, since_ms, codes_ms)
         VALUES ($1, $2, $3, $4, $4) ON CONFLICT (account_id) DO NOTHING",
    )
    .bind(account.as_str())
    .bind(secret)
    .bind(step)
    .bind(now.0)
    .execute(&mut *transaction)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    insert_codes(&mut transaction, account, codes).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Puts `codes` in the place of those that there are; nothing happens, and `false` is given, where there is no second
/// factor.
pub(super) async fn renew_codes(
    db: &Db,
    account: &AccountId,
    codes: &[String],
    now: UnixMs,
) -> Result<bool, Error> {
    let mut transaction = db.begin().await?;
    // Two renewals at the same time wait for each other here, so that one set is left.
    let done = sqlx::query("UPDATE second_factors SET codes_ms = $2 WHERE account_id = $1")
        .bind(account.as_str())
        .bind(now.0)
        .execute(&mut *transaction)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    delete_codes(&mut transaction, account).await?;
    insert_codes(&mut transaction, account, codes).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Whether there was one.
pub(super) async fn delete(db: &Db, account: &AccountId) -> Result<bool, Error> {
    let mut transaction = db.begin().await?;
    let done = sqlx::query("DELETE FROM second_factors WHERE account_id = $1")
        .bind(account.as_str())
        .execute(&mut *transaction)
        .await?;
    delete_codes(&mut transaction, account).await?;
    transaction.commit().await?;
    Ok(done.rows_affected() == 1)
}

/// Takes one of the tries at a code that there are since `since`: the secret, and the last step that was taken. Nothing,
/// where all are used or there is no second factor.
pub(super) async fn take_try(
    db: &Db,
    account: &AccountId,
    now: UnixMs,
    since: UnixMs,
) -> Result<Option<(String, i64)>, Error> {
    let row = sqlx::query(
        "UPDATE second_factors SET
             tries = CASE WHEN tries_ms <= $3 THEN 1 ELSE tries + 1 END,
             tries_ms = CASE WHEN tries_ms <= $3 THEN $2 ELSE tries_ms END
         WHERE account_id = $1 AND (tries < $4 OR tries_ms <= $3)
         RETURNING secret, last_step",
    )
    .bind(account.as_str())
    .bind(now.0)
    .bind(since.0)
    .bind(MOST_TRIES)
    .fetch_optional(db)
    .await?;
    row.map(|row| Ok((row.try_get("secret")?, row.try_get("last_step")?)))
        .transpose()
}

/// Whether `step` was not taken before, nor a later one.
pub(super) async fn take_step(
    db: &Db,
    account: &AccountId,
    secret: &str,
    step: i64,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE second_factors SET last_step = $3, tries = 0, tries_ms = 0 WHERE account_id = $1 AND secret = $2 AND last_step < $3",
    )
    .bind(account.as_str())
    .bind(secret)
    .bind(step)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether there was such a code.
pub(super) async fn take_code(db: &Db, account: &AccountId, hash: &str) -> Result<bool, Error> {
    let done = sqlx::query("DELETE FROM recovery_codes WHERE account_id = $1 AND code_hash = $2")
        .bind(account.as_str())
        .bind(hash)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

async fn insert_codes(
    connection: &mut AnyConnection,
    account: &AccountId,
    codes: &[String],
) -> Result<(), Error> {
    for hash in codes {
        sqlx::query("INSERT INTO recovery_codes (account_id, code_hash) VALUES ($1, $2)")
            .bind(account.as_str())
            .bind(hash)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn delete_codes(connection: &mut AnyConnection, account: &AccountId) -> Result<(), Error> {
    sqlx::query("DELETE FROM recovery_codes WHERE account_id = $1")
        .bind(account.as_str())
        .execute(connection)
        .await?;
    Ok(())
}
