//! The keys table.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::any::AnyRow;
use sqlx::{Error, Row};

use super::Key;
use super::format::HashedKey;
use crate::clock::UnixMs;
use crate::db::Db;
use crate::ids::{AccountId, KeyId};
use crate::principal::{Principal, Tier, Via};

/// Inserts `key` unless the account has `most` live keys already; says whether it did. One statement, so that two
/// browsers cannot both take the last place.
pub(super) async fn insert(
    db: &Db,
    account: &AccountId,
    key: &Key,
    secret: &HashedKey,
    most: i64,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "INSERT INTO keys (id, account_id, name, prefix, suffix, secret_hash, created_ms)
         SELECT $1, $2, $3, $4, $5, $6, $7
         WHERE (SELECT COUNT(*) FROM keys WHERE account_id = $2 AND revoked_ms IS NULL) < $8",
    )
    .bind(key.id.as_str())
    .bind(account.as_str())
    .bind(&key.name)
    .bind(&key.prefix)
    .bind(&key.suffix)
    .bind(secret.hex())
    .bind(key.created.0)
    .bind(most)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn list(db: &Db, account: &AccountId) -> Result<Vec<Key>, Error> {
    let rows = sqlx::query(
        "SELECT id, name, prefix, suffix, created_ms, last_used_ms, revoked_ms FROM keys WHERE account_id = $1
         ORDER BY CASE WHEN revoked_ms IS NULL THEN 0 ELSE 1 END, created_ms DESC, id DESC",
    )
    .bind(account.as_str())
    .fetch_all(db)
    .await?;
    rows.iter().map(key).collect()
}

/// Says whether the account has such a key; one that was revoked before keeps its time.
pub(super) async fn revoke(
    db: &Db,
    account: &AccountId,
    id: &KeyId,
    now: UnixMs,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE keys SET revoked_ms = COALESCE(revoked_ms, $3) WHERE account_id = $1 AND id = $2",
    )
    .bind(account.as_str())
    .bind(id.as_str())
    .bind(now.0)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whom a secret belongs to, and whether it still counts.
pub(super) struct Holder {
    pub principal: Principal,
    pub revoked: bool,
}

pub(super) async fn find_holder(db: &Db, secret: &HashedKey) -> Result<Option<Holder>, Error> {
    let row = sqlx::query(
        "SELECT keys.id, keys.account_id, keys.revoked_ms, accounts.tier, accounts.rpm, accounts.tpm
         FROM keys JOIN accounts ON accounts.id = keys.account_id WHERE keys.secret_hash = $1",
    )
    .bind(secret.hex())
    .fetch_optional(db)
    .await?;
    row.as_ref().map(holder).transpose()
}

/// A use may be noted late, and by several processes: the latest stands.
pub(super) async fn note_uses(db: &Db, uses: &HashMap<KeyId, UnixMs>) -> Result<(), Error> {
    let mut transaction = db.begin().await?;
    for (id, at) in uses {
        sqlx::query(
            "UPDATE keys SET last_used_ms = $2 WHERE id = $1 AND COALESCE(last_used_ms, 0) < $2",
        )
        .bind(id.as_str())
        .bind(at.0)
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await
}

fn key(row: &AnyRow) -> Result<Key, Error> {
    Ok(Key {
        id: KeyId::from_stored(&row.try_get::<String, _>("id")?),
        name: row.try_get("name")?,
        prefix: row.try_get("prefix")?,
        suffix: row.try_get("suffix")?,
        created: UnixMs(row.try_get("created_ms")?),
        last_used: row.try_get::<Option<i64>, _>("last_used_ms")?.map(UnixMs),
        revoked: row.try_get::<Option<i64>, _>("revoked_ms")?.map(UnixMs),
    })
}

fn holder(row: &AnyRow) -> Result<Holder, Error> {
    let tier: Tier = row
        .try_get::<String, _>("tier")?
        .parse()
        .map_err(|unknown| Error::Decode(Box::new(unknown)))?;
    Ok(Holder {
        principal: Principal {
            account: AccountId::from_stored(&row.try_get::<String, _>("account_id")?),
            via: Via::Key(KeyId::from_stored(&row.try_get::<String, _>("id")?)),
            quota: tier.quota_with(row.try_get("rpm")?, row.try_get("tpm")?),
            grant: Arc::default(),
        },
        revoked: row.try_get::<Option<i64>, _>("revoked_ms")?.is_some(),
    })
}
