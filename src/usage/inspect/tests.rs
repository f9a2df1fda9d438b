use super::super::store::insert;
use super::super::tests::{database, record};
use super::*;
use crate::clock::HOUR_MS;

#[tokio::test]
async fn the_earliest_hour_whose_sums_are_not_its_rows_is_named() {
    let (_dir, db) = database().await;
    let batch = [
        record("a", 5, 200),
        record("b", HOUR_MS + 5, 200),
        record("c", HOUR_MS + 6, 429),
        record("d", 2 * HOUR_MS, 200),
    ];
    insert(&db, &batch).await.unwrap();
    assert_eq!(first_difference(&db).await.unwrap(), None);

    for statement in [
        "UPDATE usage_hourly SET requests = requests + 1 WHERE hour_ms >= 3600000 AND status = 200",
        "DELETE FROM ledger WHERE request_id = 'c'",
    ] {
        sqlx::query(statement).execute(&db).await.unwrap();
    }
    let expected = Difference {
        account_id: "acct_1".into(),
        start_ms: HOUR_MS,
        requests: 1,
        tokens: 15,
        summed_requests: 3,
        summed_tokens: 30,
    };
    assert_eq!(
        first_difference(&db).await.unwrap(),
        Some(Wrong::Hour(expected))
    );
}

#[tokio::test]
async fn a_time_that_is_counted_at_a_wrong_step_is_noticed() {
    for statement in [
        "UPDATE usage_hourly SET duration_3 = 0, duration_5 = 1",
        "UPDATE usage_hourly SET first_more = 1",
    ] {
        let (_dir, db) = database().await;
        insert(&db, &[record("a", 5, 200)]).await.unwrap();
        sqlx::query(statement).execute(&db).await.unwrap();
        let wrong = first_difference(&db).await.unwrap();
        assert!(
            matches!(wrong, Some(Wrong::Hour(_))),
            "{statement}: {wrong:?}"
        );
    }
}

#[tokio::test]
async fn a_day_that_is_not_the_sum_of_its_hours_is_named() {
    for statement in [
        "UPDATE usage_daily SET prompt_tokens = prompt_tokens + 1",
        "UPDATE usage_daily SET duration_3 = 1, duration_5 = 1",
        "DELETE FROM usage_daily",
    ] {
        let (_dir, db) = database().await;
        insert(&db, &[record("a", 5, 200), record("b", HOUR_MS, 200)])
            .await
            .unwrap();
        sqlx::query(statement).execute(&db).await.unwrap();
        let wrong = first_difference(&db).await.unwrap();
        assert!(
            matches!(wrong, Some(Wrong::Day(_))),
            "{statement}: {wrong:?}"
        );
    }
}
