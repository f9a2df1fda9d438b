//! A service to test, and those who call it: programs with a key, browsers with cookies.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use assisters::accounts::{Account, Accounts, Password};
use assisters::clock::Clock;
use assisters::config::{Config, Fsync, RequestLimits};
use assisters::db;
use assisters::keys::{Key, Keys};
use assisters::principal::Tier;
use assisters::server::{self, Running};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, LOCATION, ORIGIN};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use sqlx::Row;
use tempfile::TempDir;
use url::{Url, form_urlencoded};

use crate::fake_worker::{FakeWorker, MODEL};
use crate::{until, within};

pub const PASSWORD: &str = "correct horse";

pub struct Site {
    pub clock: Clock,
    running: Running,
    pub dir: TempDir,
    client: Client,
}

impl Site {
    /// One that has learned what each of `workers` serves.
    pub async fn with(workers: &[&FakeWorker]) -> Self {
        let site = Site::unready(TempDir::new().unwrap(), workers.iter().map(|worker| worker.address).collect()).await;
        let key = site.key(Tier::Startup).await;
        for worker in workers {
            let known = async || site.get(&format!("/v1/models/{}", worker.own_model())).bearer_auth(&key).send().await;
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
        let clock = Clock::manual(Clock::system().now());
        let running = server::start(config, clock.clone()).await.unwrap();
        Site { clock, running, dir, client: Client::new() }
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
        self.post("/v1/chat/completions").bearer_auth(key).json(&chat(fields))
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
        let email = format!("{}@example.org", assisters::ids::RequestId::new());
        let accounts = Accounts::new(self.running.db.clone(), self.clock.clone());
        let account = accounts.create(&email, Password::new(PASSWORD), tier, false).await.unwrap();
        let keys = Keys::new(self.running.db.clone(), self.clock.clone());
        let (key, secret) = keys.create(&account.id, "laptop").await.unwrap();
        Caller { account, key, secret: secret.expose().to_owned() }
    }

    /// A browser in which nobody is signed in.
    pub fn browser(&self) -> Browser {
        let base = Url::parse(&self.url("/")).unwrap();
        let client = Client::builder().cookie_store(true).redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Browser { base, client }
    }

    /// A browser in which `caller` is signed in.
    pub async fn browser_of(&self, caller: &Caller) -> Browser {
        let browser = self.browser();
        let form = [("email", caller.account.email.as_str()), ("password", PASSWORD)];
        let answer = browser.submit("/api/sign-in", &form).await;
        assert_eq!(answer.place.as_deref(), Some("/"), "{}", answer.text);
        browser
    }

    /// Stops the service; what lies in its directory stays.
    pub async fn stop(self) -> TempDir {
        within(self.running.stop()).await;
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
        data_dir: dir.to_owned(),
        database_url: None,
        models_dir: dir.join("models"),
        site_dir: dir.join("site"),
        workers: workers.iter().map(|worker| Url::parse(&format!("http://{worker}")).unwrap()).collect(),
        limits: RequestLimits {
            body: 64 << 10,
            first_byte: Duration::from_secs(20),
            drain: Duration::from_secs(20),
        },
        ledger_fsync: Fsync::Grouped,
    }
}

pub fn chat(fields: Value) -> Value {
    let mut body = json!({"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body
}

/// An account with its one key.
pub struct Caller {
    pub account: Account,
    pub key: Key,
    pub secret: String,
}

/// A request as the ledger has it.
#[derive(Debug, PartialEq, Eq)]
pub struct LedgerRow {
    pub request_id: String,
    pub key_id: Option<String>,
    pub status: i64,
    pub error_code: Option<String>,
    pub tokens: (i64, i64),
    pub basis: String,
    pub finish_reason: Option<String>,
}

pub async fn ledger_in(dir: &Path, account: &Account) -> Vec<LedgerRow> {
    let db = db::open(&db::embedded_url(dir).unwrap()).await.unwrap();
    let query = sqlx::query("SELECT * FROM ledger WHERE account_id = $1 ORDER BY request_id");
    let rows = query.bind(account.id.as_str()).fetch_all(&db).await.unwrap();
    rows.iter()
        .map(|row| LedgerRow {
            request_id: row.get("request_id"),
            key_id: row.get("key_id"),
            status: row.get("status"),
            error_code: row.get("error_code"),
            tokens: (row.get("prompt_tokens"), row.get("completion_tokens")),
            basis: row.get("billing_basis"),
            finish_reason: row.get("finish_reason"),
        })
        .collect()
}

/// A browser as it is before wasm has come: it follows links, posts forms, and keeps cookies.
pub struct Browser {
    base: Url,
    client: Client,
}

/// What came back, with where the browser would go next.
pub struct Landed {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub place: Option<String>,
    pub text: String,
}

impl Browser {
    pub async fn visit(&self, path: &str) -> Landed {
        Landed::from(self.request(self.client.get(self.address(path))).await).await
    }

    /// Posts a form on a page of this site.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Landed {
        Landed::from(self.request(self.form(path, fields)).await).await
    }

    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let form = self.client.post(self.address(path));
        form.header(CONTENT_TYPE, "application/x-www-form-urlencoded").header(ORIGIN, self.origin()).body(body)
    }

    /// What a page's script posts: JSON, from this site's own origin.
    pub fn post_json(&self, path: &str, body: &Value) -> RequestBuilder {
        self.post_json_from(path, body, &self.origin())
    }

    pub fn post_json_from(&self, path: &str, body: &Value, origin: &str) -> RequestBuilder {
        self.client.post(self.address(path)).header(ORIGIN, origin).json(body)
    }

    /// Calls a server function as wasm does: no page is wanted, and what it returns is JSON.
    pub async fn call(&self, path: &str, fields: &[(&str, &str)]) -> (StatusCode, Value) {
        let response = within(self.form(path, fields).header(ACCEPT, "application/json").send()).await.unwrap();
        let status = response.status();
        (status, serde_json::from_str(&response.text().await.unwrap()).unwrap())
    }

    async fn request(&self, request: RequestBuilder) -> Response {
        within(request.header(ACCEPT, "text/html,application/xhtml+xml").send()).await.unwrap()
    }

    fn origin(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    fn address(&self, path: &str) -> Url {
        self.base.join(path).unwrap()
    }
}

impl Landed {
    async fn from(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let place = headers.get(LOCATION).map(|place| place.to_str().unwrap().to_owned());
        Landed { status, headers, place, text: response.text().await.unwrap() }
    }
}
