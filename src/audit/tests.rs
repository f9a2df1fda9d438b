use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::*;
use crate::db;

/// A log on a fresh database, at a time at which the database itself would count a row as new.
async fn audit() -> (TempDir, Audit) {
    let dir = TempDir::new().unwrap();
    let db = db::open(&db::embedded_url(dir.path()).unwrap())
        .await
        .unwrap();
    let clock = Clock::manual(Clock::system().now());
    (dir, Audit::new(db, clock))
}

fn party(name: &str) -> Party {
    Party::new(&AccountId::from_stored(&format!("acct_{name}")), name)
}

fn of(name: &str, action: Action) -> Event {
    Event::new(action, Actor::Account(party(name)))
}

async fn all(audit: &Audit) -> Vec<Record> {
    let query = Query::default();
    audit.list(&query, &Place::top(), 1_000).await.unwrap()
}

#[tokio::test]
async fn an_act_is_told_as_it_was_recorded() {
    let (_dir, audit) = audit().await;
    let client = Client {
        ip: Some("::ffff:10.0.0.9".parse().unwrap()),
        agent: "x".repeat(9_000),
    };
    let event = of("ada", Action::KeyChanged)
        .target("key_1", "ci")
        .client(&client)
        .changed("name", "ci", "laptop")
        .changed("restrictions", "none", "none");
    audit.try_record(&event).await.unwrap();
    let record = all(&audit).await.remove(0);
    assert!(record.id.starts_with("evt_"));
    assert_eq!(record.at, audit.clock.now());
    assert_eq!(
        record.agent.chars().count(),
        301,
        "what a client says of itself is cut"
    );
    let line = record.in_json();
    assert_eq!(
        line["actor"],
        json!({"type": "account", "id": "acct_ada", "email": "ada"})
    );
    assert_eq!(line["account"], json!({"id": "acct_ada", "email": "ada"}));
    assert_eq!(line["target"], json!({"id": "key_1", "name": "ci"}));
    assert_eq!(
        (&line["ip"], &line["action"]),
        (&json!("10.0.0.9"), &json!("key.changed"))
    );
    assert_eq!(
        line["details"],
        json!({"name": {"from": "ci", "to": "laptop"}})
    );
}

#[tokio::test]
async fn the_table_refuses_to_change_a_row_or_to_lose_a_new_one() {
    let (_dir, audit) = audit().await;
    let old = Clock::manual(UnixMs(1_000));
    let before = Audit::new(audit.db.clone(), old);
    audit.record(of("ada", Action::KeyCreated)).await;
    before.record(of("ada", Action::KeyCreated)).await;
    for statement in [
        "UPDATE audit_log SET details = '{}'",
        "UPDATE audit_log SET account_email = NULL WHERE at_ms = 1000",
        "DELETE FROM audit_log",
        "DELETE FROM audit_log WHERE at_ms > 1000",
    ] {
        let refused = sqlx::query(statement).execute(&audit.db).await.unwrap_err();
        assert!(
            refused.to_string().contains("only added to"),
            "{statement}: {refused}"
        );
    }
    assert_eq!(all(&audit).await.len(), 2);
    assert_eq!(
        audit.forget().await.unwrap(),
        1,
        "what is older than a year goes"
    );
    assert_eq!(all(&audit).await[0].at, audit.clock.now());
}

#[tokio::test]
async fn the_log_is_filtered_and_read_page_by_page_newest_first() {
    let (_dir, audit) = audit().await;
    let client = |ip: &str| Client {
        ip: Some(ip.parse().unwrap()),
        agent: String::new(),
    };
    for n in 0..10 {
        let who = if n % 2 == 0 { "ada" } else { "bob" };
        let action = if n < 4 {
            Action::KeyCreated
        } else {
            Action::KeyRevoked
        };
        let event = of(who, action)
            .told("n", n)
            .client(&client(&format!("10.0.0.{}", n % 3)));
        audit.record(event).await;
        // Rows of the same moment keep an order too.
        if n % 2 == 1 {
            audit.clock.advance(Duration::from_secs(1));
        }
    }
    let mut seen = vec![];
    let mut place = Place::top();
    loop {
        let page = audit.list(&Query::default(), &place, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        place = Place::of(last);
        seen.extend(
            page.iter()
                .map(|record| record.details["n"].as_i64().unwrap()),
        );
    }
    let mut sorted = seen.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..10).collect::<Vec<_>>(), "each once");
    assert!(
        seen.windows(2).all(|pair| pair[1] / 2 <= pair[0] / 2),
        "{seen:?}"
    );

    let count = async |query: Query| audit.list(&query, &Place::top(), 100).await.unwrap().len();
    let ada = Some(party("ada").id);
    assert_eq!(
        count(Query {
            account: ada.clone(),
            ..Query::default()
        })
        .await,
        5
    );
    let action = Some(Action::KeyCreated);
    assert_eq!(
        count(Query {
            action,
            ..Query::default()
        })
        .await,
        4
    );
    assert_eq!(
        count(Query {
            action,
            account: ada,
            ..Query::default()
        })
        .await,
        2
    );
    let ip = Some("10.0.0.0".to_owned());
    assert_eq!(
        count(Query {
            ip,
            ..Query::default()
        })
        .await,
        4
    );
    let from = audit.clock.now();
    assert_eq!(
        count(Query {
            from,
            ..Query::default()
        })
        .await,
        0
    );
    assert_eq!(
        count(Query {
            until: from,
            ..Query::default()
        })
        .await,
        10
    );
    let none = Some(AccountId::from_stored(""));
    assert_eq!(
        count(Query {
            account: none,
            ..Query::default()
        })
        .await,
        0
    );
}

