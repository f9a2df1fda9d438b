//! The ledger and its sums, as they are taken along and deleted.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::super::UsageError;
use crate::clock::{DAY_MS, UnixMs};
use crate::db::Db;
use crate::ids::AccountId;

/// A journal that could not be moved may bring rows of a deleted account for so long.
const NOTED: Duration = Duration::from_millis(30 * DAY_MS.unsigned_abs());

/// One request, as its account may know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct LedgerRow {
    pub request_id: String,
    pub started_ms: i64,
    pub key_id: Option<String>,
    pub endpoint: String,
    pub model: Option<String>,
    pub status: i64,
    pub error_code: Option<String>,
    pub prompt_tokens: i64,
    pub completion_tokens: i64,
    #[serde(serialize_with = "flag")]
    pub streamed: i64,
    pub first_token_ms: Option<i64>,
    pub duration_ms: i64,
    pub finish_reason: Option<String>,
    #[serde(serialize_with = "flag")]
    pub replayed: i64,
    pub retry_count: i64,
    pub billing_basis: String,
}

fn flag<S: Serializer>(flag: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(*flag != 0)
}

/// The sums of an hour's requests that have all else in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct HourlyRow {
    pub hour_ms: i64,
    pub key_id: String,
    pub endpoint: String,
    pub model: String,
    pub status: i64,
    pub requests: i64,
    pub prompt_tokens: i64,
    pub completion_tokens: i64,
}

/// Accounts with rows that are older than they keep them, and from when on they keep them.
pub(super) async fn overdue(db: &Db, now: UnixMs) -> Result<Vec<(AccountId, UnixMs)>, UsageError> {
    // The ledger is asked once for each account, by its index.
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT id, $1 - retention_days * 86400000 FROM accounts
         WHERE EXISTS (SELECT 1 FROM ledger
             WHERE account_id = accounts.id AND started_ms < $1 - accounts.retention_days * 86400000)",
    )
    .bind(now.0)
    .fetch_all(db)
    .await?;
    let each = rows.into_iter();
    Ok(each
        .map(|(id, from)| (AccountId::from_stored(&id), UnixMs(from)))
        .collect())
}

pub(super) async fn keep_from(
    db: &Db,
    account: &AccountId,
    from: UnixMs,
) -> Result<(), UsageError> {
    sqlx::query("UPDATE accounts SET ledger_from_ms = $2 WHERE id = $1 AND ledger_from_ms < $2")
        .bind(account.as_str())
        .bind(from.0)
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn delete_before(
    db: &Db,
    account: &AccountId,
    before: UnixMs,
    most: i64,
) -> Result<u64, UsageError> {
    let done = sqlx::query(
        "DELETE FROM ledger WHERE request_id IN (
             SELECT request_id FROM ledger WHERE account_id = $1 AND started_ms < $2 LIMIT $3)",
    )
    .bind(account.as_str())
    .bind(before.0)
    .bind(most)
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

pub(super) async fn delete_sums(
    db: &Db,
    account: &AccountId,
    most: i64,
) -> Result<u64, UsageError> {
    // By hours, since a row has no name of its own.
    let done = sqlx::query(
        "DELETE FROM usage_hourly WHERE account_id = $1 AND hour_ms IN (
             SELECT hour_ms FROM usage_hourly WHERE account_id = $1 LIMIT $2)",
    )
    .bind(account.as_str())
    .bind(most)
    .execute(db)
    .await?;
    let days = sqlx::query(
        "DELETE FROM usage_daily WHERE account_id = $1 AND day_ms IN (
             SELECT day_ms FROM usage_daily WHERE account_id = $1 LIMIT $2)",
    )
    .bind(account.as_str())
    .bind(most)
    .execute(db)
    .await?;
    Ok(done.rows_affected() + days.rows_affected())
}

/// Deleted accounts of which something is left.
pub(super) async fn deleted(db: &Db) -> Result<Vec<AccountId>, UsageError> {
    let rows: Vec<(String,)> = sqlx::query_as(
        "SELECT account_id FROM deleted_accounts AS gone
         WHERE EXISTS (SELECT 1 FROM ledger WHERE account_id = gone.account_id)
             OR EXISTS (SELECT 1 FROM usage_hourly WHERE account_id = gone.account_id)
             OR EXISTS (SELECT 1 FROM usage_daily WHERE account_id = gone.account_id)",
    )
    .fetch_all(db)
    .await?;
    let each = rows.iter();
    Ok(each.map(|(id,)| AccountId::from_stored(id)).collect())
}

