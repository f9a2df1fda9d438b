use super::super::histogram::{ENDS, STEPS};
use super::super::store::insert;
use super::super::tests::{database, record};
use super::*;
use crate::clock::DAY_MS;

fn span(from: i64, until: i64) -> Span {
    Span {
        from: UnixMs(from),
        until: UnixMs(until),
    }
}

/// Two days: chats of two keys, some of them refused, and one that named no model.
fn records() -> Vec<Record> {
    let chat = |id: &str, started_ms: i64, key: &str, status: u16, duration_ms: u64| Record {
        key_id: (!key.is_empty()).then(|| key.to_owned()),
        duration_ms,
        streamed: status == 200,
        first_token_ms: (status == 200).then_some(duration_ms / 2),
        ..record(id, started_ms, status)
    };
    vec![
        chat("a", 5, "key_1", 200, 100),
        chat("b", 60_000, "key_1", 200, 300),
        chat("c", HOUR_MS, "key_2", 429, 4),
        chat("d", HOUR_MS + 60_000, "", 499, 900),
        chat("e", DAY_MS + 7, "key_2", 500, 2_000),
        Record {
            model: None,
            ..chat("f", DAY_MS + HOUR_MS, "key_1", 400, 2)
        },
    ]
}

#[test]
fn a_span_is_filled_by_the_coarsest_grain_whose_slices_end_with_it() {
    let now = UnixMs(2 * DAY_MS + 5);
    for (from, until, expected) in [
        (DAY_MS, 2 * DAY_MS, Grain::Day),
        (DAY_MS, 2 * DAY_MS + HOUR_MS, Grain::Day),
        (DAY_MS, DAY_MS + HOUR_MS, Grain::Hour),
        (HOUR_MS, 3 * DAY_MS, Grain::Hour),
        (60_000, 3 * DAY_MS, Grain::Minute),
    ] {
        assert_eq!(
            Grain::filling(span(from, until), now),
            expected,
            "{from} {until}"
        );
    }
}

#[tokio::test]
async fn every_grain_tells_the_same_of_the_same_span() {
    let (_dir, db) = database().await;
    insert(&db, &records()).await.unwrap();
    let account = AccountId::from_stored("acct_1");
    for group in [
        GroupBy::Nothing,
        GroupBy::Model,
        GroupBy::Key,
        GroupBy::Endpoint,
        GroupBy::Status,
    ] {
        for filter in [
            Filter::default(),
            Filter {
                key: Some("key_1".into()),
                ..Filter::default()
            },
            Filter {
                key: Some(String::new()),
                ..Filter::default()
            },
            Filter {
                model: Some("m".into()),
                statuses: 400..=499,
                ..Filter::default()
            },
        ] {
            let scope = Scope {
                account: &account,
                span: span(0, 2 * DAY_MS),
                filter: &filter,
            };
            let by_day = totals(&db, scope, Grain::Day, group).await.unwrap();
            for grain in [Grain::Hour, Grain::Minute] {
                let same = totals(&db, scope, grain, group).await.unwrap();
                assert_eq!(same, by_day, "{grain:?} {group:?} {filter:?}");
            }
            let mut together = Figures::default();
            for slice in slices(&db, scope, Grain::Hour, group).await.unwrap() {
                together.add(&slice.figures);
            }
            let mut whole = Figures::default();
            by_day.iter().for_each(|total| whole.add(&total.figures));
            assert_eq!(together, whole, "{group:?} {filter:?}");
        }
    }
}

