//! A service that is killed between two instructions leaves no act without its record, and no record without its act.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use assisters::accounts::Accounts;
use assisters::audit::{Action, Audit, Place, Query};
use assisters::clock::Clock;
use assisters::db;
use assisters::keys::Keys;
use reqwest::StatusCode;
use reqwest::header::ACCEPT;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::browser::Browser;
use crate::command_line::{assisters, run, serve_by};
use crate::fake_worker::FakeWorker;
use crate::site::PASSWORD;
use crate::{until, within};

const EMAIL: &str = "ada@example.org";
/// At once, so that it is always in the midst of some.
const HANDS: usize = 4;
/// Done before it is killed, of the keys that an account may have.
const ACTS: usize = 20;
const KILLS: usize = 3;

/// Makes keys until nobody answers any more.
async fn make_keys(browser: &Browser, made: &AtomicUsize) {
    loop {
        let form = browser.form("/api/keys/create", &[("name", "ci")]);
        let Ok(answer) = form.header(ACCEPT, "application/json").send().await else {
            return;
        };
        if answer.status() != StatusCode::OK {
            return;
        }
        made.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_service_that_is_killed_has_as_many_acts_as_records() {
    let worker = FakeWorker::start().await;
    let dir = TempDir::new().unwrap();
    let data_dir = dir.path().join("data");
    let words = ["admin", "create-account", EMAIL];
    assert!(run(&data_dir, &words, PASSWORD).await.status.success());
    for _ in 0..KILLS {
        let command = assisters(&data_dir, &["serve"]);
        let (mut process, base) = serve_by(command, worker.address).await;
        let browser = Arc::new(Browser::new(&base, &base));
        let fields = [("email", EMAIL), ("password", PASSWORD)];
        let (status, _) = browser.call("/api/sign-in", &fields).await;
        assert_eq!(status, StatusCode::OK);
        let made = Arc::new(AtomicUsize::new(0));
        let mut hands = JoinSet::new();
        for _ in 0..HANDS {
            let (browser, made) = (browser.clone(), made.clone());
            hands.spawn(async move { make_keys(&browser, &made).await });
        }
        until(async || made.load(Ordering::SeqCst) >= ACTS).await;
        process.kill().await.unwrap();
        within(hands.join_all()).await;

        let url = db::embedded_url(&data_dir).unwrap();
        let (db, clock) = (db::open(&url).await.unwrap(), Clock::system());
        let accounts = Accounts::new(db.clone(), clock.clone());
        let account = accounts.find_by_email(EMAIL).await.unwrap().unwrap();
        let keys = Keys::new(db.clone(), clock.clone()).list(&account.id).await;
        let made_keys = Query {
            action: Some(Action::KeyCreated),
            ..Query::default()
        };
        let audit = Audit::new(db.clone(), clock);
        let records = audit.list(&made_keys, &Place::top(), 1_000).await;
        let recorded = records.unwrap().into_iter();
        let mut recorded: Vec<_> = recorded.map(|one| one.target.unwrap().id).collect();
        let mut keys: Vec<_> = keys.unwrap().iter().map(|key| key.id.to_string()).collect();
        recorded.sort_unstable();
        keys.sort_unstable();
        assert_eq!(keys, recorded);
        assert!(
            keys.len() >= made.load(Ordering::SeqCst),
            "what was answered is there"
        );
        db.pool().close().await;
    }
}
