//! The audit log's table. It is only added to; what is older than a year may go.

use std::str::FromStr;

use sqlx::any::AnyRow;
use sqlx::{Error, Row};

use super::{Actor, Event, Place, Query, Record, Target};
use crate::clock::UnixMs;
use crate::db::Db;
use crate::ids::EventId;

pub(super) async fn insert(db: &Db, id: &EventId, at: UnixMs, event: &Event) -> Result<(), Error> {
    let (actor, party) = match &event.actor {
        Actor::Account(party) => ("account", Some(party)),
        Actor::Shell => ("shell", None),
        Actor::System => ("system", None),
        Actor::Stranger => ("stranger", None),
    };
    let (about, target) = (event.about.as_ref(), event.target.as_ref());
    sqlx::query(
        "INSERT INTO audit_log (id, at_ms, actor, actor_id, actor_email, account_id, account_email, action, target_id,
             target_name, ip, agent, outcome, details)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(id.as_str())
    .bind(at.0)
    .bind(actor)
    .bind(party.map(|party| party.id.as_str()))
    .bind(party.map(|party| party.email.as_str()))
    .bind(about.map(|party| party.id.as_str()))
    .bind(about.map(|party| party.email.as_str()))
    .bind(event.action.as_str())
    .bind(target.map(|target| target.id.as_str()))
    .bind(target.map(|target| target.name.as_str()))
    .bind(event.client.ip.map(|ip| ip.to_canonical().to_string()))
    .bind(&event.client.agent)
    .bind(event.outcome.as_str())
    .bind(serde_json::Value::from(event.details.clone()).to_string())
    .execute(db)
    .await?;
    Ok(())
}

macro_rules! listing {
    ($whose:literal) => {
        concat!(
            "SELECT id, at_ms, actor, actor_id, actor_email, account_id, account_email, action, target_id, target_name,
                 ip, agent, outcome, details
             FROM audit_log
             WHERE ",
            $whose,
            " AND ($2 = '' OR action = $2) AND ($3 = '' OR ip = $3) AND at_ms >= $4 AND at_ms < $5
                 AND (at_ms < $6 OR (at_ms = $6 AND id < $7))
             ORDER BY at_ms DESC, id DESC LIMIT $8"
        )
    };
}

/// Newest first, from behind `place` on.
pub(super) async fn list(
    db: &Db,
    query: &Query,
    place: &Place,
    most: i64,
) -> Result<Vec<Record>, Error> {
    let account = query.account.as_ref().map(|account| account.as_str());
    let (rows, whose) = match (account, query.party.as_deref()) {
        (Some(account), _) => (sqlx::query(listing!("account_id = $1")), account),
        (None, Some(party)) => (
            sqlx::query(listing!(
                "(account_id = $1 OR account_email = $1 OR actor_id = $1 OR actor_email = $1)"
            )),
            party,
        ),
        (None, None) => (sqlx::query(listing!("$1 = ''")), ""),
    };
    let rows = rows
        .bind(whose)
        .bind(query.action.map_or("", |action| action.as_str()))
        .bind(query.ip.as_deref().unwrap_or_default())
        .bind(query.from.0)
        .bind(query.until.0)
        .bind(place.at.0)
        .bind(&place.id)
        .bind(most)
        .fetch_all(db)
        .await?;
    rows.iter().map(record).collect()
}

/// Deletes what is older than `end`. The table itself refuses to lose what is younger than a year.
pub(super) async fn forget(db: &Db, end: UnixMs) -> Result<u64, Error> {
    let done = sqlx::query("DELETE FROM audit_log WHERE at_ms < $1")
        .bind(end.0)
        .execute(db)
        .await?;
    Ok(done.rows_affected())
}

fn record(row: &AnyRow) -> Result<Record, Error> {
    let target_id: Option<String> = row.try_get("target_id")?;
    let target_name: Option<String> = row.try_get("target_name")?;
    let details: String = row.try_get("details")?;
    Ok(Record {
        id: row.try_get("id")?,
        at: UnixMs(row.try_get("at_ms")?),
        actor: row.try_get("actor")?,
        actor_id: row.try_get("actor_id")?,
        actor_email: row.try_get("actor_email")?,
        account_id: row.try_get("account_id")?,
        account_email: row.try_get("account_email")?,
        action: row.try_get("action")?,
        target: target_id.map(|id| Target {
            id,
            name: target_name.unwrap_or_default(),
        }),
        ip: row.try_get("ip")?,
        agent: row.try_get("agent")?,
        outcome: row.try_get("outcome")?,
        details: match serde_json::Value::from_str(&details) {
            Ok(serde_json::Value::Object(details)) => details,
            Ok(_) | Err(_) => serde_json::Map::new(),
        },
    })
}