#[tokio::test]
async fn groups_have_their_counts_and_times() {
    let (_dir, db) = database().await;
    insert(&db, &records()).await.unwrap();
    let (account, any) = (AccountId::from_stored("acct_1"), Filter::default());
    let scope = Scope {
        account: &account,
        span: span(0, 2 * DAY_MS),
        filter: &any,
    };
    let models = totals(&db, scope, Grain::Day, GroupBy::Model)
        .await
        .unwrap();
    let names: Vec<_> = models.iter().map(|model| model.name.as_str()).collect();
    assert_eq!(names, ["", "m"]);
    let m = &models[1].figures;
    assert_eq!(
        (m.requests, m.errors, m.prompt_tokens),
        (5, 2, 50),
        "a client that left is no error"
    );
    assert_eq!(
        m.durations.percentile(99),
        Some(300),
        "of those that succeeded"
    );
    assert_eq!(m.first_tokens.percentile(99), Some(150));
    assert_eq!(models[0].figures.durations.percentile(50), None);
    let statuses = totals(&db, scope, Grain::Day, GroupBy::Status)
        .await
        .unwrap();
    let times: Vec<_> = statuses
        .iter()
        .map(|it| (it.name.as_str(), it.figures.durations.percentile(50)))
        .collect();
    assert_eq!(
        times,
        [
            ("200", Some(100)),
            ("400", Some(3)),
            ("429", Some(5)),
            ("499", Some(1_000)),
            ("500", Some(2_000))
        ]
    );

    let columns = store::columns(
        &db,
        scope,
        Grain::Hour,
        GroupBy::Key,
        Counted::Requests,
        &["key_1"],
    )
    .await
    .unwrap();
    let told: Vec<_> = columns
        .iter()
        .map(|column| (column.start_ms, column.total, column.parts[0]))
        .collect();
    assert_eq!(
        told,
        [
            (0, 2, 2),
            (HOUR_MS, 2, 0),
            (DAY_MS, 1, 0),
            (DAY_MS + HOUR_MS, 1, 1)
        ]
    );
    let combinations = store::combinations(&db, scope, Grain::Day).await.unwrap();
    assert_eq!(combinations.len(), 5);
}

#[tokio::test]
async fn another_accounts_requests_are_in_no_sum() {
    let (_dir, db) = database().await;
    insert(&db, &records()).await.unwrap();
    let (account, any) = (AccountId::from_stored("acct_2"), Filter::default());
    let scope = Scope {
        account: &account,
        span: span(0, 2 * DAY_MS),
        filter: &any,
    };
    for grain in [Grain::Minute, Grain::Hour, Grain::Day] {
        assert_eq!(totals(&db, scope, grain, GroupBy::Model).await.unwrap(), []);
        assert_eq!(slices(&db, scope, grain, GroupBy::Key).await.unwrap(), []);
        assert_eq!(times(&db, scope, grain, Timed::Duration).await.unwrap(), []);
        assert_eq!(store::combinations(&db, scope, grain).await.unwrap(), []);
        let columns = store::columns(&db, scope, grain, GroupBy::Model, Counted::Errors, &["m"]);
        assert_eq!(columns.await.unwrap(), []);
    }
}

#[tokio::test]
async fn every_time_is_counted_in_the_column_that_is_named_for_its_step() {
    let (_dir, db) = database().await;
    let times: Vec<u64> = ENDS.iter().copied().chain([ENDS[STEPS - 2] + 1]).collect();
    let all = times.iter().enumerate().map(|(at, ms)| Record {
        duration_ms: *ms,
        streamed: true,
        first_token_ms: Some(*ms),
        // A count of its own for each step.
        ..record(&format!("r{at}"), 5, 200)
    });
    insert(&db, &all.collect::<Vec<_>>()).await.unwrap();
    for (at, ms) in times.iter().enumerate() {
        let name = ENDS.get(at).map_or("more".to_owned(), u64::to_string);
        let more = Record {
            duration_ms: *ms,
            streamed: true,
            first_token_ms: Some(*ms),
            ..record(&format!("s{at}"), 5, 200)
        };
        insert(&db, &[more]).await.unwrap();
        for table in ["usage_hourly", "usage_daily"] {
            let query = format!("SELECT duration_{name}, first_{name} FROM {table}");
            let counted: (i64, i64) = sqlx::query_as(sqlx::AssertSqlSafe(query))
                .fetch_one(&db)
                .await
                .unwrap();
            assert_eq!(counted, (2, 2), "{table} {name}");
        }
    }
}
