//! What proves an account's owner, and how often that was replaced.

use sqlx::{Error, Row};

use crate::clock::UnixMs;
use crate::db::Db;
use crate::ids::AccountId;

pub(in crate::accounts) async fn password_hash(
    db: &Db,
    id: &AccountId,
) -> Result<Option<String>, Error> {
    let row = sqlx::query("SELECT password_hash FROM accounts WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(db)
        .await?;
    row.map(|row| row.try_get("password_hash")).transpose()
}

/// Whether `old` was still the hash.
pub(in crate::accounts) async fn change_password(
    db: &Db,
    id: &AccountId,
    old: &str,
    new: &str,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE accounts SET password_hash = $3, proofs = proofs + 1 WHERE id = $1 AND password_hash = $2",
    )
    .bind(id.as_str())
    .bind(old)
    .bind(new)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::accounts) async fn replace_proofs(db: &Db, id: &AccountId) -> Result<(), Error> {
    sqlx::query("UPDATE accounts SET proofs = proofs + 1 WHERE id = $1")
        .bind(id.as_str())
        .execute(db)
        .await?;
    Ok(())
}

/// Whether the account's proofs are still those of then. An update that changes nothing, so that whoever would replace them
/// waits until the act is over.
pub(in crate::accounts) async fn hold_proofs(
    db: &Db,
    id: &AccountId,
    proofs: i64,
) -> Result<bool, Error> {
    let done = sqlx::query("UPDATE accounts SET proofs = proofs WHERE id = $1 AND proofs = $2")
        .bind(id.as_str())
        .bind(proofs)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::accounts) async fn set_password(
    db: &Db,
    id: &AccountId,
    hash: &str,
    now: UnixMs,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE accounts SET password_hash = $2, verified_ms = COALESCE(verified_ms, $3), proofs = proofs + 1
         WHERE id = $1",
    )
    .bind(id.as_str())
    .bind(hash)
    .bind(now.0)
    .execute(db)
    .await?;
    Ok(())
}
