//! What the room's tests have in common, and that the ledger and its sums go together.

use super::*;
use crate::clock::HOUR_MS;
use crate::db;
use tempfile::TempDir;

pub(super) async fn database() -> (TempDir, Db) {
    let dir = tempfile::tempdir().unwrap();
    let url = db::embedded_url(dir.path()).unwrap();
    let db = db::open(&url).await.unwrap();
    (dir, db)
}

pub(super) fn record(request_id: &str, started_ms: i64, status: u16) -> Record {
    Record {
        request_id: request_id.into(),
        account_id: "acct_1".into(),
        key_id: None,
        endpoint: "/v1/chat/completions".into(),
        model: Some("m".into()),
        worker: None,
        status,
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

#[tokio::test]
async fn a_record_that_comes_twice_counts_once() {
    let (_dir, db) = database().await;
    let batch = [record("a", 5, 499), record("b", HOUR_MS + 5, 429)];
    store::insert(&db, &batch).await.unwrap();
    store::insert(&db, &batch).await.unwrap();
    assert_eq!(first_difference(&db).await.unwrap(), None);
    let sums: (i64, i64) = sqlx::query_as("SELECT COUNT(*), SUM(requests) FROM usage_hourly")
        .fetch_one(&db)
        .await
        .unwrap();
    assert_eq!(sums, (2, 2));
}

#[tokio::test]
async fn counts_that_cannot_be_true_break_no_sum() {
    let (_dir, db) = database().await;
    let absurd = |id: &str, started_ms| Record {
        prompt_tokens: u64::MAX,
        completion_tokens: u64::MAX,
        ..record(id, started_ms, 200)
    };
    for batch in [
        [absurd("a", 5), absurd("b", 6)],
        [absurd("c", 7), absurd("d", HOUR_MS)],
    ] {
        store::insert(&db, &batch).await.unwrap();
    }
    assert_eq!(first_difference(&db).await.unwrap(), None);
    let account = AccountId::from_stored("acct_1");
    let span = Span {
        from: UnixMs(0),
        until: UnixMs(24 * HOUR_MS),
    };
    let filter = &Filter::default();
    let scope = Scope {
        account: &account,
        span,
        filter,
    };
    for grain in [Grain::Minute, Grain::Hour, Grain::Day] {
        let totals = sums::totals(&db, scope, grain, GroupBy::Nothing).await;
        let [all] = totals.unwrap().try_into().unwrap();
        let figures = all.figures;
        assert_eq!(figures.prompt_tokens, 4 * u64::from(u32::MAX), "{grain:?}");
        assert_eq!(figures.completion_tokens, figures.prompt_tokens);
    }
}

#[tokio::test]
async fn a_row_keeps_all_that_its_record_says() {
    let (_dir, db) = database().await;
    let limited = Limited {
        holder: "account".into(),
        bucket: "requests".into(),
        limit: 10,
        used: 10,
        asked: 1,
    };
    let told = Record {
        client_request_id: Some("mine-7".into()),
        phases: Phases {
            auth_us: Some(90),
            limit_us: Some(2),
            queue_us: None,
            upstream_us: Some(7_000),
        },
        worker_tries: 2,
        limited: Some(limited.clone()),
        ..record("a", 5, 429)
    };
    store::insert(&db, &[told]).await.unwrap();
    let account = AccountId::from_stored("acct_1");
    let row = requests::store::find(&db, &account, "a")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.client_request_id.as_deref(), Some("mine-7"));
    assert_eq!(
        (row.auth_us, row.limit_us, row.queue_us, row.upstream_us),
        (Some(90), Some(2), None, Some(7_000))
    );
    assert_eq!(row.worker_tries, Some(2));
    assert_eq!(row.limited.unwrap().parse::<Limited>().unwrap(), limited);
}

#[test]
fn a_line_of_an_earlier_version_is_read() {
    let line = r#"{"request_id":"req_1","account_id":"acct_1","key_id":null,"endpoint":"/v1/models","model":null,
        "worker":null,"status":200,"error_code":null,"prompt_tokens":0,"completion_tokens":0,"streamed":false,
        "first_token_ms":null,"duration_ms":1,"finish_reason":null,"replayed":false,"retry_count":0,
        "billing_basis":"none","started_ms":7}"#;
    let record: Record = serde_json::from_str(line).unwrap();
    assert_eq!(
        (record.phases, record.worker_tries, record.limited),
        (Phases::default(), 0, None)
    );
}
