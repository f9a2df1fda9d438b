//! The database: one pool, one set of migrations, and what differs between engines.
//!
//! SQL elsewhere is static text with `$1` placeholders, written so that SQLite and PostgreSQL both run it, through
//! sqlx's `Any`. Booleans are BIGINT 0/1 there, times unix milliseconds, and sums are cast to BIGINT.

use std::path::Path;
use std::time::Duration;

use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::migrate::Migrator;
use sqlx::{AnyPool, Executor};
use url::Url;

pub type Db = AnyPool;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// The file of an embedded database, inside the data directory.
const FILE: &str = "assisters.db";

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the path {0} cannot be written as a database address")]
    Path(String),
    #[error("the database could not be opened")]
    Connect(#[source] sqlx::Error),
    #[error("the database could not be brought up to this version")]
    Migrate(#[source] sqlx::migrate::MigrateError),
}

/// The address of the embedded database in `data_dir`.
pub fn embedded_url(data_dir: &Path) -> Result<String, OpenError> {
    let refused = || OpenError::Path(data_dir.display().to_string());
    let absolute = std::path::absolute(data_dir.join(FILE)).map_err(|_| refused())?;
    let file = Url::from_file_path(absolute).map_err(|()| refused())?;
    Ok(format!("sqlite://{}?mode=rwc", file.path()))
}

/// Opens the database at `url` and runs the migrations that it still lacks.
pub async fn open(url: &str) -> Result<Db, OpenError> {
    install_default_drivers();
    let pool = AnyPoolOptions::new()
        .max_connections(8)
        .acquire_timeout(Duration::from_secs(10))
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
        .map_err(OpenError::Connect)?;
    MIGRATIONS.run(&pool).await.map_err(OpenError::Migrate)?;
    Ok(pool)
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

/// Whether the database answers at all.
pub async fn answers(db: &Db) -> bool {
    sqlx::query("SELECT 1").execute(db).await.is_ok()
}
