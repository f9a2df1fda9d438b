//! Fills a database with requests as a busy account makes them, to see and measure pages with: `cargo xtask seed`.
//!
//! Rows are written as text, many to a statement, which both engines run as it is; the sums are then counted anew from all
//! rows, by the words of the migration that first did so.

use std::error::Error;
use std::fmt::Write;
use std::io::Write as _;
use std::time::Instant;

use assisters::accounts::{Account, Accounts, Password};
use assisters::clock::{Clock, DAY_MS, UnixMs};
use assisters::config::Config;
use assisters::db::Db;
use assisters::keys::{Keys, NewKey};
use assisters::principal::Tier;
use assisters::server::open_database;
use clap::Parser;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};

#[derive(Parser)]
struct Args {
    /// Requests to write
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    /// Whose they are; the account is made if there is none
    #[arg(long, default_value = "seed@example.com")]
    account: String,
    /// Over how many days up to now they are spread
    #[arg(long, default_value_t = 30)]
    days: u32,
}

/// Of an account that is made here.
const PASSWORD: &str = "seeds and seeds";
const STATEMENT: u64 = 500;
const TRANSACTION: u64 = 50_000;

const COLUMNS: &str = "request_id, account_id, key_id, endpoint, model, worker, status, error_code, prompt_tokens, \
    completion_tokens, streamed, first_token_ms, duration_ms, finish_reason, replayed, retry_count, billing_basis, \
    started_ms, auth_us, limit_us, queue_us, upstream_us, worker_tries, limited";

/// What is called how often, in hundredths, with what it takes in milliseconds as a rule.
const MODELS: [(&str, &str, u32, f64); 6] = [
    ("/v1/chat/completions", "llama-3.1-8b-instruct", 44, 900.0),
    ("/v1/chat/completions", "qwen3-0.6b", 20, 400.0),
    ("/v1/chat/completions", "smollm2-135m-instruct", 8, 250.0),
    ("/v1/embeddings", "bge-small-en-v1.5", 20, 24.0),
    ("/v1/rerank", "bge-reranker-base", 6, 90.0),
    ("/v1/moderations", "moderation-small", 2, 35.0),
];

/// How often, in ten thousandths, a request ends otherwise than well.
const ERRORS: [(u16, &str, u32); 7] = [
    (429, "rate_limit_exceeded", 160),
    (400, "invalid_parameter", 60),
    (499, "client_closed_request", 40),
    (502, "upstream_error", 20),
    (503, "queue_full", 12),
    (504, "upstream_timeout", 6),
    (500, "internal_error", 1),
];

/// The ledger's own words for counting its sums.
const MIGRATION: &str = include_str!("../migrations/0005_usage_figures.sql");
const COUNTED_ANEW: &str = "-- What is in the ledger already, counted anew.\n";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let db = open_database(&Config::load(None)?).await?;
    let clock = Clock::system();
    let (account, made) = account(&db, &clock, &args.account).await?;
    let keys = keys(&db, &clock, &account).await?;
    let mut seeds = Seeds {
        account: account.id.to_string(),
        keys,
        random: StdRng::seed_from_u64(clock.now().0.unsigned_abs()),
    };
    let began = Instant::now();
    let mut connection = db.pool().acquire().await?;
    if connection.backend_name() == "SQLite" {
        // The indices' ends are to stay in memory; what the machine's death would lose can be seeded again.
        let pragmas = "PRAGMA cache_size = -262144; PRAGMA synchronous = OFF";
        connection.execute(pragmas).await?;
    }
    let start = UnixMs(clock.now().0 - i64::from(args.days) * DAY_MS);
    let mut written = 0;
    while written < args.rows {
        let until = (written + TRANSACTION).min(args.rows);
        let mut transaction = connection.begin().await?;
        while written < until {
            let count = STATEMENT.min(until - written);
            let moments = written..written + count;
            let moments = moments.map(|at| moment(start, args.days, at, args.rows));
            let statement = seeds.statement(moments);
            sqlx::query(AssertSqlSafe(statement))
                .execute(&mut *transaction)
                .await?;
            written += count;
        }
        transaction.commit().await?;
        let rate = written as f64 / began.elapsed().as_secs_f64();
        print!("\r{written} of {} rows, {rate:.0} a second ", args.rows);
        std::io::stdout().flush()?;
    }
    println!("\ncounting the sums anew");
    count_anew(&mut connection).await?;
    connection.close().await?;
    db.pool().close().await;
    println!("done in {:.0} s", began.elapsed().as_secs_f64());
    if made {
        println!("sign in as {} with the password `{PASSWORD}`", args.account);
    }
    Ok(())
}

async fn account(db: &Db, clock: &Clock, email: &str) -> Result<(Account, bool), Box<dyn Error>> {
    let accounts = Accounts::new(db.clone(), clock.clone());
    if let Some(account) = accounts.find_by_email(email).await? {
        return Ok((account, false));
    }
    let password = Password::new(PASSWORD);
    let made = accounts.create(email, password, Tier::Startup, false);
    Ok((made.await?, true))
}

