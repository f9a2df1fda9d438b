use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;

use super::*;
use crate::clock::Clock;
use crate::config::Fsync;
use crate::db;
use crate::ids::{AccountId, KeyId};
use crate::limits::Limits;
use crate::principal::{Grant, Quota, Tier, Via};
use crate::usage::Detailed;

/// What becomes of an entry whose worker was asked, and of the tokens that were reserved for it.
async fn ended(end: impl FnOnce(Entry)) -> (Detailed, u64) {
    let dir = tempfile::tempdir().unwrap();
    let url = db::embedded_url(dir.path()).unwrap();
    let db = db::open(&url).await.unwrap();
    let opened = usage::Usage::open(dir.path(), db, Fsync::Grouped);
    let usage = opened.await.unwrap();
    let caller = Principal {
        account: AccountId::new(),
        via: Via::Key(KeyId::new()),
        tier: Tier::Free,
        quota: Quota { rpm: 10, tpm: 100 },
        grant: Arc::new(Grant::default()),
    };
    let limits = Limits::new(Clock::system());
    let record = json!({
        "request_id": "req_1", "account_id": caller.account.to_string(), "key_id": null,
        "endpoint": "/v1/chat/completions", "model": "m", "worker": null, "status": 499,
        "error_code": CLIENT_CLOSED, "prompt_tokens": 0, "completion_tokens": 0, "streamed": false,
        "first_token_ms": null, "duration_ms": 0, "finish_reason": null, "replayed": false,
        "retry_count": 0, "billing_basis": "none", "started_ms": 7,
    });
    let mut entry = Entry {
        usage: usage.clone(),
        metrics: Metrics::new().0,
        record: serde_json::from_value(record).unwrap(),
        path: "/v1/chat/completions",
        arrival: Arrival::now(),
        reserved: None,
        open: true,
    };
    let most = Most::UNKNOWN;
    entry.reserve(limits.admit(&caller, 90).unwrap(), 30, most);
    entry.asks("worker".to_owned());
    end(entry);
    usage.flush().await.unwrap();
    let found = usage.find(&caller.account, "req_1").await.unwrap();
    let used = limits.standing(&caller).account.tokens.used;
    (found.unwrap(), used)
}

fn told(row: &Detailed) -> (i64, Option<&str>, i64, &str) {
    let code = row.error_code.as_deref();
    (row.status, code, row.prompt_tokens, &row.billing_basis)
}

#[tokio::test]
async fn who_leaves_pays_for_the_prompt_that_a_worker_has_read() {
    let (row, used) = ended(drop).await;
    assert_eq!(told(&row), (499, Some(CLIENT_CLOSED), 30, "counted"));
    assert_eq!(used, 30);
}

#[tokio::test]
async fn a_panic_is_our_own_failure_and_costs_nothing() {
    let (row, used) = ended(|entry| {
        let panics = || {
            let _entry = entry;
            panic!("in a handler");
        };
        catch_unwind(AssertUnwindSafe(panics)).unwrap_err();
    })
    .await;
    assert_eq!(told(&row), (500, Some("internal_error"), 0, "none"));
    assert_eq!(used, 0);
}
