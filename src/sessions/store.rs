//! The sessions table, as tower-sessions asks for it.

use std::collections::HashMap;

use async_trait::async_trait;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use tower_sessions::{Session, SessionStore};

use super::proof::{HALF, HALF_FOR, MOST_TRIES};
use super::{
    ACCOUNT, AGENT, BEGUN_MS, IDLE, IP, LONGEST, LOOK, Listed, MOST_SESSIONS, SEEN_MS, Visitor,
    agent,
};
use crate::clock::{Clock, UnixMs};
use crate::db::Db;
use crate::ids::AccountId;

/// Characters of a row's id by which a session is named among its account's.
const NAME: usize = 16;

/// Keeps sessions in the database, and their expiry by the service's clock; cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    db: Db,
    clock: Clock,
}

tokio::task_local! {
    static ACT: Db;
}

/// Has what is done to a browser's own session in `work` be a part of an act: that session's store is the one that its layer
/// has given it, which knows of none.
pub async fn within<T>(act: &Db, work: impl Future<Output = T>) -> T {
    ACT.scope(act.clone(), work).await
}

#[derive(Debug, thiserror::Error)]
#[error("the sessions could not be reached")]
pub struct StoreError(#[source] sqlx::Error);

impl Store {
    pub fn new(db: Db, clock: Clock) -> Self {
        Store { db, clock }
    }

    /// The same, as a part of an act; for a browser's own session there is [`within`].
    pub fn within(&self, act: &Db) -> Self {
        Store {
            db: act.clone(),
            ..self.clone()
        }
    }

    /// Deletes what has expired, and says how many that were.
    pub async fn sweep(&self) -> std::result::Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM sessions WHERE expires_ms <= $1")
            .bind(self.clock.now().0)
            .execute(&self.db)
            .await
            .map_err(StoreError)?;
        Ok(done.rows_affected())
    }

    /// The live sessions of `account`, last used first; `this` is the one that asks.
    pub async fn list(
        &self,
        account: &AccountId,
        this: Option<Id>,
    ) -> std::result::Result<Vec<Listed>, StoreError> {
        let rows: Vec<(String, i64, i64, Option<String>, String)> = sqlx::query_as(
            "SELECT id, begun_ms, seen_ms, ip, agent FROM sessions WHERE account_id = $1 AND expires_ms > $2
             ORDER BY seen_ms DESC, begun_ms DESC, id",
        )
        .bind(account.as_str())
        .bind(self.clock.now().0)
        .fetch_all(&self.db)
        .await
        .map_err(StoreError)?;
        let this = this.map(|id| row_id(&id));
        let listed = |(id, begun, seen, ip, agent): (String, _, _, _, String)| Listed {
            is_this: this.as_ref() == Some(&id),
            id: id.chars().take(NAME).collect(),
            begun: UnixMs(begun),
            seen: UnixMs(seen),
            ip,
            browser: agent::in_words(&agent),
        };
        Ok(rows.into_iter().map(listed).collect())
    }

    /// Notes that `session` is in use, if that was not noted within the last minute.
    pub async fn saw(
        &self,
        session: &Session,
        visitor: &Visitor,
    ) -> std::result::Result<(), StoreError> {
        let now = self.clock.now();
        // That it cannot be read shows where its account is asked for.
        let seen = session.get(SEEN_MS).await.ok().flatten().map(UnixMs);
        let (Some(id), Some(seen)) = (session.id(), seen) else {
            return Ok(());
        };
        if now.since(seen) < LOOK {
            return Ok(());
        }
        sqlx::query("UPDATE sessions SET seen_ms = $2, ip = $3 WHERE id = $1")
            .bind(row_id(&id))
            .bind(now.0)
            .bind(visitor.ip.map(|ip| ip.to_string()))
            .execute(&self.db)
            .await
            .map_err(StoreError)?;
        Ok(())
    }

    /// Ends the session that [`Listed::id`] names, and says whether there was one.
    pub async fn end(
        &self,
        account: &AccountId,
        id: &str,
    ) -> std::result::Result<bool, StoreError> {
        let done =
            sqlx::query("DELETE FROM sessions WHERE account_id = $1 AND substr(id, 1, 16) = $2")
                .bind(account.as_str())
                .bind(id)
                .execute(&self.db)
                .await
                .map_err(StoreError)?;
        Ok(done.rows_affected() > 0)
    }

    /// Takes one of the session's tries at a proof, before it is known whether that is a right one: so many who try at the
    /// same moment have no more of them together. How many are left; `None` where all are used.
    pub async fn take_try(
        &self,
        session: &Session,
    ) -> std::result::Result<Option<i64>, StoreError> {
        let row: Option<(i64,)> = sqlx::query_as(
            "UPDATE sessions SET tries = tries + 1 WHERE id = $1 AND tries < $2 RETURNING tries",
        )
        .bind(session.id().map(|id| row_id(&id)).unwrap_or_default())
        .bind(MOST_TRIES)
        .fetch_optional(&self.db)
        .await
        .map_err(StoreError)?;
        Ok(row.map(|(tries,)| MOST_TRIES - tries))
    }

    /// Gives back a try that was answered neither rightly nor wrongly.
    pub async fn give_back_try(&self, session: &Session) -> std::result::Result<(), StoreError> {
        sqlx::query("UPDATE sessions SET tries = tries - 1 WHERE id = $1 AND tries > 0")
            .bind(session.id().map(|id| row_id(&id)).unwrap_or_default())
            .execute(&self.db)
            .await
            .map_err(StoreError)?;
        Ok(())
    }

    /// Ends all sessions of `account` but `this`, the half ones too, and says how many those were.
    pub async fn end_others(
        &self,
        account: &AccountId,
        this: Option<Id>,
    ) -> std::result::Result<u64, StoreError> {
        let done = sqlx::query(
            "DELETE FROM sessions WHERE (account_id = $1 OR half_of = $1) AND id <> $2",
        )
        .bind(account.as_str())
        .bind(this.map(|id| row_id(&id)).unwrap_or_default())
        .execute(&self.db)
        .await
        .map_err(StoreError)?;
        Ok(done.rows_affected())
    }

    /// Of the act that is under way, if there is one.
    fn db(&self) -> Db {
        ACT.try_with(Db::clone).unwrap_or_else(|_| self.db.clone())
    }

    fn expires(&self, record: &Record) -> UnixMs {
        let now = self.clock.now();
        let begun = record.data.get(BEGUN_MS).and_then(Value::as_i64);
        let begun = begun.map_or(now, UnixMs);
        if record.data.contains_key(HALF) {
            return begun.plus(HALF_FOR);
        }
        now.plus(IDLE).min(begun.plus(LONGEST))
    }

    /// Whether there was room: an id that is taken is not written over.
    async fn insert(
        &self,
        record: &Record,
        encoded: &str,
    ) -> std::result::Result<bool, sqlx::Error> {
        let text = |name| record.data.get(name).and_then(Value::as_str);
        let now = self.clock.now().0;
        let done = sqlx::query(
            "INSERT INTO sessions (id, record, expires_ms, account_id, begun_ms, seen_ms, ip, agent, half_of)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
        )
        .bind(row_id(&record.id))
        .bind(encoded)
        .bind(self.expires(record).0)
        .bind(text(ACCOUNT))
        .bind(record.data.get(BEGUN_MS).and_then(Value::as_i64).unwrap_or(now))
        .bind(now)
        .bind(text(IP))
        .bind(text(AGENT).unwrap_or_default())
        .bind(text(HALF))
        .execute(&self.db())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Ends those of `account` that began first, down to as many as it may have; half ones are counted by themselves, so that
    /// who only knows the password ends no session of who is signed in.
    async fn make_room(&self, account: &str) -> std::result::Result<(), sqlx::Error> {
        for room in [
            "DELETE FROM sessions WHERE account_id = $1 AND id NOT IN (
                 SELECT id FROM sessions WHERE account_id = $1 ORDER BY begun_ms DESC, id LIMIT $2)",
            "DELETE FROM sessions WHERE half_of = $1 AND id NOT IN (
                 SELECT id FROM sessions WHERE half_of = $1 ORDER BY begun_ms DESC, id LIMIT $2)",
        ] {
            sqlx::query(room)
                .bind(account)
                .bind(MOST_SESSIONS)
                .execute(&self.db())
                .await?;
        }
        Ok(())
    }
}

