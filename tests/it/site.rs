//! A service to test, and the accounts that call it.

use std::future::{Future, pending};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use assisters::accounts::{Account, Accounts, Password};
use assisters::clock::Clock;
use assisters::config::{
    AffinitySettings, Config, Fsync, IdempotencySettings, MailSettings, QueueSettings,
    RequestLimits, SecondFactorOf, StreamSettings,
};
use assisters::db::Db;
use assisters::keys::{Key, Keys, NewKey};
use assisters::pool::{Pool, WorkerStanding};
use assisters::principal::Tier;
use assisters::server::{self, Running};
use assisters::usage::Usage;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::Browser;
use crate::fake_worker::{FakeWorker, MODEL};
use crate::ledger::{LedgerRow, ledger_in};
use crate::secrets::{self, Watch};
use crate::{until, within};

pub const PASSWORD: &str = "correct horse battery";

pub struct Site {
    pub clock: Clock,
    running: Running,
    pub dir: TempDir,
    client: Client,
    /// After the service, which may log to its end.
    _watch: Watch,
}

impl Site {
    /// One that has learned what each of `workers` serves.
    pub async fn with(workers: &[&FakeWorker]) -> Self {
        Site::tuned(workers, |_| {}).await
    }

    /// As [`Site::with`], with settings of its own.
    pub async fn tuned(workers: &[&FakeWorker], tune: impl FnOnce(&mut Config)) -> Self {
        Site::again(TempDir::new().unwrap(), workers, tune).await
    }

    /// As [`Site::tuned`], on what another service has left in `dir`.
    pub async fn again(
        dir: TempDir,
        workers: &[&FakeWorker],
        tune: impl FnOnce(&mut Config),
    ) -> Self {
        let addresses: Vec<_> = workers.iter().map(|worker| worker.address).collect();
        let mut config = config(dir.path(), &addresses);
        tune(&mut config);
        let site = Site::configured(dir, config).await;
        let key = site.key(Tier::Startup).await;
        for worker in workers {
            let known = async || {
                site.get(&format!("/v1/models/{}", worker.own_model()))
                    .bearer_auth(&key)
                    .send()
                    .await
            };
            until(async || known().await.unwrap().status() == StatusCode::OK).await;
        }
        site
    }

    /// One whose workers may not be there.
    pub async fn unready(dir: TempDir, workers: Vec<SocketAddr>) -> Self {
        let config = config(dir.path(), &workers);
        Site::configured(dir, config).await
    }

    pub async fn configured(dir: TempDir, config: Config) -> Self {
        Site::by(Clock::manual(Clock::system().now()), dir, config).await
    }

    /// One that goes by `clock`.
    pub async fn by(clock: Clock, dir: TempDir, config: Config) -> Self {
        let watch = Watch::begin();
        let running = server::start(config, clock.clone()).await.unwrap();
        Site {
            clock,
            running,
            dir,
            client: Client::new(),
            _watch: watch,
        }
    }

    /// From now on no query of the service's succeeds.
    pub async fn close_database(&self) {
        within(self.running.db.pool().close()).await;
    }

    pub fn db(&self) -> Db {
        self.running.db.clone()
    }

    pub fn usage(&self) -> &Usage {
        &self.running.usage
    }

    /// How many rows of `table` are `account`'s.
    pub async fn rows_of(&self, table: &'static str, account: &Account) -> i64 {
        let query = match table {
            "accounts" => "SELECT COUNT(*) FROM accounts WHERE id = $1",
            "sessions" => "SELECT COUNT(*) FROM sessions WHERE account_id = $1",
            "second_factors" => "SELECT COUNT(*) FROM second_factors WHERE account_id = $1",
            "recovery_codes" => "SELECT COUNT(*) FROM recovery_codes WHERE account_id = $1",
            "keys" => "SELECT COUNT(*) FROM keys WHERE account_id = $1",
            "ledger" => "SELECT COUNT(*) FROM ledger WHERE account_id = $1",
            "usage_hourly" => "SELECT COUNT(*) FROM usage_hourly WHERE account_id = $1",
            "mails" => "SELECT COUNT(*) FROM mails WHERE account_id = $1",
            "mail_links" => "SELECT COUNT(*) FROM mail_links WHERE account_id = $1",
            "usage_daily" => "SELECT COUNT(*) FROM usage_daily WHERE account_id = $1",
            _ => panic!("{table}"),
        };
        let counted = sqlx::query_scalar(query).bind(account.id.as_str());
        counted.fetch_one(&self.running.db).await.unwrap()
    }

    /// How many passwords the service has hashed or compared.
    pub fn hashes(&self) -> u64 {
        self.running.accounts.hashes()
    }

    pub fn pool(&self) -> &Pool {
        &self.running.pool
    }

    /// How its workers stand, in the order in which they are configured.
    pub fn workers(&self) -> Vec<WorkerStanding> {
        self.running.pool.snapshot()
    }

    /// How many requests wait for a place on a worker.
    pub fn waiting(&self) -> usize {
        self.workers().iter().map(|worker| worker.waiting).sum()
    }

