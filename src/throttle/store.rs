//! The tables of tries and of known browsers.

use std::time::Duration;

use sqlx::Error;

use super::{Device, LONGEST_WAIT, Refused, Subject};
use crate::clock::UnixMs;
use crate::db::Db;
use crate::ids::AccountId;

/// How tries of a kind are held back: after the free ones by a second, twice that, and so on.
pub(super) struct Rule {
    purpose: &'static str,
    free: i64,
    remembered: Duration,
}

impl Rule {
    pub(super) fn new(purpose: &'static str, free: i64, remembered: Duration) -> Self {
        Rule {
            purpose,
            free,
            remembered,
        }
    }
}

/// A try that stands in the table.
pub(super) struct Counted {
    purpose: &'static str,
    subject: Subject,
    /// When the next one is taken, unless this one is taken back.
    free: i64,
}

/// Counts a try that is free now.
pub(super) async fn count(
    db: &Db,
    rule: Rule,
    subject: &Subject,
    now: UnixMs,
) -> Result<Counted, Refused> {
    let free: Option<i64> = sqlx::query_scalar(
        "INSERT INTO throttle (purpose, subject, tries, free_ms, ends_ms) VALUES ($1, $2, 1, $3, $4)
         ON CONFLICT (purpose, subject) DO UPDATE SET
             tries = CASE WHEN throttle.ends_ms <= $3 THEN 1 ELSE throttle.tries + 1 END,
             free_ms = $3 + CASE
                 WHEN throttle.ends_ms <= $3 OR throttle.tries + 1 < $5 THEN 0
                 WHEN throttle.tries + 1 - $5 > 9 THEN CAST($6 AS BIGINT)
                 ELSE 1000 << CAST(throttle.tries + 1 - $5 AS INTEGER) END,
             ends_ms = excluded.ends_ms
         WHERE throttle.free_ms <= $3
         RETURNING free_ms",
    )
    .bind(rule.purpose)
    .bind(&subject.0)
    .bind(now.0)
    .bind(now.plus(rule.remembered).0)
    .bind(rule.free)
    .bind(UnixMs(0).plus(LONGEST_WAIT).0)
    .fetch_optional(db)
    .await
    .map_err(Refused::Store)?;
    match free {
        Some(free) => Ok(Counted {
            purpose: rule.purpose,
            subject: subject.clone(),
            free,
        }),
        None => Err(wait(db, rule.purpose, subject, now).await),
    }
}

/// Takes one of the `most` that there are in the span that began with the first of them.
pub(super) async fn take(
    db: &Db,
    purpose: &str,
    subject: &Subject,
    now: UnixMs,
    span: Duration,
    most: u32,
) -> Result<(), Refused> {
    let taken = sqlx::query(
        "INSERT INTO throttle (purpose, subject, tries, free_ms, ends_ms) VALUES ($1, $2, 1, $4, $4)
         ON CONFLICT (purpose, subject) DO UPDATE SET
             tries = CASE WHEN throttle.ends_ms <= $3 THEN 1 ELSE throttle.tries + 1 END,
             free_ms = CASE WHEN throttle.ends_ms <= $3 THEN $4 ELSE throttle.free_ms END,
             ends_ms = CASE WHEN throttle.ends_ms <= $3 THEN $4 ELSE throttle.ends_ms END
         WHERE throttle.ends_ms <= $3 OR throttle.tries < $5",
    )
    .bind(purpose)
    .bind(&subject.0)
    .bind(now.0)
    .bind(now.plus(span).0)
    .bind(i64::from(most))
    .execute(db)
    .await
    .map_err(Refused::Store)?;
    match taken.rows_affected() {
        0 => Err(wait(db, purpose, subject, now).await),
        _ => Ok(()),
    }
}

/// How long until there is another try.
async fn wait(db: &Db, purpose: &str, subject: &Subject, now: UnixMs) -> Refused {
    let free =
        sqlx::query_scalar("SELECT free_ms FROM throttle WHERE purpose = $1 AND subject = $2")
            .bind(purpose)
            .bind(&subject.0)
            .fetch_optional(db)
            .await;
    match free {
        // It may have become free meanwhile, or been taken back.
        Ok(free) => Refused::Wait(UnixMs(free.unwrap_or(now.0)).since(now)),
        Err(error) => Refused::Store(error),
    }
}

