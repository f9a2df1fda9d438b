//! The database: one pool, one set of migrations, and what differs between engines.
//!
//! SQL elsewhere is static text with `$1` placeholders, written so that SQLite and PostgreSQL both run it, through
//! sqlx's `Any`. Booleans are BIGINT 0/1 there, times unix milliseconds, and sums are cast to BIGINT.
//!
//! What somebody does that goes on record is an [`Act`]: one transaction with the record.

mod act;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::{AnyConnection, Connection, Executor};
use url::Url;

pub use act::{Act, Db, Part};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Those that write wait for each other, each on a connection of its own: there are some left for those that read.
const CONNECTIONS: u32 = 24;
/// How long one is waited for; behind that the database is busy, and whoever asks is told to come again.
const PATIENCE: Duration = Duration::from_secs(10);

/// Another connection writes, and went on for too long.
const SQLITE_BUSY: u32 = 5;

/// The file of an embedded database, inside the data directory.
const FILE: &str = "assisters.db";

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the path {0} cannot be written as a database address")]
    Path(String),
    #[error("the database could not be opened")]
    Connect(#[source] sqlx::Error),
    #[error("the database could not be brought up to this version")]
    Migrate(#[source] MigrateError),
}

/// How the tables of a database stand to those that this version works with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// The same, after so many migrations.
    Current(usize),
    /// So many migrations are still to be run.
    Behind(usize),
    /// Another version's: later, or of another origin.
    Foreign,
}

/// The file of the embedded database in `data_dir`.
pub fn embedded_file(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE)
}

/// The address of the embedded database in `data_dir`.
pub fn embedded_url(data_dir: &Path) -> Result<String, OpenError> {
    let refused = || OpenError::Path(data_dir.display().to_string());
    let absolute = std::path::absolute(embedded_file(data_dir)).map_err(|_| refused())?;
    let file = Url::from_file_path(absolute).map_err(|()| refused())?;
    Ok(format!("sqlite://{}?mode=rwc", file.path()))
}

/// Opens the database at `url` and runs the migrations that it still lacks.
pub async fn open(url: &str) -> Result<Db, OpenError> {
    let db = connect(url).await?;
    let migrated = MIGRATIONS.run(db.pool()).await;
    migrated.map_err(OpenError::Migrate)?;
    Ok(db)
}

/// How the tables of the database at `url` stand; nothing is made, nothing is changed.
pub async fn schema(url: &str) -> Result<Schema, OpenError> {
    install_default_drivers();
    // Not through the pool, which tries again for ten seconds and then cannot say what was wrong.
    let connection = AnyConnection::connect(&existing(url)).await;
    let mut connection = connection.map_err(OpenError::Connect)?;
    let applied = match connection
        .list_applied_migrations(&MIGRATIONS.table_name)
        .await
    {
        Ok(applied) => applied,
        Err(MigrateError::Execute(error)) if lacks_table(&error) => vec![],
        Err(error) => return Err(OpenError::Migrate(error)),
    };
    connection.close().await.map_err(OpenError::Connect)?;
    let ours: Vec<_> = MIGRATIONS.iter().collect();
    let is_ours = applied.iter().all(|step| {
        let twin = ours.iter().find(|ours| ours.version == step.version);
        twin.is_some_and(|ours| ours.checksum == step.checksum)
    });
    Ok(match ours.len().saturating_sub(applied.len()) {
        _ if !is_ours => Schema::Foreign,
        0 => Schema::Current(ours.len()),
        missing => Schema::Behind(missing),
    })
}

/// Opens the database at `url` as it is, to be read: it is neither made nor migrated.
pub async fn open_as_it_is(url: &str) -> Result<Db, OpenError> {
    connect(&existing(url)).await
}

/// Without leave to make a file where there is none.
fn existing(url: &str) -> String {
    url.replace("mode=rwc", "mode=rw")
}

/// SQLite says it in words, PostgreSQL by a code.
fn lacks_table(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| {
        error.message().starts_with("no such table") || error.code().as_deref() == Some("42P01")
    })
}

async fn connect(url: &str) -> Result<Db, OpenError> {
    install_default_drivers();
    AnyPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .after_connect(|connection, _| {
            Box::pin(async move {
                if connection.backend_name() == "SQLite" {
                    // WAL lets readers and the one writer work side by side; with it, NORMAL loses no committed
                    // transaction to the process's death, only to the machine's.
                    connection
                        .execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 10000")
                        .await?;
                }
                Ok(())
            })
        })
        .connect(url)
        .await
        .map(Db::from)
        .map_err(OpenError::Connect)
}

/// Whether `error` is the violation of a unique constraint over `table.column`. PostgreSQL names the constraint
/// (ours are called `{table}_{column}_unique`), SQLite names the column.
pub fn violates_unique(error: &sqlx::Error, table: &str, column: &str) -> bool {
    let Some(error) = error.as_database_error() else {
        return false;
    };
    error.is_unique_violation()
        && (error.constraint() == Some(&format!("{table}_{column}_unique"))
            || error.message().contains(&format!("{table}.{column}")))
}

/// Whether `error`, or what caused it, is that the database had no time: asked again in a moment, it may have.
pub fn is_busy(error: &(dyn Error + 'static)) -> bool {
    match error.downcast_ref::<sqlx::Error>() {
        Some(sqlx::Error::PoolTimedOut) => return true,
        // SQLite's code is its least byte, whatever is told beside it.
        Some(sqlx::Error::Database(error)) => {
            let code = error.code().and_then(|code| code.parse::<u32>().ok());
            return code.is_some_and(|code| code & 0xff == SQLITE_BUSY);
        }
        _ => {}
    }
    error.source().is_some_and(is_busy)
}

/// Whether the database answers at all.
pub async fn answers(db: &Db) -> bool {
    sqlx::query("SELECT 1").execute(db).await.is_ok()
}
