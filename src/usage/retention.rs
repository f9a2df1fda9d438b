//! How long the ledger is kept: each account chooses for how many days, and what is left of a deleted account goes whole.
//! The hourly sums of an account that is there stay.

mod store;

use super::{Usage, UsageError};
use crate::clock::UnixMs;
use crate::ids::AccountId;
pub use store::{HourlyRow, LedgerRow};

/// As many rows go in one statement, so that nobody waits long behind it.
const BATCH: i64 = 1_000;
/// As many are read at a time for who takes them all along.
pub const PAGE: i64 = 500;

impl Usage {
    /// Deletes what is older than its account keeps it. Whole hours go, so that what stays can be held against its sums.
    pub async fn forget_old(&self, now: UnixMs) -> Result<u64, UsageError> {
        let mut gone = 0;
        for (account, from) in store::overdue(&self.db, now.hour()).await? {
            store::keep_from(&self.db, &account, from).await?;
            loop {
                let rows = store::delete_before(&self.db, &account, from, BATCH).await?;
                gone += rows;
                if rows == 0 {
                    break;
                }
            }
        }
        Ok(gone)
    }

    /// Deletes what there is of accounts that were deleted, also what has come since.
    pub async fn forget_deleted(&self, now: UnixMs) -> Result<u64, UsageError> {
        let mut gone = 0;
        for account in store::deleted(&self.db).await? {
            loop {
                let rows = store::delete_before(&self.db, &account, UnixMs(i64::MAX), BATCH)
                    .await?
                    + store::delete_sums(&self.db, &account, BATCH).await?;
                gone += rows;
                if rows == 0 {
                    break;
                }
            }
        }
        store::forget_notes(&self.db, now).await?;
        Ok(gone)
    }

    /// The account's rows of the ledger behind `after`, oldest first, at most [`PAGE`] of them.
    pub async fn ledger_page(
        &self,
        account: &AccountId,
        after: Option<&LedgerRow>,
    ) -> Result<Vec<LedgerRow>, UsageError> {
        store::ledger_page(&self.db, account, after, PAGE).await
    }

    /// The account's hourly sums behind `after`, oldest first, at most [`PAGE`] of them.
    pub async fn hourly_page(
        &self,
        account: &AccountId,
        after: Option<&HourlyRow>,
    ) -> Result<Vec<HourlyRow>, UsageError> {
        store::hourly_page(&self.db, account, after, PAGE).await
    }
}
