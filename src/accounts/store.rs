//! The accounts table.

mod proofs;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Error, Row};

use super::{Account, Suspension, Wanted};
use crate::clock::UnixMs;
use crate::db::Db;
use crate::ids::AccountId;
use crate::principal::Tier;

pub(super) use proofs::{
    change_password, hold_proofs, password_hash, replace_proofs, set_password,
};

pub(super) async fn insert(db: &Db, account: &Account, password_hash: &str) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO accounts (id, email, name, password_hash, tier, is_admin, created_ms, retention_days, verified_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(account.id.as_str())
    .bind(&account.email)
    .bind(&account.name)
    .bind(password_hash)
    .bind(account.tier.as_str())
    .bind(i64::from(account.is_admin))
    .bind(account.created.0)
    .bind(i64::from(account.retention_days))
    .bind(account.is_verified.then_some(account.created.0))
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn find(db: &Db, id: &AccountId) -> Result<Option<Account>, Error> {
    let row = sqlx::query(
        "SELECT id, email, name, tier, rpm, tpm, is_admin, created_ms, retention_days,
             suspended_ms, suspended_for, verified_ms, proofs FROM accounts WHERE id = $1",
    )
    .bind(id.as_str())
    .fetch_optional(db)
    .await?;
    row.as_ref().map(account).transpose()
}

/// With its password's hash.
pub(super) async fn find_by_email(
    db: &Db,
    email: &str,
) -> Result<Option<(Account, String)>, Error> {
    let row = sqlx::query(
        "SELECT id, email, name, tier, rpm, tpm, is_admin, created_ms, retention_days,
             suspended_ms, suspended_for, verified_ms, proofs, password_hash FROM accounts WHERE email = $1",
    )
    .bind(email)
    .fetch_optional(db)
    .await?;
    row.map(|row| Ok((account(&row)?, row.try_get("password_hash")?)))
        .transpose()
}

pub(super) async fn set_tier(
    db: &Db,
    id: &AccountId,
    tier: Tier,
    rpm: Option<i64>,
    tpm: Option<i64>,
) -> Result<Option<Account>, Error> {
    let row = sqlx::query(
        "UPDATE accounts SET tier = $2, rpm = $3, tpm = $4 WHERE id = $1
         RETURNING id, email, name, tier, rpm, tpm, is_admin, created_ms, retention_days,
             suspended_ms, suspended_for, verified_ms, proofs",
    )
    .bind(id.as_str())
    .bind(tier.as_str())
    .bind(rpm)
    .bind(tpm)
    .fetch_optional(db)
    .await?;
    row.as_ref().map(account).transpose()
}

pub(super) async fn want(db: &Db, id: &AccountId, wanted: &Wanted) -> Result<(), Error> {
    let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    sqlx::query(
        "INSERT INTO enterprise_requests (account_id, rpm, tpm, message, asked_ms) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (account_id) DO UPDATE SET
             rpm = excluded.rpm, tpm = excluded.tpm, message = excluded.message, asked_ms = excluded.asked_ms",
    )
    .bind(id.as_str())
    .bind(whole(wanted.rpm))
    .bind(whole(wanted.tpm))
    .bind(&wanted.message)
    .bind(wanted.asked.0)
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn wanted(db: &Db, id: &AccountId) -> Result<Option<Wanted>, Error> {
    let row = sqlx::query(
        "SELECT rpm, tpm, message, asked_ms FROM enterprise_requests
         WHERE account_id = $1 AND NOT EXISTS (
             SELECT 1 FROM accounts WHERE id = $1 AND tier = 'enterprise')",
    )
    .bind(id.as_str())
    .fetch_optional(db)
    .await?;
    row.as_ref().map(as_wanted).transpose()
}

pub(super) async fn all_wanted(db: &Db) -> Result<Vec<(AccountId, String, Wanted)>, Error> {
    let rows = sqlx::query(
        "SELECT accounts.id AS id, accounts.email AS email, enterprise_requests.rpm AS rpm, enterprise_requests.tpm AS tpm, message, asked_ms
         FROM enterprise_requests JOIN accounts ON accounts.id = account_id
         WHERE tier <> 'enterprise'
         ORDER BY asked_ms, email",
    )
    .fetch_all(db)
    .await?;
    let each = rows.iter();
    each.map(|row| {
        let id = AccountId::from_stored(&row.try_get::<String, _>("id")?);
        Ok((id, row.try_get("email")?, as_wanted(row)?))
    })
    .collect()
}

fn as_wanted(row: &AnyRow) -> Result<Wanted, Error> {
    let whole = |name| Ok::<_, Error>(row.try_get::<i64, _>(name)?.unsigned_abs());
    Ok(Wanted {
        rpm: whole("rpm")?,
        tpm: whole("tpm")?,
        message: row.try_get("message")?,
        asked: UnixMs(row.try_get("asked_ms")?),
    })
}

pub(super) async fn rename(db: &Db, id: &AccountId, name: &str) -> Result<(), Error> {
    sqlx::query("UPDATE accounts SET name = $2 WHERE id = $1")
        .bind(id.as_str())
        .bind(name)
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn keep_ledger(db: &Db, id: &AccountId, days: u32) -> Result<(), Error> {
    sqlx::query("UPDATE accounts SET retention_days = $2 WHERE id = $1")
        .bind(id.as_str())
        .bind(i64::from(days))
        .execute(db)
        .await?;
    Ok(())
}

/// Whether `address` is still the account's.
pub(super) async fn verify(
    db: &Db,
    id: &AccountId,
    address: &str,
    now: UnixMs,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE accounts SET verified_ms = COALESCE(verified_ms, $3) WHERE id = $1 AND email = $2",
    )
    .bind(id.as_str())
    .bind(address)
    .bind(now.0)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether the address of before was still the account's.
pub(super) async fn change_address(
    db: &Db,
    account: &Account,
    new: &str,
    now: UnixMs,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE accounts SET email = $3, verified_ms = $4 WHERE id = $1 AND email = $2",
    )
    .bind(account.id.as_str())
    .bind(&account.email)
    .bind(new)
    .bind(now.0)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn has_other_admin(db: &Db, id: &AccountId) -> Result<bool, Error> {
    let row = sqlx::query(
        "SELECT id FROM accounts WHERE is_admin = 1 AND suspended_ms IS NULL AND id <> $1 LIMIT 1",
    )
    .bind(id.as_str())
    .fetch_optional(db)
    .await?;
    Ok(row.is_some())
}

/// Deletes the account, and by their references its keys, sessions and what else is its own; leaves a note of its id,
/// by which the ledger is cleared. Nothing happens, and `false` is given, where it is the last administrator's.
pub(super) async fn delete(db: &Db, id: &AccountId, now: UnixMs) -> Result<bool, Error> {
    let mut transaction = db.begin().await?;
    hold_administrators(&mut transaction).await?;
    let done = sqlx::query(
        "DELETE FROM accounts WHERE id = $1
             AND (is_admin = 0 OR EXISTS (
                 SELECT 1 FROM accounts WHERE is_admin = 1 AND suspended_ms IS NULL AND id <> $1))",
    )
    .bind(id.as_str())
    .execute(&mut *transaction)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query("INSERT INTO deleted_accounts (account_id, deleted_ms) VALUES ($1, $2)")
        .bind(id.as_str())
        .bind(now.0)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(true)
}

/// Two administrators who leave, or send each other away, at the same time wait for each other here.
async fn hold_administrators(connection: &mut AnyConnection) -> Result<(), Error> {
    sqlx::query("UPDATE accounts SET is_admin = 1 WHERE is_admin = 1")
        .execute(connection)
        .await?;
    Ok(())
}

/// Suspends the account, or for `None` resumes it, and ends its sessions. `None` where there is no such account; as it was
/// where it is the last administrator's that is not suspended.
pub(super) async fn suspend(
    db: &Db,
    id: &AccountId,
    suspension: Option<&Suspension>,
) -> Result<Option<Account>, Error> {
    let mut transaction = db.begin().await?;
    hold_administrators(&mut transaction).await?;
    let row = sqlx::query(
        "UPDATE accounts SET suspended_ms = $2, suspended_for = $3 WHERE id = $1
             AND ($2 IS NULL OR is_admin = 0 OR EXISTS (
                 SELECT 1 FROM accounts WHERE is_admin = 1 AND suspended_ms IS NULL AND id <> $1))
         RETURNING id, email, name, tier, rpm, tpm, is_admin, created_ms, retention_days,
             suspended_ms, suspended_for, verified_ms, proofs",
    )
    .bind(id.as_str())
    .bind(suspension.map(|suspension| suspension.since.0))
    .bind(suspension.map(|suspension| suspension.reason.as_str()))
    .fetch_optional(&mut *transaction)
    .await?;
    transaction.commit().await?;
    row.as_ref().map(account).transpose()
}

/// As [`suspend`], for who may look after the service.
pub(super) async fn set_admin(
    db: &Db,
    id: &AccountId,
    is_admin: bool,
) -> Result<Option<Account>, Error> {
    let mut transaction = db.begin().await?;
    hold_administrators(&mut transaction).await?;
    let row = sqlx::query(
        "UPDATE accounts SET is_admin = $2 WHERE id = $1
             AND ($2 = 1 OR EXISTS (
                 SELECT 1 FROM accounts WHERE is_admin = 1 AND suspended_ms IS NULL AND id <> $1))
         RETURNING id, email, name, tier, rpm, tpm, is_admin, created_ms, retention_days,
             suspended_ms, suspended_for, verified_ms, proofs",
    )
    .bind(id.as_str())
    .bind(i64::from(is_admin))
    .fetch_optional(&mut *transaction)
    .await?;
    transaction.commit().await?;
    row.as_ref().map(account).transpose()
}

/// Newest first, from behind `before` on. `search` is part of an address or a name in lower case, or a whole id.
pub(super) async fn list(
    db: &Db,
    search: &str,
    tier: Option<Tier>,
    before: &str,
    most: i64,
) -> Result<Vec<Account>, Error> {
    let pattern = search
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    let rows = sqlx::query(
        "SELECT id, email, name, tier, rpm, tpm, is_admin, created_ms, retention_days,
             suspended_ms, suspended_for, verified_ms, proofs
         FROM accounts
         WHERE ($1 = '' OR id = $1 OR email LIKE $2 ESCAPE '\\' OR LOWER(name) LIKE $2 ESCAPE '\\')
             AND ($3 = '' OR tier = $3) AND ($4 = '' OR id < $4)
         ORDER BY id DESC LIMIT $5",
    )
    .bind(search)
    .bind(format!("%{pattern}%"))
    .bind(tier.map_or("", Tier::as_str))
    .bind(before)
    .bind(most)
    .fetch_all(db)
    .await?;
    rows.iter().map(account).collect()
}

/// Forgets what the account has asked for, and gives it, if it had.
pub(super) async fn decline(db: &Db, id: &AccountId) -> Result<Option<Wanted>, Error> {
    let row = sqlx::query(
        "DELETE FROM enterprise_requests WHERE account_id = $1 RETURNING rpm, tpm, message, asked_ms",
    )
    .bind(id.as_str())
    .fetch_optional(db)
    .await?;
    row.as_ref().map(as_wanted).transpose()
}

fn account(row: &AnyRow) -> Result<Account, Error> {
    let tier: Tier = row
        .try_get::<String, _>("tier")?
        .parse()
        .map_err(|unknown| Error::Decode(Box::new(unknown)))?;
    let since: Option<i64> = row.try_get("suspended_ms")?;
    let reason: Option<String> = row.try_get("suspended_for")?;
    Ok(Account {
        id: AccountId::from_stored(&row.try_get::<String, _>("id")?),
        email: row.try_get("email")?,
        name: row.try_get("name")?,
        tier,
        quota: tier.quota_with(row.try_get("rpm")?, row.try_get("tpm")?),
        is_admin: row.try_get::<i64, _>("is_admin")? != 0,
        created: UnixMs(row.try_get("created_ms")?),
        retention_days: u32::try_from(row.try_get::<i64, _>("retention_days")?).unwrap_or(u32::MAX),
        suspended: since.map(|since| Suspension {
            since: UnixMs(since),
            reason: reason.unwrap_or_default(),
        }),
        is_verified: row.try_get::<Option<i64>, _>("verified_ms")?.is_some(),
        proofs: row.try_get("proofs")?,
    })
}