pub(super) async fn forget_notes(db: &Db, now: UnixMs) -> Result<(), UsageError> {
    sqlx::query("DELETE FROM deleted_accounts WHERE deleted_ms < $1")
        .bind(now.0 - i64::try_from(NOTED.as_millis()).unwrap_or(i64::MAX))
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn ledger_page(
    db: &Db,
    account: &AccountId,
    after: Option<&LedgerRow>,
    most: i64,
) -> Result<Vec<LedgerRow>, UsageError> {
    let rows = sqlx::query_as(
        "SELECT request_id, started_ms, key_id, endpoint, model, status, error_code, prompt_tokens, completion_tokens,
             streamed, first_token_ms, duration_ms, finish_reason, replayed, retry_count, billing_basis
         FROM ledger
         WHERE account_id = $1 AND started_ms >= $2 AND (started_ms > $2 OR request_id > $3)
         ORDER BY started_ms, request_id LIMIT $4",
    )
    .bind(account.as_str())
    .bind(after.map_or(i64::MIN, |row| row.started_ms))
    .bind(after.map_or("", |row| &row.request_id))
    .bind(most)
    .fetch_all(db)
    .await?;
    Ok(rows)
}

pub(super) async fn hourly_page(
    db: &Db,
    account: &AccountId,
    after: Option<&HourlyRow>,
    most: i64,
) -> Result<Vec<HourlyRow>, UsageError> {
    let rows = sqlx::query_as(
        "SELECT hour_ms, key_id, endpoint, model, status, requests, prompt_tokens, completion_tokens
         FROM usage_hourly
         WHERE account_id = $1 AND hour_ms >= $2
             AND (hour_ms > $2 OR key_id > $3 OR key_id = $3 AND (endpoint > $4 OR endpoint = $4
             AND (model > $5 OR model = $5 AND status > $6)))
         ORDER BY hour_ms, key_id, endpoint, model, status LIMIT $7",
    )
    .bind(account.as_str())
    .bind(after.map_or(i64::MIN, |row| row.hour_ms))
    .bind(after.map_or("", |row| &row.key_id))
    .bind(after.map_or("", |row| &row.endpoint))
    .bind(after.map_or("", |row| &row.model))
    .bind(after.map_or(i64::MIN, |row| row.status))
    .bind(most)
    .fetch_all(db)
    .await?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::super::super::store::insert;
    use super::super::super::{BillingBasis, Phases, Record, Usage, first_difference};
    use super::*;
    use crate::clock::HOUR_MS;
    use crate::config::Fsync;
    use crate::db;

    const NOW: UnixMs = UnixMs(400 * DAY_MS + HOUR_MS / 2);

    async fn usage() -> (TempDir, Usage) {
        let dir = TempDir::new().unwrap();
        let db = db::open(&db::embedded_url(dir.path()).unwrap())
            .await
            .unwrap();
        let usage = Usage::open(dir.path(), db, Fsync::Grouped).await.unwrap();
        (dir, usage)
    }

    async fn account(usage: &Usage, id: &str, days: i64) -> AccountId {
        sqlx::query(
            "INSERT INTO accounts (id, email, password_hash, tier, is_admin, created_ms, retention_days)
             VALUES ($1, $1, '', 'free', 0, 0, $2)",
        )
        .bind(id)
        .bind(days)
        .execute(&usage.db)
        .await
        .unwrap();
        AccountId::from_stored(id)
    }

    fn record(account: &str, n: usize, started_ms: i64) -> Record {
        Record {
            request_id: format!("req_{account}_{n:05}"),
            account_id: account.into(),
            key_id: Some(format!("key_{}", n % 3)),
            endpoint: "/v1/chat/completions".into(),
            model: Some("m".into()),
            worker: None,
            status: if n.is_multiple_of(2) { 200 } else { 429 },
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
            client_request_id: None,
            phases: Phases::default(),
            worker_tries: 0,
            limited: None,
        }
    }

    async fn all_rows(usage: &Usage, account: &AccountId) -> (Vec<LedgerRow>, Vec<HourlyRow>) {
        let (mut rows, mut hours) = (vec![], vec![]);
        loop {
            let page = ledger_page(&usage.db, account, rows.last(), 7)
                .await
                .unwrap();
            if page.is_empty() {
                break;
            }
            rows.extend(page);
        }
        loop {
            let page = hourly_page(&usage.db, account, hours.last(), 7)
                .await
                .unwrap();
            if page.is_empty() {
                break;
            }
            hours.extend(page);
        }
        (rows, hours)
    }

    #[tokio::test]
    async fn pages_bring_every_row_once_and_in_order() {
        let (_dir, usage) = usage().await;
        let ada = account(&usage, "ada", 30).await;
        // Many at the same moment, so that pages are cut between them.
        let records: Vec<_> = (0..40)
            .map(|n| record("ada", n, NOW.0 + i64::try_from(n / 15).unwrap() * HOUR_MS))
            .chain([record("bob", 0, NOW.0)])
            .collect();
        insert(&usage.db, &records).await.unwrap();
        let (rows, hours) = all_rows(&usage, &ada).await;
        let ids: Vec<_> = rows.iter().map(|row| row.request_id.as_str()).collect();
        let expected: Vec<_> = records[..40]
            .iter()
            .map(|row| row.request_id.as_str())
            .collect();
        assert_eq!(ids, expected);
        assert_eq!(hours.len(), 3 * 3 * 2);
        assert_eq!(hours.iter().map(|row| row.requests).sum::<i64>(), 40);
    }

    #[tokio::test]
    async fn each_account_keeps_its_rows_for_as_long_as_it_chose_and_all_its_sums() {
        let (_dir, usage) = usage().await;
        let (week, year) = (
            account(&usage, "week", 7).await,
            account(&usage, "year", 365).await,
        );
        let ages = [0, 6, 8, 40, 399];
        let records = |account| {
            ages.iter()
                .enumerate()
                .map(move |(n, age)| record(account, n, NOW.0 - age * DAY_MS))
        };
        let records: Vec<_> = records("week").chain(records("year")).collect();
        insert(&usage.db, &records).await.unwrap();
        // The hour that is cut into goes later, as a whole.
        let edge = record("week", 9, NOW.hour().0 - 7 * DAY_MS);
        insert(&usage.db, &[edge]).await.unwrap();

        assert_eq!(usage.forget_old(NOW).await.unwrap(), 3 + 1);
        assert_eq!(usage.forget_old(NOW).await.unwrap(), 0);
        let (rows, hours) = all_rows(&usage, &week).await;
        assert_eq!((rows.len(), hours.len()), (3, 6));
        let (rows, hours) = all_rows(&usage, &year).await;
        assert_eq!((rows.len(), hours.len()), (4, 5));
        assert_eq!(first_difference(&usage.db).await.unwrap(), None);

        let later = NOW.plus(Duration::from_millis(HOUR_MS.unsigned_abs()));
        assert_eq!(usage.forget_old(later).await.unwrap(), 1);
        // What it would be kept for now does not bring back what is gone.
        sqlx::query("UPDATE accounts SET retention_days = 365")
            .execute(&usage.db)
            .await
            .unwrap();
        assert_eq!(first_difference(&usage.db).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_deletion_that_a_stop_cut_off_is_done_to_its_end() {
        let (_dir, usage) = usage().await;
        insert(&usage.db, &[record("gone", 0, NOW.0)])
            .await
            .unwrap();
        for done in [
            "INSERT INTO deleted_accounts (account_id, deleted_ms) VALUES ('gone', 0)",
            "DELETE FROM ledger",
            "DELETE FROM usage_hourly",
        ] {
            sqlx::query(done).execute(&usage.db).await.unwrap();
        }
        assert_eq!(usage.forget_deleted(NOW).await.unwrap(), 1);
        let days = sqlx::query("SELECT day_ms FROM usage_daily");
        assert!(days.fetch_all(&usage.db).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn what_is_left_of_a_deleted_account_goes_and_what_comes_late_too() {
        let (_dir, usage) = usage().await;
        let (gone, stays) = (
            AccountId::from_stored("gone"),
            account(&usage, "stays", 7).await,
        );
        let many = usize::try_from(super::super::BATCH).unwrap() + 1;
        let records: Vec<_> = (0..many)
            .map(|n| record("gone", n, i64::try_from(n).unwrap() * HOUR_MS))
            .chain([record("stays", 0, NOW.0)])
            .collect();
        insert(&usage.db, &records).await.unwrap();
        sqlx::query("INSERT INTO deleted_accounts (account_id, deleted_ms) VALUES ('gone', $1)")
            .bind(NOW.0)
            .execute(&usage.db)
            .await
            .unwrap();
        // A row and an hour each, and the days: each with three keys and two statuses.
        let all = u64::try_from(many * 2 + many.div_ceil(24) * 6).unwrap();
        assert_eq!(usage.forget_deleted(NOW).await.unwrap(), all);
        insert(&usage.db, &[record("gone", many, NOW.0)])
            .await
            .unwrap();
        assert_eq!(first_difference(&usage.db).await.unwrap(), None);
        assert_eq!(usage.forget_deleted(NOW).await.unwrap(), 3);
        assert_eq!(all_rows(&usage, &gone).await, (vec![], vec![]));
        assert_eq!(all_rows(&usage, &stays).await.0.len(), 1);

        let later = NOW.plus(NOTED + Duration::from_millis(1));
        usage.forget_deleted(later).await.unwrap();
        let notes = sqlx::query("SELECT account_id FROM deleted_accounts");
        assert!(notes.fetch_all(&usage.db).await.unwrap().is_empty());
    }
}