pub(super) async fn give_back(db: &Db, purpose: &str, subject: &Subject) -> Result<(), Error> {
    sqlx::query(
        "UPDATE throttle SET tries = tries - 1 WHERE purpose = $1 AND subject = $2 AND tries > 0",
    )
    .bind(purpose)
    .bind(&subject.0)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes back this one try. What others have had to wait for meanwhile stands.
pub(super) async fn take_back(db: &Db, counted: &Counted, now: UnixMs) -> Result<(), Error> {
    sqlx::query(
        "UPDATE throttle SET tries = tries - 1, free_ms = CASE WHEN free_ms = $3 THEN $4 ELSE free_ms END
         WHERE purpose = $1 AND subject = $2 AND tries > 0",
    )
    .bind(counted.purpose)
    .bind(&counted.subject.0)
    .bind(counted.free)
    .bind(now.0.min(counted.free))
    .execute(db)
    .await?;
    Ok(())
}

/// Takes back this try and all before it.
pub(super) async fn forget(db: &Db, counted: &Counted) -> Result<(), Error> {
    sqlx::query("DELETE FROM throttle WHERE purpose = $1 AND subject = $2")
        .bind(counted.purpose)
        .bind(&counted.subject.0)
        .execute(db)
        .await?;
    Ok(())
}

/// The account that is known in the browser that shows `device`.
pub(super) async fn account_of(
    db: &Db,
    device: &Device,
    now: UnixMs,
    kept: Duration,
) -> Result<Option<AccountId>, Error> {
    let account: Option<String> =
        sqlx::query_scalar("SELECT account_id FROM devices WHERE hash = $1 AND seen_ms > $2")
            .bind(device.hash())
            .bind(before(now, kept))
            .fetch_optional(db)
            .await?;
    Ok(account.map(|account| AccountId::from_stored(&account)))
}

/// Notes that `account` has signed in there again; says whether it is known there.
pub(super) async fn saw(
    db: &Db,
    device: &Device,
    account: &AccountId,
    now: UnixMs,
) -> Result<bool, Error> {
    let done = sqlx::query("UPDATE devices SET seen_ms = $3 WHERE hash = $1 AND account_id = $2")
        .bind(device.hash())
        .bind(account.as_str())
        .bind(now.0)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn add_device(
    db: &Db,
    device: &Device,
    account: &AccountId,
    now: UnixMs,
    most: i64,
) -> Result<(), Error> {
    sqlx::query("INSERT INTO devices (hash, account_id, seen_ms) VALUES ($1, $2, $3)")
        .bind(device.hash())
        .bind(account.as_str())
        .bind(now.0)
        .execute(db)
        .await?;
    sqlx::query(
        "DELETE FROM devices WHERE account_id = $1 AND hash NOT IN (
             SELECT hash FROM devices WHERE account_id = $1 ORDER BY seen_ms DESC, hash LIMIT $2)",
    )
    .bind(account.as_str())
    .bind(most)
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn forget_devices(db: &Db, account: &AccountId) -> Result<(), Error> {
    sqlx::query("DELETE FROM devices WHERE account_id = $1")
        .bind(account.as_str())
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn sweep(db: &Db, now: UnixMs, kept: Duration, most: i64) -> Result<(), Error> {
    sqlx::query("DELETE FROM devices WHERE seen_ms <= $1")
        .bind(before(now, kept))
        .execute(db)
        .await?;
    // A try that still has to be waited for matters, however long ago the others were.
    sqlx::query("DELETE FROM throttle WHERE ends_ms <= $1 AND free_ms <= $1")
        .bind(now.0)
        .execute(db)
        .await?;
    let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM throttle")
        .fetch_one(db)
        .await?;
    if rows > most {
        sqlx::query(
            "DELETE FROM throttle WHERE (purpose, subject) IN (
                 SELECT purpose, subject FROM throttle ORDER BY tries, ends_ms LIMIT $1)",
        )
        .bind(rows - most)
        .execute(db)
        .await?;
    }
    Ok(())
}

fn before(now: UnixMs, kept: Duration) -> i64 {
    now.0.saturating_sub(UnixMs(0).plus(kept).0)
}
