use std::sync::Arc;

use assisters::principal::Tier;
use serde_json::json;
use tokio::sync::Semaphore;

use super::{header, read_until};
use crate::fake_worker::{FakeWorker, MODEL, Script};
use crate::ledger::LedgerRow;
use crate::site::{Site, chat};
use crate::within;

/// A row of the account's key with nothing used.
fn row(key_id: &str, status: i64, error_code: Option<&str>) -> LedgerRow {
    LedgerRow {
        request_id: String::new(),
        key_id: Some(key_id.to_owned()),
        model: None,
        worker: None,
        status,
        error_code: error_code.map(str::to_owned),
        tokens: (0, 0),
        basis: "none".to_owned(),
        finish_reason: None,
    }
}

#[tokio::test]
async fn every_request_has_one_row_whatever_became_of_it() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let key_id = caller.key.id.as_str();
    let of_model = |row| LedgerRow {
        model: Some(MODEL.to_owned()),
        ..row
    };
    let used = |row| LedgerRow {
        worker: Some(worker.address.to_string()),
        tokens: (5, 2),
        basis: "worker_usage".to_owned(),
        finish_reason: Some("stop".to_owned()),
        ..of_model(row)
    };
    let requests = [
        (json!({}), used(row(key_id, 200, None))),
        (json!({"stream": true}), used(row(key_id, 200, None))),
        (json!({"n": 0}), row(key_id, 400, Some("invalid_parameter"))),
        (
            json!({"model": "gpt-9"}),
            row(key_id, 404, Some("model_not_found")),
        ),
        (
            json!({"max_tokens": 100_001}),
            of_model(row(key_id, 429, Some("request_too_large"))),
        ),
    ];
    let mut expected = vec![];
    for (fields, row) in requests {
        let response = site.chat(&caller.secret, fields).send().await.unwrap();
        let request_id = header(&response, "x-request-id").to_owned();
        response.bytes().await.unwrap();
        expected.push(LedgerRow { request_id, ..row });
    }
    let browser = site.browser_of(&caller).await;
    let response = browser
        .post_json("/playground/v1/chat/completions", &chat(json!({})))
        .send()
        .await
        .unwrap();
    let request_id = header(&response, "x-request-id").to_owned();
    expected.push(LedgerRow {
        request_id,
        key_id: None,
        ..used(row(key_id, 200, None))
    });
    assert_eq!(site.ledger_of(&caller).await, expected);
}

#[tokio::test]
async fn a_client_that_leaves_a_stream_is_charged_for_what_was_made() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let gate = Arc::new(Semaphore::new(2));
    worker.follow(Script::says(&["a", "b", "c"]).through(&gate));
    let mut response = site
        .chat(&caller.secret, json!({"stream": true}))
        .send()
        .await
        .unwrap();
    read_until(&mut response, r#""content":"b""#).await;
    drop(response);
    worker.abandoned(1).await;

    let [row] = site.ledger_of(&caller).await.try_into().unwrap();
    assert_eq!(
        (row.status, row.error_code.as_deref()),
        (499, Some("client_closed_request"))
    );
    assert_eq!((row.tokens.1, row.basis.as_str()), (2, "counted"));
    assert!(row.tokens.0 > 0, "the prompt is charged too");
    assert_eq!(row.finish_reason, None);
}

#[tokio::test]
async fn a_client_that_leaves_before_the_answer_has_a_row_too() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    worker.follow(Script::says(&["a"]).through(&Arc::new(Semaphore::new(0))));
    let request = site.chat(&caller.secret, json!({})).send();
    tokio::select! {
        _ = request => panic!("the worker has not answered"),
        () = crate::until(async || worker.requests().len() == 1) => {}
    }
    worker.abandoned(1).await;
    let [row] = site.ledger_of(&caller).await.try_into().unwrap();
    assert_eq!((row.status, row.basis.as_str()), (499, "counted"));
    assert_eq!(row.tokens.1, 0);
    assert!(row.tokens.0 > 0, "its prompt was given to a worker");
}

#[tokio::test]
async fn a_worker_that_breaks_off_is_in_the_ledger_as_it_is_in_the_stream() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let gate = Arc::new(Semaphore::new(2));
    worker.follow(Script::says(&["a", "b"]).through(&gate).and_breaks_off());
    let mut response = site
        .chat(&caller.secret, json!({"stream": true}))
        .send()
        .await
        .unwrap();
    read_until(&mut response, r#""content":"b""#).await;
    gate.add_permits(1);
    within(response.bytes()).await.unwrap();
    let [row] = site.ledger_of(&caller).await.try_into().unwrap();
    assert_eq!(
        (row.status, row.error_code.as_deref()),
        (502, Some("upstream_error"))
    );
    assert_eq!((row.tokens.1, row.basis.as_str()), (2, "counted"));
}

#[tokio::test]
async fn what_a_worker_does_not_count_is_counted_for_it() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    worker.follow(Script::says(&["a", "b", "c"]).without_usage());
    for stream in [false, true] {
        let request = site.chat(&caller.secret, json!({"stream": stream}));
        within(request.send()).await.unwrap().bytes().await.unwrap();
    }
    let [plain, streamed] = site.ledger_of(&caller).await.try_into().unwrap();
    assert_eq!(streamed.tokens.1, 3);
    for row in [plain, streamed] {
        assert_eq!((row.status, row.basis.as_str()), (200, "counted"));
        assert!(row.tokens.0 > 0 && row.tokens.1 > 0, "{row:?}");
    }
}

#[tokio::test]
async fn a_worker_is_believed_no_more_than_can_be_true() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let long = "stop".repeat(500_000);
    worker.follow(Script::says(&["a"]).and_claims((u64::MAX, u64::MAX), &long));
    for stream in [false, true] {
        let request = site.chat(&caller.secret, json!({"stream": stream}));
        let response = within(request.send()).await.unwrap();
        assert_eq!(response.status(), 200, "the limits are not used up");
        response.bytes().await.unwrap();
    }
    worker.follow(Script::refuses_as(&long));
    let request = site.chat(&caller.secret, json!({}));
    assert_eq!(within(request.send()).await.unwrap().status(), 400);

    let browser = site.browser_of(&caller).await;
    crate::until(async || {
        let (_, usage) = browser.call("/api/usage", &[("query", "")]).await;
        usage["total"]["totals"]["requests"] == 3
    })
    .await;
    let rows = site.ledger_of(&caller).await;
    for row in &rows[..2] {
        // A context of 2,048 tokens, and one answer.
        assert_eq!(row.tokens, (2_048, 2_048));
        assert_eq!(row.finish_reason.as_deref(), Some(&long[..100]));
    }
    assert_eq!(rows[2].error_code.as_deref(), Some(&long[..100]));
}
