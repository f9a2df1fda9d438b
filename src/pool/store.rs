//! The tables of added workers, of drained ones, and of the gateways that see them.

use std::collections::BTreeSet;
use std::num::{NonZeroU32, NonZeroUsize};

use sqlx::any::{AnyQueryResult, AnyRow};
use sqlx::{AnyConnection, Error, Row};

use super::roster::Change;
use super::worker_id::WorkerId;
use crate::clock::UnixMs;
use crate::config::{WorkerKey, WorkerSettings};
use crate::db::{Db, Part};

/// A worker that was added.
#[derive(Clone, Debug)]
pub(super) struct Added {
    pub(super) id: WorkerId,
    pub(super) settings: WorkerSettings,
    pub(super) created: UnixMs,
}

/// A gateway, and what it has last said of its workers.
#[derive(Debug)]
pub(super) struct GatewayRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) seen: UnixMs,
    pub(super) workers: String,
}

/// How many changes there were. Whoever reads what has changed reads this before.
pub(super) async fn version(db: &Db) -> Result<i64, Error> {
    let (version,) = sqlx::query_as("SELECT version FROM worker_changes")
        .fetch_one(db)
        .await?;
    Ok(version)
}

/// Counts a change, in its transaction. Whoever else would change something waits for its end, so that nobody sees the
/// count before the change.
async fn changed(connection: &mut AnyConnection) -> Result<(), Error> {
    sqlx::query("UPDATE worker_changes SET version = version + 1")
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends a change to one row, and says whether there was such a row: where there was none, nothing has changed.
async fn end(mut part: Part, done: AnyQueryResult) -> Result<bool, Error> {
    let is_changed = done.rows_affected() > 0;
    if is_changed {
        changed(&mut part).await?;
    }
    part.commit().await?;
    Ok(is_changed)
}

/// Adds a worker, not drained, whatever one of its name was before.
pub(super) async fn insert(db: &Db, worker: &Added) -> Result<(), Error> {
    let Added {
        id,
        settings,
        created,
    } = worker;
    let mut transaction = db.begin().await?;
    sqlx::query(
        "INSERT INTO workers (id, url, key, weight, max_in_flight, created_ms) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id.as_str())
    .bind(settings.url.as_str())
    .bind(settings.key.as_ref().map(WorkerKey::expose))
    .bind(i64::from(settings.weight.get()))
    .bind(settings.max_in_flight.map(most))
    .bind(created.0)
    .execute(&mut *transaction)
    .await?;
    sqlx::query("DELETE FROM drained_workers WHERE id = $1")
        .bind(id.as_str())
        .execute(&mut *transaction)
        .await?;
    changed(&mut transaction).await?;
    transaction.commit().await
}

/// Says whether there was such a worker.
pub(super) async fn delete(db: &Db, id: &WorkerId) -> Result<bool, Error> {
    let mut transaction = db.begin().await?;
    sqlx::query("DELETE FROM drained_workers WHERE id IN (SELECT id FROM workers WHERE id = $1)")
        .bind(id.as_str())
        .execute(&mut *transaction)
        .await?;
    let done = sqlx::query("DELETE FROM workers WHERE id = $1")
        .bind(id.as_str())
        .execute(&mut *transaction)
        .await?;
    end(transaction, done).await
}

/// Changes what is said of a worker; says whether there is such a one.
pub(super) async fn update(db: &Db, id: &WorkerId, change: &Change) -> Result<bool, Error> {
    let Change {
        weight,
        max_in_flight,
        key,
    } = change;
    let mut transaction = db.begin().await?;
    let done = sqlx::query(
        "UPDATE workers SET weight = COALESCE($2, weight),
             max_in_flight = CASE WHEN $3 = 1 THEN $4 ELSE max_in_flight END,
             key = CASE WHEN $5 = 1 THEN $6 ELSE key END
         WHERE id = $1",
    )
    .bind(id.as_str())
    .bind(weight.map(|weight| i64::from(weight.get())))
    .bind(i64::from(max_in_flight.is_some()))
    .bind(max_in_flight.flatten().map(most))
    .bind(i64::from(key.is_some()))
    .bind(
        key.as_ref()
            .and_then(|key| key.as_ref().map(WorkerKey::expose)),
    )
    .execute(&mut *transaction)
    .await?;
    end(transaction, done).await
}

/// The workers that were added, in that order.
pub(super) async fn added(db: &Db) -> Result<Vec<Added>, Error> {
    let rows = sqlx::query(
        "SELECT id, url, key, weight, max_in_flight, created_ms FROM workers ORDER BY created_ms, id",
    )
    .fetch_all(db)
    .await?;
    rows.iter().map(worker).collect()
}

fn worker(row: &AnyRow) -> Result<Added, Error> {
    let id: String = row.try_get("id")?;
    let url: String = row.try_get("url")?;
    let mut settings: WorkerSettings = url
        .parse()
        .map_err(|error| Error::Decode(Box::new(error)))?;
    let key: Option<String> = row.try_get("key")?;
    settings.key = key.as_deref().and_then(WorkerKey::parse);
    settings.weight = u32::try_from(row.try_get::<i64, _>("weight")?)
        .ok()
        .and_then(NonZeroU32::new)
        .unwrap_or(NonZeroU32::MIN);
    let most: Option<i64> = row.try_get("max_in_flight")?;
    settings.max_in_flight = most
        .and_then(|most| usize::try_from(most).ok())
        .and_then(NonZeroUsize::new);
    Ok(Added {
        id: WorkerId::from(id),
        settings,
        created: UnixMs(row.try_get("created_ms")?),
    })
}

fn most(most: NonZeroUsize) -> i64 {
    i64::try_from(most.get()).unwrap_or(i64::MAX)
}

pub(super) async fn drained(db: &Db) -> Result<BTreeSet<WorkerId>, Error> {
    let rows = sqlx::query("SELECT id FROM drained_workers")
        .fetch_all(db)
        .await?;
    let ids = rows
        .iter()
        .map(|row| row.try_get("id").map(|id: String| id.into()));
    ids.collect()
}

/// One that is drained already stays so.
pub(super) async fn drain(db: &Db, id: &WorkerId, now: UnixMs) -> Result<(), Error> {
    let mut transaction = db.begin().await?;
    sqlx::query(
        "INSERT INTO drained_workers (id, since_ms) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
    )
    .bind(id.as_str())
    .bind(now.0)
    .execute(&mut *transaction)
    .await?;
    changed(&mut transaction).await?;
    transaction.commit().await
}

/// Says whether it was drained.
pub(super) async fn resume(db: &Db, id: &WorkerId) -> Result<bool, Error> {
    let mut transaction = db.begin().await?;
    let done = sqlx::query("DELETE FROM drained_workers WHERE id = $1")
        .bind(id.as_str())
        .execute(&mut *transaction)
        .await?;
    end(transaction, done).await
}

/// Writes what a gateway says of its workers, over what it has said before.
pub(super) async fn report(db: &Db, gateway: &GatewayRow) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO gateways (id, name, seen_ms, workers) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, seen_ms = excluded.seen_ms, workers = excluded.workers",
    )
    .bind(&gateway.id)
    .bind(&gateway.name)
    .bind(gateway.seen.0)
    .bind(&gateway.workers)
    .execute(db)
    .await?;
    Ok(())
}

/// Those that were seen since, by name.
pub(super) async fn gateways(db: &Db, since: UnixMs) -> Result<Vec<GatewayRow>, Error> {
    let rows = sqlx::query(
        "SELECT id, name, seen_ms, workers FROM gateways WHERE seen_ms >= $1 ORDER BY name, id",
    )
    .bind(since.0)
    .fetch_all(db)
    .await?;
    let gateway = |row: &AnyRow| {
        Ok(GatewayRow {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            seen: UnixMs(row.try_get("seen_ms")?),
            workers: row.try_get("workers")?,
        })
    };
    rows.iter().map(gateway).collect()
}

/// Forgets a gateway.
pub(super) async fn leave(db: &Db, gateway: &str) -> Result<(), Error> {
    sqlx::query("DELETE FROM gateways WHERE id = $1")
        .bind(gateway)
        .execute(db)
        .await?;
    Ok(())
}

/// Forgets gateways that were not seen since.
pub(super) async fn sweep(db: &Db, since: UnixMs) -> Result<(), Error> {
    sqlx::query("DELETE FROM gateways WHERE seen_ms < $1")
        .bind(since.0)
        .execute(db)
        .await?;
    Ok(())
}