#[tokio::test]
async fn refused_sign_ins_are_two_rows_a_minute_and_address_however_many_come_at_once() {
    const TRIES: usize = 40;
    let (_dir, audit) = audit().await;
    let client = |ip: &str| Client {
        ip: Some(ip.parse().unwrap()),
        agent: "curl".into(),
    };
    let barrier = Arc::new(Barrier::new(TRIES));
    let mut trying = JoinSet::new();
    for n in 0..TRIES {
        let (audit, barrier) = (audit.clone(), barrier.clone());
        let client = client(if n % 2 == 0 { "10.0.0.1" } else { "10.0.0.2" });
        trying.spawn(async move {
            barrier.wait().await;
            audit.sign_in_refused(party("ada"), client).await;
        });
    }
    trying.join_all().await;
    audit.flush().await;
    assert_eq!(
        all(&audit).await.len(),
        2,
        "the first from each address, at once"
    );
    audit.clock.advance(Duration::from_secs(60));
    audit.flush().await;
    audit.flush().await;
    let records = all(&audit).await;
    let more = records
        .iter()
        .filter_map(|record| record.details.get("more_within_a_minute"));
    assert_eq!(records.len(), 4);
    assert_eq!(
        more.map(Value::as_u64).collect::<Vec<_>>(),
        [Some(19), Some(19)]
    );
    assert!(
        records
            .iter()
            .all(|one| one.outcome == "refused" && one.actor == "stranger")
    );

    // The next minute begins with a row of its own, and the end of the service takes what was counted.
    audit
        .sign_in_refused(party("ada"), client("10.0.0.1"))
        .await;
    audit
        .sign_in_refused(party("ada"), client("10.0.0.1"))
        .await;
    audit.finish().await;
    assert_eq!(all(&audit).await.len(), 6);
}

#[tokio::test]
async fn what_cannot_be_recorded_is_counted() {
    let (_dir, audit) = audit().await;
    let (metrics, registry) = Metrics::new();
    let audit = audit.counting(metrics);
    audit.db.pool().close().await;
    audit.record(of("ada", Action::KeyCreated)).await;
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    assert!(text.contains("assisters_audit_failures_total 1"), "{text}");
}

#[test]
fn an_account_sees_that_it_was_an_administrator_and_no_more_of_them() {
    let record = |actor: &str, id: Option<&str>| Record {
        id: "evt_1".into(),
        at: UnixMs(0),
        actor: actor.into(),
        actor_id: id.map(str::to_owned),
        actor_email: id.map(str::to_owned),
        account_id: Some("acct_ada".into()),
        account_email: None,
        action: "tier.changed".into(),
        target: None,
        ip: Some("10.0.0.1".into()),
        agent: "Firefox".into(),
        outcome: "done".into(),
        details: serde_json::Map::new(),
    };
    let ada = party("ada").id;
    let own = record("account", Some("acct_ada"));
    assert_eq!(own.clone().as_seen_by(&ada), own);
    let stranger = record("stranger", None);
    assert_eq!(stranger.clone().as_seen_by(&ada), stranger);
    for other in [record("account", Some("acct_root")), record("shell", None)] {
        let seen = other.as_seen_by(&ada);
        assert_eq!(seen.actor, ADMINISTRATOR);
        assert_eq!(
            (seen.actor_id, seen.actor_email, seen.ip),
            (None, None, None)
        );
        assert_eq!(seen.agent, "");
    }
}

#[test]
fn an_actions_name_is_read_back_and_none_is_there_twice() {
    for action in Action::ALL {
        let named = Action::ALL
            .iter()
            .filter(|one| one.as_str() == action.as_str());
        assert_eq!(named.count(), 1, "{action}");
        assert_eq!(action.as_str().parse::<Action>().unwrap(), *action);
    }
    assert!(
        "key.stolen"
            .parse::<Action>()
            .unwrap_err()
            .to_string()
            .contains("key.revoked")
    );
}
