use super::super::store::insert;
use super::super::tests::{database, record};
use super::super::{Filter, Record, Scope, Span};
use super::store::{self, Index};
use super::*;
use crate::clock::UnixMs;
use crate::ids::AccountId;

const ALWAYS: Span = Span {
    from: UnixMs(0),
    until: UnixMs(i64::MAX),
};

/// Seven at a time, so that places within one millisecond are walked too.
fn many() -> Vec<Record> {
    let all = (0..100).map(|at| Record {
        key_id: (at % 3 != 0).then(|| format!("key_{}", at % 3)),
        model: (at % 5 != 0).then(|| "m".to_owned()),
        ..record(
            &format!("req_{at:03}"),
            at / 7,
            if at % 10 == 0 { 503 } else { 200 },
        )
    });
    all.collect()
}

fn newest() -> Position {
    Position {
        started_ms: i64::MAX,
        request_id: String::new(),
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap_whatever_the_filter() {
    let (_dir, db) = database().await;
    let records = many();
    insert(&db, &records).await.unwrap();
    let account = AccountId::from_stored("acct_1");
    let key = |key: &str| Filter {
        key: Some(key.into()),
        ..Filter::default()
    };
    for filter in [
        Filter::default(),
        key("key_1"),
        key(""),
        Filter {
            model: Some("m".into()),
            ..key("key_2")
        },
        Filter {
            model: Some("m".into()),
            ..Filter::default()
        },
        Filter {
            statuses: 500..=599,
            ..Filter::default()
        },
        Filter {
            endpoint: Some("/v1/none".into()),
            ..Filter::default()
        },
    ] {
        let mut expected: Vec<_> = records
            .iter()
            .filter(|record| passes(&filter, record))
            .collect();
        expected.sort_by_key(|record| {
            std::cmp::Reverse((record.started_ms, record.request_id.clone()))
        });
        let expected: Vec<_> = expected
            .iter()
            .map(|record| record.request_id.clone())
            .collect();
        let scope = Scope {
            account: &account,
            span: ALWAYS,
            filter: &filter,
        };
        let (mut found, mut position) = (vec![], newest());
        loop {
            let page = store::older(&db, scope, &position, 4).await.unwrap();
            let Some(last) = page.last() else { break };
            position = Position {
                started_ms: last.started_ms,
                request_id: last.request_id.clone(),
            };
            found.extend(page.into_iter().map(|row| row.request_id));
        }
        assert_eq!(found, expected, "{filter:?}");
    }
}

fn passes(filter: &Filter, record: &Record) -> bool {
    let key = record.key_id.clone().unwrap_or_default();
    filter.key.as_ref().is_none_or(|wanted| *wanted == key)
        && filter
            .model
            .as_ref()
            .is_none_or(|wanted| record.model.as_ref() == Some(wanted))
        && filter
            .endpoint
            .as_ref()
            .is_none_or(|wanted| *wanted == record.endpoint)
        && filter.statuses.contains(&record.status)
}

#[tokio::test]
async fn what_has_just_ended_is_found_though_it_began_long_ago() {
    let (_dir, db) = database().await;
    let ends = |id: &str, started_ms, duration_ms| Record {
        duration_ms,
        ..record(id, started_ms, 200)
    };
    insert(
        &db,
        &[
            ends("long", 1_000, 9_000),
            ends("past", 2_000, 10),
            ends("short", 9_990, 10),
        ],
    )
    .await
    .unwrap();
    let (account, filter) = (AccountId::from_stored("acct_1"), Filter::default());
    let scope = Scope {
        account: &account,
        span: ALWAYS,
        filter: &filter,
    };
    let rows = store::ended_since(&db, scope, 9_995, 10).await.unwrap();
    let ids: Vec<_> = rows.iter().map(|row| row.request_id.as_str()).collect();
    assert_eq!(ids, ["short", "long"]);
}

#[tokio::test]
async fn another_accounts_requests_are_neither_listed_nor_found() {
    let (_dir, db) = database().await;
    insert(&db, &many()).await.unwrap();
    let (other, own) = (
        AccountId::from_stored("acct_2"),
        AccountId::from_stored("acct_1"),
    );
    let filter = Filter::default();
    let scope = Scope {
        account: &other,
        span: ALWAYS,
        filter: &filter,
    };
    assert_eq!(store::older(&db, scope, &newest(), 4).await.unwrap(), []);
    assert_eq!(store::ended_since(&db, scope, 0, 4).await.unwrap(), []);
    assert_eq!(store::find(&db, &other, "req_001").await.unwrap(), None);
    assert!(store::find(&db, &own, "req_001").await.unwrap().is_some());
}

/// SQLite's own word for how a query is run: no list is sorted as a whole, none is scanned.
#[tokio::test]
async fn every_filter_is_answered_by_an_index_in_order_of_time() {
    let (_dir, db) = database().await;
    for (index, name) in [
        (Index::Time, "ledger_of_account"),
        (Index::Key, "ledger_of_key"),
        (Index::Playground, "ledger_of_key"),
        (Index::Model, "ledger_of_model"),
        (Index::Errors, "ledger_of_errors"),
    ] {
        let explained = format!("EXPLAIN QUERY PLAN {}", store::older_by(index));
        let mut query = sqlx::query_as(sqlx::AssertSqlSafe(explained));
        for _ in 0..11 {
            query = query.bind(0_i64);
        }
        let plan: Vec<(i64, i64, i64, String)> = query.fetch_all(&db).await.unwrap();
        let steps: Vec<_> = plan.into_iter().map(|(.., step)| step).collect();
        assert!(
            steps[0].contains(&format!("USING INDEX {name} ")),
            "{index:?}: {steps:?}"
        );
        assert!(
            steps.iter().all(|step| !step.ends_with("FOR ORDER BY")),
            "{index:?}: {steps:?}"
        );
    }
}
