//! The tables of keys and of their older secrets.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use sqlx::any::{Any, AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{AnyConnection, Error, Row};

use super::format::HashedKey;
use super::memory::Uses;
use super::restrictions::{Conditions, Restrictions};
use super::{Key, RetiredSecret};
use crate::clock::UnixMs;
use crate::db::Db;
use crate::ids::{AccountId, KeyId};
use crate::principal::{Grant, Principal, Quota, Tier, Via};

/// Inserts `key` unless the account has `most` live keys already; says whether it did. One statement, so that two
/// browsers cannot both take the last place.
pub(super) async fn insert(
    db: &Db,
    account: &AccountId,
    key: &Key,
    secret: &HashedKey,
    most: i64,
) -> Result<bool, Error> {
    let query = sqlx::query(
        "INSERT INTO keys (id, account_id, name, prefix, suffix, secret_hash, created_ms, expires_ms, endpoints, models,
             ips, rpm, tpm)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
         WHERE (SELECT COUNT(*) FROM keys WHERE account_id = $2 AND revoked_ms IS NULL
             AND (expires_ms IS NULL OR expires_ms > $7)) < $14",
    )
    .bind(key.id.as_str())
    .bind(account.as_str())
    .bind(&key.name)
    .bind(&key.prefix)
    .bind(&key.suffix)
    .bind(secret.hex())
    .bind(key.created.0);
    let done = bind_restrictions(query, &key.restrictions)
        .bind(most)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// What the account may, if there is such an account.
pub(super) async fn quota(db: &Db, account: &AccountId) -> Result<Option<Quota>, Error> {
    let row = sqlx::query(
        "SELECT tier, rpm AS account_rpm, tpm AS account_tpm FROM accounts WHERE id = $1",
    )
    .bind(account.as_str())
    .fetch_optional(db)
    .await?;
    row.as_ref().map(account_quota).transpose()
}

/// With those of their older secrets that are still taken at `now`.
pub(super) async fn list(db: &Db, account: &AccountId, now: UnixMs) -> Result<Vec<Key>, Error> {
    let rows = sqlx::query(
        "SELECT id, name, prefix, suffix, created_ms, last_used_ms, last_used_ip, revoked_ms, expires_ms, endpoints,
             models, ips, rpm, tpm
         FROM keys WHERE account_id = $1
         ORDER BY CASE WHEN revoked_ms IS NOT NULL THEN 2 WHEN expires_ms <= $2 THEN 1 ELSE 0 END,
             created_ms DESC, id DESC",
    )
    .bind(account.as_str())
    .bind(now.0)
    .fetch_all(db)
    .await?;
    let mut keys: Vec<Key> = rows.iter().map(key).collect::<Result<_, _>>()?;
    let rows = sqlx::query(
        "SELECT retired_secrets.key_id, retired_secrets.prefix, retired_secrets.suffix, retired_secrets.last_used_ms,
             retired_secrets.last_used_ip, retired_secrets.expires_ms
         FROM retired_secrets JOIN keys ON keys.id = retired_secrets.key_id
         WHERE keys.account_id = $1 AND keys.revoked_ms IS NULL AND retired_secrets.expires_ms > $2
         ORDER BY retired_secrets.retired_ms DESC, retired_secrets.secret_hash",
    )
    .bind(account.as_str())
    .bind(now.0)
    .fetch_all(db)
    .await?;
    for row in &rows {
        let id: String = row.try_get("key_id")?;
        if let Some(key) = keys.iter_mut().find(|key| key.id.as_str() == id) {
            key.retired.push(retired(row)?);
        }
    }
    Ok(keys)
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

/// Says whether the account has such a key.
pub(super) async fn rename(
    db: &Db,
    account: &AccountId,
    id: &KeyId,
    name: &str,
) -> Result<bool, Error> {
    let done = sqlx::query("UPDATE keys SET name = $3 WHERE account_id = $1 AND id = $2")
        .bind(account.as_str())
        .bind(id.as_str())
        .bind(name)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn restrict(
    connection: &mut AnyConnection,
    account: &AccountId,
    id: &KeyId,
    restrictions: &Restrictions,
) -> Result<(), Error> {
    let query = sqlx::query(
        "UPDATE keys SET expires_ms = $3, endpoints = $4, models = $5, ips = $6, rpm = $7, tpm = $8
         WHERE account_id = $1 AND id = $2",
    );
    let query = query.bind(account.as_str()).bind(id.as_str());
    bind_restrictions(query, restrictions)
        .execute(connection)
        .await?;
    Ok(())
}

/// In the order expiry, endpoints, models, addresses, requests, tokens.
fn bind_restrictions<'q>(
    query: Query<'q, Any, AnyArguments>,
    restrictions: &Restrictions,
) -> Query<'q, Any, AnyArguments> {
    let Restrictions { grant, ips, .. } = restrictions;
    query
        .bind(restrictions.expires.map(|expires| expires.0))
        .bind(grant.endpoints.as_ref().map(words))
        .bind(grant.models.as_ref().map(words))
        .bind((!ips.is_empty()).then(|| words(ips.iter())))
        .bind(grant.rpm.map(i64::from))
        .bind(grant.tpm.map(|tpm| i64::try_from(tpm).unwrap_or(i64::MAX)))
}