#[async_trait]
impl SessionStore for Store {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let encoded = encode(record)?;
        while !self.insert(record, &encoded).await.map_err(backend)? {
            record.id = Id::default();
        }
        let account = record.data.get(ACCOUNT).or(record.data.get(HALF));
        match account.and_then(Value::as_str) {
            Some(account) => self.make_room(account).await.map_err(backend),
            None => Ok(()),
        }
    }

    /// Writes over a session that is still there: a request that began before a sign-out must not bring it back.
    async fn save(&self, record: &Record) -> Result<()> {
        sqlx::query("UPDATE sessions SET record = $2, expires_ms = $3 WHERE id = $1")
            .bind(row_id(&record.id))
            .bind(encode(record)?)
            .bind(self.expires(record).0)
            .execute(&self.db())
            .await
            .map_err(backend)?;
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        // One that is nobody's is not this version's.
        let row: Option<(String, i64, i64)> = sqlx::query_as(
            "SELECT record, expires_ms, seen_ms FROM sessions
             WHERE id = $1 AND expires_ms > $2 AND (account_id IS NOT NULL OR half_of IS NOT NULL)",
        )
        .bind(row_id(id))
        .bind(self.clock.now().0)
        .fetch_optional(&self.db())
        .await
        .map_err(backend)?;
        let Some((text, expires_ms, seen_ms)) = row else {
            return Ok(None);
        };
        let mut data: HashMap<String, Value> =
            serde_json::from_str(&text).map_err(|e| Error::Decode(e.to_string()))?;
        data.insert(SEEN_MS.to_owned(), seen_ms.into());
        let expiry_date = OffsetDateTime::from_unix_timestamp(UnixMs(expires_ms).seconds())
            .map_err(|e| Error::Decode(e.to_string()))?;
        Ok(Some(Record {
            id: *id,
            data,
            expiry_date,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        sqlx::query("DELETE FROM sessions WHERE id = $1")
            .bind(row_id(id))
            .execute(&self.db())
            .await
            .map_err(backend)?;
        Ok(())
    }
}

/// What a session holds, without its id, which is the secret in the cookie.
fn encode(record: &Record) -> Result<String> {
    serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))
}

fn row_id(id: &Id) -> String {
    Sha256::digest(id.to_string())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn backend(error: sqlx::Error) -> Error {
    Error::Backend(error.to_string())
}
