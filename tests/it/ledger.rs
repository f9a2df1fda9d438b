//! What the service has recorded.

use std::path::Path;

use assisters::accounts::Account;
use assisters::db;
use sqlx::Row;

/// A request as the ledger has it.
#[derive(Debug, PartialEq, Eq)]
pub struct LedgerRow {
    pub request_id: String,
    pub key_id: Option<String>,
    pub model: Option<String>,
    pub worker: Option<String>,
    pub status: i64,
    pub error_code: Option<String>,
    pub tokens: (i64, i64),
    pub basis: String,
    pub finish_reason: Option<String>,
}

pub async fn ledger_in(dir: &Path, account: &Account) -> Vec<LedgerRow> {
    let db = db::open(&db::embedded_url(dir).unwrap()).await.unwrap();
    let query = sqlx::query("SELECT * FROM ledger WHERE account_id = $1 ORDER BY request_id");
    let rows = query
        .bind(account.id.as_str())
        .fetch_all(&db)
        .await
        .unwrap();
    rows.iter()
        .map(|row| LedgerRow {
            request_id: row.get("request_id"),
            key_id: row.get("key_id"),
            model: row.get("model"),
            worker: row.get("worker"),
            status: row.get("status"),
            error_code: row.get("error_code"),
            tokens: (row.get("prompt_tokens"), row.get("completion_tokens")),
            basis: row.get("billing_basis"),
            finish_reason: row.get("finish_reason"),
        })
        .collect()
}