    /// How many places on workers are taken.
    pub fn in_flight(&self) -> usize {
        self.workers().iter().map(|worker| worker.in_flight).sum()
    }

    /// For clients that speak no HTTP, or not as one should.
    pub fn address(&self) -> SocketAddr {
        self.running.addr
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.addr)
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path))
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.url(path))
    }

    /// A chat request with `key`, and with `fields` beside the model and a message.
    pub fn chat(&self, key: &str, fields: Value) -> RequestBuilder {
        self.post("/v1/chat/completions")
            .bearer_auth(key)
            .json(&chat(fields))
    }

    /// Chats that must succeed, and what they are answered with.
    pub async fn answer(&self, key: &str, fields: Value) -> Value {
        let response = within(self.chat(key, fields).send()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.json().await.unwrap()
    }

    /// A key of a new account on `tier`.
    pub async fn key(&self, tier: Tier) -> String {
        self.caller(tier).await.secret
    }

    pub async fn caller(&self, tier: Tier) -> Caller {
        self.account(tier, false).await
    }

    /// A browser in which an administrator is signed in.
    pub async fn admin(&self) -> Browser {
        self.browser_of(&self.administrator().await).await
    }

    pub async fn administrator(&self) -> Caller {
        self.account(Tier::Free, true).await
    }

    async fn account(&self, tier: Tier, is_admin: bool) -> Caller {
        let email = format!("{}@example.org", assisters::ids::RequestId::new());
        let accounts = Accounts::new(self.running.db.clone(), self.clock.clone());
        let account = accounts
            .create(&email, Password::new(PASSWORD), tier, is_admin)
            .await
            .unwrap();
        let new = NewKey::named("laptop");
        let (key, secret) = self.keys().create(&account.id, new).await.unwrap();
        secrets::made(secret.expose());
        Caller {
            account,
            key,
            secret: secret.expose().to_owned(),
        }
    }

    /// The service's keys, as another process that shares its database has them.
    pub fn keys(&self) -> Keys {
        Keys::new(self.running.db.clone(), self.clock.clone())
    }

    /// A browser in which nobody is signed in.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.url("/"), &self.running.public_base)
    }

    /// A browser in which `caller` is signed in.
    pub async fn browser_of(&self, caller: &Caller) -> Browser {
        let browser = self.browser();
        let form = [
            ("email", caller.account.email.as_str()),
            ("password", PASSWORD),
        ];
        let answer = browser.submit("/api/sign-in", &form).await;
        assert_eq!(answer.place.as_deref(), Some("/"), "{}", answer.text);
        browser
    }

    /// Stops the service; what lies in its directory stays.
    pub async fn stop(self) -> TempDir {
        self.stop_unless(pending()).await
    }

    /// As [`Site::stop`], where what a stop waits for is not waited for behind `at_once`.
    pub async fn stop_unless(self, at_once: impl Future<Output = ()>) -> TempDir {
        within(self.running.stop(at_once)).await;
        self.dir
    }

    /// Stops the service, and gives all that it has ever recorded of `caller`, oldest first.
    pub async fn ledger_of(self, caller: &Caller) -> Vec<LedgerRow> {
        let dir = self.stop().await;
        ledger_in(dir.path(), &caller.account).await
    }
}

pub fn config(dir: &Path, workers: &[SocketAddr]) -> Config {
    Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        public_url: None,
        trusted_proxies: vec![],
        data_dir: dir.to_owned(),
        database_url: None,
        models_dir: dir.join("models"),
        site_dir: dir.join("site"),
        workers: workers
            .iter()
            .map(|worker| format!("http://{worker}").parse().unwrap())
            .collect(),
        models: vec![],
        affinity: AffinitySettings::default(),
        queue: QueueSettings {
            wait: Duration::from_secs(20),
            length: 1_000,
        },
        limits: RequestLimits {
            body: 64 << 10,
            head: Duration::from_secs(20),
            body_pause: Duration::from_secs(20),
            stalled_reader: Duration::from_secs(20),
            first_byte: Duration::from_secs(20),
            idle: Duration::from_secs(20),
            connections: 10_000,
            connections_per_address: 10_000,
            sign_ups_per_hour: 10_000,
            drain_delay: Duration::ZERO,
            drain: Duration::from_secs(20),
        },
        streams: StreamSettings {
            keepalive: Duration::from_secs(10),
        },
        idempotency: IdempotencySettings {
            wait: Duration::from_secs(20),
            resume: Duration::from_secs(20),
            keep: Duration::from_secs(24 * 3_600),
        },
        ledger_fsync: Fsync::Grouped,
        metrics_token: None,
        in_force: vec![],
        mail: MailSettings::default(),
        second_factor: SecondFactorOf::default(),
    }
}

pub fn chat(fields: Value) -> Value {
    let mut body = json!({"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]});
    body.as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    body
}

/// An account with its one key.
pub struct Caller {
    pub account: Account,
    pub key: Key,
    pub secret: String,
}
