//! The sessions table, as tower-sessions asks for it.

use std::collections::HashMap;

use async_trait::async_trait;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tower_sessions::SessionStore;
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

use super::IDLE;
use crate::clock::{Clock, UnixMs};
use crate::db::Db;

/// Keeps sessions in the database, and their expiry by the service's clock; cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    db: Db,
    clock: Clock,
}

#[derive(Debug, thiserror::Error)]
#[error("the expired sessions could not be deleted")]
pub struct SweepError(#[source] sqlx::Error);

impl Store {
    pub fn new(db: Db, clock: Clock) -> Self {
        Store { db, clock }
    }

    /// Deletes what has expired, and says how many that were.
    pub async fn sweep(&self) -> std::result::Result<u64, SweepError> {
        let done = sqlx::query("DELETE FROM sessions WHERE expires_ms <= $1")
            .bind(self.clock.now().0)
            .execute(&self.db)
            .await
            .map_err(SweepError)?;
        Ok(done.rows_affected())
    }

    fn expires(&self) -> UnixMs {
        self.clock.now().plus(IDLE)
    }
}

#[async_trait]
impl SessionStore for Store {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let text = encode(record)?;
        loop {
            let done = sqlx::query(
                "INSERT INTO sessions (id, record, expires_ms) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
            )
            .bind(row_id(&record.id))
            .bind(&text)
            .bind(self.expires().0)
            .execute(&self.db)
            .await
            .map_err(backend)?;
            if done.rows_affected() == 1 {
                return Ok(());
            }
            record.id = Id::default();
        }
    }

    /// Writes over a session that is still there: a request that began before a sign-out must not bring it back.
    async fn save(&self, record: &Record) -> Result<()> {
        sqlx::query("UPDATE sessions SET record = $2, expires_ms = $3 WHERE id = $1")
            .bind(row_id(&record.id))
            .bind(encode(record)?)
            .bind(self.expires().0)
            .execute(&self.db)
            .await
            .map_err(backend)?;
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let row: Option<(String, i64)> = sqlx::query_as(
            "SELECT record, expires_ms FROM sessions WHERE id = $1 AND expires_ms > $2",
        )
        .bind(row_id(id))
        .bind(self.clock.now().0)
        .fetch_optional(&self.db)
        .await
        .map_err(backend)?;
        let Some((text, expires_ms)) = row else {
            return Ok(None);
        };
        let data: HashMap<String, Value> =
            serde_json::from_str(&text).map_err(|e| Error::Decode(e.to_string()))?;
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
            .execute(&self.db)
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