/// The account's keys, of which there are four when this returns, and the playground.
async fn keys(
    db: &Db,
    clock: &Clock,
    account: &Account,
) -> Result<Vec<Option<String>>, Box<dyn Error>> {
    let keys = Keys::new(db.clone(), clock.clone());
    let mut ids: Vec<_> = keys
        .list(&account.id)
        .await?
        .into_iter()
        .map(|key| key.id)
        .collect();
    for name in ["prod-web", "prod-batch", "staging", "ci"] {
        if ids.len() < 4 {
            ids.push(keys.create(&account.id, NewKey::named(name)).await?.0.id);
        }
    }
    let ids = ids.into_iter().map(|id| Some(id.to_string()));
    Ok(ids.chain([None]).collect())
}

/// When the request `at` begins: evenly, but for a wave each day.
fn moment(start: UnixMs, days: u32, at: u64, rows: u64) -> i64 {
    let day = at as f64 / rows as f64 * f64::from(days);
    let turn = std::f64::consts::TAU;
    let waved = day + 0.5 * (day * turn).sin() / turn;
    start.0 + (waved * DAY_MS as f64) as i64
}

struct Seeds {
    account: String,
    keys: Vec<Option<String>>,
    random: StdRng,
}

impl Seeds {
    fn statement(&mut self, moments: impl Iterator<Item = i64>) -> String {
        let mut text = format!("INSERT INTO ledger ({COLUMNS}) VALUES ");
        for (at, moment) in moments.enumerate() {
            text.push_str(if at == 0 { "" } else { "," });
            self.row(moment, &mut text);
        }
        text
    }

    fn row(&mut self, started_ms: i64, text: &mut String) {
        let random = &mut self.random;
        let (endpoint, model, usual_ms) = model(random.random_range(0..100));
        let failed = failure(random.random_range(0..10_000));
        // The first keys are the busiest.
        let key = (random.random::<f64>().powi(2) * self.keys.len() as f64) as usize;
        let key = match &self.keys[key] {
            Some(key) => format!("'{key}'"),
            None => "NULL".into(),
        };
        let chat = endpoint == "/v1/chat/completions";
        let streamed = chat && random.random_bool(0.7);
        let spread = f64::exp2(random.random_range(-1.5..2.5));
        let duration_ms = match failed {
            Some((400 | 429 | 503, _)) => random.random_range(2..12),
            _ => (usual_ms * spread) as u64 + 3,
        };
        let first = match streamed && failed.is_none() {
            true => (duration_ms / 5 + 2).to_string(),
            false => "NULL".into(),
        };
        let (status, code) = failed.map_or((200, "NULL".to_owned()), |(status, code)| {
            (status, format!("'{code}'"))
        });
        let input = random.random_range(4..1_500);
        let output = if chat { random.random_range(1..600) } else { 0 };
        let (input, output) = if failed.is_some() {
            (0, 0)
        } else {
            (input, output)
        };
        let (basis, finish) = match failed {
            Some(_) => ("none", "NULL"),
            None => ("worker_usage", "'stop'"),
        };
        let limited = match status {
            429 => "'account requests 500 500 1'",
            _ => "NULL",
        };
        let account = &self.account;
        let refused = matches!(status, 400 | 429 | 503);
        let worker = match refused {
            true => "NULL".to_owned(),
            false => format!("'http://10.0.0.{}:8000'", random.random_range(1..9)),
        };
        let tail = random.random::<u128>() >> 48;
        let (auth, queue) = (random.random_range(60..300), random.random_range(0..3_000));
        let upstream = if refused {
            "NULL".to_owned()
        } else {
            (duration_ms * 180).to_string()
        };
        let tries = u8::from(!refused);
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "('req_{started_ms:012x}{tail:020x}','{account}',{key},'{endpoint}','{model}',{worker},\
             {status},{code},{input},{output},{},{first},{duration_ms},{finish},0,0,'{basis}',{started_ms},{auth},6,\
             {queue},{upstream},{tries},{limited})",
            u8::from(streamed)
        );
    }
}

fn model(mut lot: u32) -> (&'static str, &'static str, f64) {
    for (endpoint, model, share, ms) in MODELS {
        if lot < share {
            return (endpoint, model, ms);
        }
        lot -= share;
    }
    let (endpoint, model, _, ms) = MODELS[0];
    (endpoint, model, ms)
}

fn failure(mut lot: u32) -> Option<(u16, &'static str)> {
    for (status, code, share) in ERRORS {
        if lot < share {
            return Some((status, code));
        }
        lot -= share;
    }
    None
}

async fn count_anew(connection: &mut AnyConnection) -> Result<(), Box<dyn Error>> {
    let (_, statements) = MIGRATION
        .split_once(COUNTED_ANEW)
        .ok_or("the migration has no part that counts anew")?;
    let mut transaction = connection.begin().await?;
    sqlx::query("DELETE FROM usage_daily")
        .execute(&mut *transaction)
        .await?;
    for statement in statements.split(';').filter(|text| !text.trim().is_empty()) {
        sqlx::query(statement).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}
