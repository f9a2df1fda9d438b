//! The database, and whether the ledger in it agrees with its sums.

use super::Finding;
use crate::clock::UnixMs;
use crate::config::Config;
use crate::db::{self, Db, OpenError, Schema};
use crate::print::{count, sentence};
use crate::usage::{self, Difference, Wrong};

const DATABASE: &str = "database";
const LEDGER: &str = "ledger";

/// The database, open where its tables are those of this version: in no other can one look for more.
pub(super) async fn database(config: &Config) -> (Finding, Option<Db>) {
    let file = db::embedded_file(&config.data_dir);
    if config.database_url.is_none() && !file.exists() {
        let missing = Finding::warning(
            DATABASE,
            format!("{} is not there yet", file.display()),
            "`assisters serve` makes it",
        );
        return (missing, None);
    }
    let name = match &config.database_url {
        // An address may hold a password.
        Some(_) => "the one in ASSISTERS_DATABASE_URL".to_owned(),
        None => file.display().to_string(),
    };
    let failed = |error: &OpenError| {
        Finding::failed(
            DATABASE,
            format!("{name}: {}", sentence(error)),
            "make it reachable and readable, or correct ASSISTERS_DATABASE_URL",
        )
    };
    let url = match &config.database_url {
        Some(url) => Ok(url.clone()),
        None => db::embedded_url(&config.data_dir),
    };
    let url = match url {
        Ok(url) => url,
        Err(error) => return (failed(&error), None),
    };
    match db::schema(&url).await {
        Err(error) => (failed(&error), None),
        Ok(schema @ Schema::Current(_)) => match db::open_as_it_is(&url).await {
            Err(error) => (failed(&error), None),
            Ok(db) => (standing(&name, schema), Some(db)),
        },
        Ok(schema) => (standing(&name, schema), None),
    }
}

fn standing(name: &str, schema: Schema) -> Finding {
    match schema {
        Schema::Current(steps) => Finding::ok(
            DATABASE,
            format!("{name} is up to date, with {}", count(steps, "migration")),
        ),
        Schema::Behind(missing) => Finding::warning(
            DATABASE,
            format!("{name} lacks {}", count(missing, "migration")),
            "start `assisters serve` of this version, which brings it up to date",
        ),
        Schema::Foreign => Finding::failed(
            DATABASE,
            format!("{name} has been migrated by another version than this"),
            "run the version that did it, or a later one",
        ),
    }
}

pub(super) async fn ledger(db: &Db) -> Finding {
    match usage::first_difference(db).await {
        Ok(None) => Finding::ok(LEDGER, "its rows and their sums agree"),
        Ok(Some(wrong)) => Finding::failed(
            LEDGER,
            told(&wrong),
            "trust the rows of the table ledger; the sums in usage_hourly and usage_daily are what pages show",
        ),
        Err(error) => Finding::failed(
            LEDGER,
            format!("it cannot be read: {}", sentence(&error)),
            "see what the database says of it",
        ),
    }
}

fn told(wrong: &Wrong) -> String {
    let (
        Difference {
            account_id,
            start_ms,
            requests,
            tokens,
            summed_requests,
            summed_tokens,
        },
        slice,
        rows,
    ) = match wrong {
        Wrong::Hour(difference) => (difference, "hour", "its rows"),
        Wrong::Day(difference) => (difference, "day", "its hourly sums"),
    };
    let from = UnixMs(*start_ms).to_minute();
    if (requests, tokens) == (summed_requests, summed_tokens) {
        return format!(
            "{account_id} in the {slice} from {from} UTC: the times of {requests} requests are counted otherwise in \
             the sums than in {rows}"
        );
    }
    format!(
        "{account_id} in the {slice} from {from} UTC: {requests} requests and {tokens} tokens in {rows}, \
         {summed_requests} and {summed_tokens} in the sums"
    )
}