/// Ends the older secrets of a key that is held.
pub(super) async fn end_retired(
    connection: &mut AnyConnection,
    id: &KeyId,
    now: UnixMs,
) -> Result<(), Error> {
    sqlx::query("UPDATE retired_secrets SET expires_ms = $2 WHERE key_id = $1 AND expires_ms > $2")
        .bind(id.as_str())
        .bind(now.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// The account's key, held for this transaction alone: whoever else would change it waits. On both engines an update
/// does that, even one that changes nothing; a read would not.
pub(super) async fn hold(
    connection: &mut AnyConnection,
    account: &AccountId,
    id: &KeyId,
) -> Result<Option<(Key, String)>, Error> {
    let row = sqlx::query(
        "UPDATE keys SET name = name WHERE account_id = $1 AND id = $2
         RETURNING id, name, prefix, suffix, created_ms, last_used_ms, last_used_ip, revoked_ms, expires_ms, endpoints,
             models, ips, rpm, tpm, secret_hash",
    )
    .bind(account.as_str())
    .bind(id.as_str())
    .fetch_optional(connection)
    .await?;
    row.map(|row| Ok((key(&row)?, row.try_get("secret_hash")?)))
        .transpose()
}

/// How many older secrets of a key are taken at `now`. What ended before `forgotten` is cleared away.
pub(super) async fn count_retired(
    connection: &mut AnyConnection,
    id: &KeyId,
    now: UnixMs,
    forgotten: UnixMs,
) -> Result<i64, Error> {
    sqlx::query("DELETE FROM retired_secrets WHERE key_id = $1 AND expires_ms < $2")
        .bind(id.as_str())
        .bind(forgotten.0)
        .execute(&mut *connection)
        .await?;
    let (count,) = sqlx::query_as(
        "SELECT COUNT(*) FROM retired_secrets WHERE key_id = $1 AND expires_ms > $2",
    )
    .bind(id.as_str())
    .bind(now.0)
    .fetch_one(connection)
    .await?;
    Ok(count)
}

/// Retires the secret that `key` was held with, and puts a new one in its place, not used yet.
pub(super) async fn replace_secret(
    connection: &mut AnyConnection,
    key: &Key,
    old: &str,
    new: &HashedKey,
    (prefix, suffix): (&str, &str),
    now: UnixMs,
    old_ends: UnixMs,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO retired_secrets (secret_hash, key_id, prefix, suffix, last_used_ms, last_used_ip, retired_ms,
             expires_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(old)
    .bind(key.id.as_str())
    .bind(&key.prefix)
    .bind(&key.suffix)
    .bind(key.last_used.map(|at| at.0))
    .bind(key.last_used_from.map(|ip| ip.to_string()))
    .bind(now.0)
    .bind(old_ends.0)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE keys SET secret_hash = $2, prefix = $3, suffix = $4, last_used_ms = NULL, last_used_ip = NULL
         WHERE id = $1",
    )
    .bind(key.id.as_str())
    .bind(new.hex())
    .bind(prefix)
    .bind(suffix)
    .execute(connection)
    .await?;
    Ok(())
}

/// Whom a secret belongs to, and whether it still counts.
pub(super) struct Holder {
    pub principal: Principal,
    pub revoked: bool,
    /// Whether its account is.
    pub suspended: bool,
    pub conditions: Conditions,
}

pub(super) async fn find_holder(db: &Db, secret: &HashedKey) -> Result<Option<Holder>, Error> {
    let row = sqlx::query(
        "SELECT keys.id, keys.account_id, keys.revoked_ms, keys.expires_ms, keys.endpoints, keys.models, keys.ips,
             keys.rpm, keys.tpm, found.ends_ms, accounts.tier, accounts.suspended_ms,
             accounts.rpm AS account_rpm, accounts.tpm AS account_tpm
         FROM (SELECT id AS key_id, CAST(NULL AS BIGINT) AS ends_ms FROM keys WHERE secret_hash = $1
             UNION ALL SELECT key_id, expires_ms FROM retired_secrets WHERE secret_hash = $1) AS found
         JOIN keys ON keys.id = found.key_id JOIN accounts ON accounts.id = keys.account_id",
    )
    .bind(secret.hex())
    .fetch_optional(db)
    .await?;
    row.as_ref().map(holder).transpose()
}

/// A use may be noted late, and by several processes: the latest stands. A secret may have been retired meanwhile.
pub(super) async fn note_uses(db: &Db, uses: &Uses) -> Result<(), Error> {
    let mut transaction = db.begin().await?;
    for (secret, used) in uses {
        for statement in [
            "UPDATE keys SET last_used_ms = $2, last_used_ip = $3
             WHERE secret_hash = $1 AND COALESCE(last_used_ms, 0) < $2",
            "UPDATE retired_secrets SET last_used_ms = $2, last_used_ip = $3
             WHERE secret_hash = $1 AND COALESCE(last_used_ms, 0) < $2",
        ] {
            sqlx::query(statement)
                .bind(secret.hex())
                .bind(used.at.0)
                .bind(used.from.map(|ip| ip.to_canonical().to_string()))
                .execute(&mut *transaction)
                .await?;
        }
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
        last_used: moment(row, "last_used_ms")?,
        last_used_from: address(row)?,
        revoked: moment(row, "revoked_ms")?,
        restrictions: restrictions(row)?,
        retired: vec![],
    })
}

fn retired(row: &AnyRow) -> Result<RetiredSecret, Error> {
    Ok(RetiredSecret {
        prefix: row.try_get("prefix")?,
        suffix: row.try_get("suffix")?,
        last_used: moment(row, "last_used_ms")?,
        last_used_from: address(row)?,
        ends: UnixMs(row.try_get("expires_ms")?),
    })
}

fn holder(row: &AnyRow) -> Result<Holder, Error> {
    let Restrictions {
        expires,
        grant,
        ips,
    } = restrictions(row)?;
    let secret_ends = moment(row, "ends_ms")?;
    Ok(Holder {
        principal: Principal {
            account: AccountId::from_stored(&row.try_get::<String, _>("account_id")?),
            via: Via::Key(KeyId::from_stored(&row.try_get::<String, _>("id")?)),
            tier: account_tier(row)?,
            quota: account_quota(row)?,
            grant,
        },
        revoked: moment(row, "revoked_ms")?.is_some(),
        suspended: moment(row, "suspended_ms")?.is_some(),
        conditions: Conditions {
            ends: expires.into_iter().chain(secret_ends).min(),
            ips,
        },
    })
}

fn account_tier(row: &AnyRow) -> Result<Tier, Error> {
    row.try_get::<String, _>("tier")?
        .parse()
        .map_err(|unknown| Error::Decode(Box::new(unknown)))
}

fn account_quota(row: &AnyRow) -> Result<Quota, Error> {
    let tier = account_tier(row)?;
    Ok(tier.quota_with(row.try_get("account_rpm")?, row.try_get("account_tpm")?))
}

fn restrictions(row: &AnyRow) -> Result<Restrictions, Error> {
    let list = |name| row.try_get::<Option<String>, _>(name);
    let ips = list("ips")?.unwrap_or_default();
    let ips = ips.split_whitespace().map(str::parse::<IpNet>);
    let grant = Grant {
        // One that only a later version knows allows nothing here.
        endpoints: list("endpoints")?.map(|names| {
            names
                .split(' ')
                .flat_map(str::parse)
                .collect::<BTreeSet<_>>()
        }),
        models: list("models")?.map(|ids| ids.split(' ').map(str::to_owned).collect()),
        rpm: row
            .try_get::<Option<i64>, _>("rpm")?
            .and_then(|rpm| u32::try_from(rpm).ok()),
        tpm: row
            .try_get::<Option<i64>, _>("tpm")?
            .and_then(|tpm| u64::try_from(tpm).ok()),
    };
    Ok(Restrictions {
        expires: moment(row, "expires_ms")?,
        grant: Arc::new(grant),
        ips: ips
            .collect::<Result<_, _>>()
            .map_err(|malformed| Error::Decode(Box::new(malformed)))?,
    })
}

fn moment(row: &AnyRow, column: &str) -> Result<Option<UnixMs>, Error> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(UnixMs))
}

/// Only shown: one that cannot be read is as good as none.
fn address(row: &AnyRow) -> Result<Option<IpAddr>, Error> {
    let text: Option<String> = row.try_get("last_used_ip")?;
    Ok(text.and_then(|text| text.parse().ok()))
}

fn words<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let words: Vec<_> = items.into_iter().map(|item| item.to_string()).collect();
    words.join(" ")
}
