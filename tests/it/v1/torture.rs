//! Many at once, and many that leave: every stream whole, every request on record, nothing kept.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use assisters::accounts::{Account, Accounts};
use assisters::clock::Clock;
use assisters::db;
use assisters::principal::Tier;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::sync::{Barrier, Semaphore};
use tokio::task::JoinSet;

use super::header;
use crate::command_line::{assisters, key, run, serve_by};
use crate::fake_worker::{FakeWorker, Script};
use crate::ledger::ledger_in;
use crate::raw::Raw;
use crate::site::{Site, chat};
use crate::{until, within};

const TOKENS: usize = 12;

fn tokens() -> Vec<String> {
    (0..TOKENS).map(|number| format!("<{number}>")).collect()
}

fn script() -> Script {
    let tokens = tokens();
    Script::says(&tokens.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Whether `text` holds each token once and in order, and the end.
fn is_whole(text: &str) -> bool {
    let said: Vec<_> = text
        .split("\"content\":\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .filter(|token| !token.is_empty())
        .collect();
    said == tokens() && text.ends_with("data: [DONE]\n\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn of_200_streams_at_once_each_is_whole() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Startup).await;
    worker.follow(script());
    let barrier = Arc::new(Barrier::new(200));
    let mut tasks = JoinSet::new();
    for _ in 0..200 {
        let request = site.chat(&caller.secret, json!({"stream": true}));
        let barrier = barrier.clone();
        tasks.spawn(async move {
            barrier.wait().await;
            let response = request.send().await.unwrap();
            let id = header(&response, "x-request-id").to_owned();
            (id, response.text().await.unwrap())
        });
    }
    let streams = within(tasks.join_all()).await;
    for (_, text) in &streams {
        assert!(is_whole(text), "{text}");
    }
    let rows = site.ledger_of(&caller).await;
    let mut ids: Vec<_> = streams.into_iter().map(|(id, _)| id).collect();
    ids.sort_unstable();
    let recorded: Vec<_> = rows.iter().map(|row| row.request_id.clone()).collect();
    assert_eq!(recorded, ids);
    let used = (5, i64::try_from(TOKENS).unwrap());
    assert!(
        rows.iter()
            .all(|row| row.status == 200 && row.tokens == used)
    );
}

/// When a client leaves.
#[derive(Clone, Copy)]
enum Leaves {
    InItsBody,
    BeforeTheAnswer,
    AfterTokens(usize),
}

/// The program itself, in a process of its own: its memory is nobody else's.
pub(super) struct Service {
    process: Child,
    pub(super) base: String,
    pub(super) key: String,
    client: Client,
    dir: TempDir,
}

impl Service {
    pub(super) async fn start(worker: &FakeWorker) -> Self {
        let dir = TempDir::new().unwrap();
        let data_dir = dir.path().join("data");
        let (process, base) = serve_by(assisters(&data_dir, &["serve"]), worker.address).await;
        let key = key(&data_dir).await;
        let roomy = ["admin", "set-tier", "ada@example.org", "enterprise"];
        let roomy = [&roomy[..], &["--rpm", "100000", "--tpm", "1000000000"]].concat();
        assert!(run(&data_dir, &roomy, "").await.status.success());
        Service {
            process,
            base,
            key,
            client: Client::new(),
            dir,
        }
    }

    fn stream(&self) -> RequestBuilder {
        self.client
            .post(format!("{}/v1/chat/completions", self.base))
            .bearer_auth(&self.key)
            .json(&chat(json!({"stream": true})))
    }

    async fn reserved(&self) -> u64 {
        let request = self.client.get(format!("{}/v1/limits", self.base));
        let response = within(request.bearer_auth(&self.key).send()).await.unwrap();
        let limits: Value = response.json().await.unwrap();
        limits["account"]["tokens"]["reserved"].as_u64().unwrap()
    }

    /// Bytes in memory.
    fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id().unwrap()));
        let status = status.unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = resident.unwrap().trim().trim_end_matches(" kB");
        kib.parse::<u64>().unwrap() << 10
    }

    /// A client that leaves. Gives the id of its request, if it learned it.
    async fn leaver(&self, leaves: Leaves) -> Option<String> {
        let body = chat(json!({"stream": true})).to_string();
        let sent = match leaves {
            Leaves::InItsBody => &body[..body.len() / 2],
            Leaves::BeforeTheAnswer => &body,
            Leaves::AfterTokens(count) => {
                let mut response = within(self.stream().send()).await.unwrap();
                assert_eq!(response.status(), StatusCode::OK);
                let id = header(&response, "x-request-id").to_owned();
                read_tokens(&mut response, count).await;
                return Some(id);
            }
        };
        let address = self.base.strip_prefix("http://").unwrap();
        let mut raw = Raw::to(address.parse().unwrap()).await;
        raw.send_head(&self.key, &format!("Content-Length: {}\r\n", body.len()))
            .await;
        raw.send(sent.as_bytes()).await.unwrap();
        raw.leave().await;
        None
    }

    /// Stops it, as a machine does. Gives what is on record of the account.
    pub(super) async fn stop(mut self) -> (TempDir, Account) {
        let pid = self.process.id().unwrap().to_string();
        let kill = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(kill.await.unwrap().success());
        assert!(within(self.process.wait()).await.unwrap().success());
        let account = account(&self.dir.path().join("data")).await;
        (self.dir, account)
    }
}

async fn account(data_dir: &Path) -> Account {
    let db = db::open(&db::embedded_url(data_dir).unwrap())
        .await
        .unwrap();
    let accounts = Accounts::new(db, Clock::system());
    let account = accounts.find_by_email("ada@example.org").await.unwrap();
    account.unwrap()
}

async fn read_tokens(response: &mut Response, count: usize) {
    let mut read = String::new();
    while read.matches("\"content\":\"<").count() < count {
        let piece = within(response.chunk()).await.unwrap();
        read.push_str(str::from_utf8(&piece.expect("more is to come")).unwrap());
    }
}

const LEAVERS: usize = 1_000;
const STAYERS: usize = 20;

/// As many clients that leave as that, in the midst of some that stay. Gives when those that learned their id left.
async fn round(service: &Arc<Service>, worker: &FakeWorker, seed: u64) -> HashMap<String, usize> {
    let gate = Arc::new(Semaphore::new(0));
    worker.follow(script().and_waits_for(&gate));
    let mut staying = JoinSet::new();
    for _ in 0..STAYERS {
        let mut response = within(service.stream().send()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        staying.spawn(async move {
            let mut text = vec![];
            while let Some(piece) = response.chunk().await.unwrap() {
                text.extend_from_slice(&piece);
            }
            String::from_utf8(text).unwrap()
        });
    }
    // Nobody opens this gate: whoever is asked now can only be left.
    let never = Arc::new(Semaphore::new(0));
    worker.follow(script().and_waits_for(&never));
    let mut random = StdRng::seed_from_u64(seed);
    let few = Arc::new(Semaphore::new(100));
    let mut leaving = JoinSet::new();
    for _ in 0..LEAVERS {
        let leaves = match random.random_range(0..10) {
            0 => Leaves::InItsBody,
            1 => Leaves::BeforeTheAnswer,
            _ => Leaves::AfterTokens(random.random_range(0..=TOKENS)),
        };
        let (service, few) = (service.clone(), few.clone());
        leaving.spawn(async move {
            let _one = few.acquire().await.unwrap();
            Some((service.leaver(leaves).await?, leaves))
        });
    }
    let left = within(leaving.join_all()).await;
    gate.add_permits(STAYERS);
    for text in within(staying.join_all()).await {
        assert!(is_whole(&text), "{text}");
    }
    until(async || service.reserved().await == 0).await;
    left.into_iter()
        .flatten()
        .map(|(id, leaves)| match leaves {
            Leaves::AfterTokens(count) => (id, count),
            Leaves::InItsBody | Leaves::BeforeTheAnswer => (id, 0),
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_1_000_clients_that_leave_nothing_is_left_but_their_rows() {
    let worker = FakeWorker::start().await;
    let service = Arc::new(Service::start(&worker).await);
    let mut left = round(&service, &worker, 1).await;
    let before = service.memory();
    left.extend(round(&service, &worker, 2).await);
    let after = service.memory();
    println!(
        "{} KiB in memory after {LEAVERS} clients that left, {} KiB after as many more",
        before >> 10,
        after >> 10
    );
    assert!(
        after < before + before / 4,
        "{before} bytes grew to {after}"
    );

    let stayed = 2 * STAYERS;
    let abandoned = || worker.requests().len() - stayed;
    until(async || worker.tally().abandoned == abandoned()).await;
    assert!(abandoned() >= left.len());

    let service = Arc::into_inner(service).expect("all its clients have ended");
    let (dir, account) = service.stop().await;
    let mut rows = ledger_in(&dir.path().join("data"), &account).await;
    // What only looked at the limits.
    rows.retain(|row| (row.status, row.basis.as_str()) != (200, "none"));
    assert!(rows.iter().all(|row| row.status < 500), "{rows:?}");
    assert!((worker.requests().len()..=2 * LEAVERS + stayed).contains(&rows.len()));
    let well = rows.iter().filter(|row| row.status == 200);
    assert_eq!(well.count(), stayed);
    let by_id: HashMap<_, _> = rows.iter().map(|row| (&row.request_id, row)).collect();
    assert_eq!(by_id.len(), rows.len(), "one row for each");
    for (id, count) in &left {
        let row = by_id[id];
        assert_eq!(
            (row.status, row.basis.as_str()),
            (499, "counted"),
            "{row:?}"
        );
        let charged = usize::try_from(row.tokens.1).unwrap();
        assert!(
            (*count..=TOKENS).contains(&charged),
            "{count} were read of {row:?}"
        );
    }
}
