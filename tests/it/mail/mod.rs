//! What is done by mail. The outbox folder is the mail's reader; where mail is sent, a server that takes all.

mod admin;
mod change;
mod reset;
mod server;
mod verify;

use std::fs;

use assisters::db;
use assisters::principal::Tier;
use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;

use crate::browser::{Browser, Landed};
use crate::site::{Caller, PASSWORD, Site};
use crate::until;

/// Subjects of mails.
pub const VERIFY: &str = "Verify your e-mail address";
pub const CHANGE: &str = "Confirm your new e-mail address";

const NEW: &str = "another horse battery";

async fn site() -> Site {
    Site::unready(TempDir::new().unwrap(), vec![]).await
}

/// The mails in the outbox folder, oldest first.
fn mails(site: &Site) -> Vec<String> {
    let Ok(folder) = fs::read_dir(site.dir.path().join("outbox")) else {
        return vec![];
    };
    let mut files: Vec<_> = folder.map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|kind| kind == "eml"));
    files.sort();
    let read = files.iter().map(|file| fs::read_to_string(file).unwrap());
    read.collect()
}

fn is_to(mail: &str, recipient: &str, subject: &str) -> bool {
    let has = |line: String| mail.lines().any(|one| one == line);
    has(format!("To: {recipient}")) && has(format!("Subject: {subject}"))
}

/// The last mail to `recipient` with `subject`, once there are `many` of them.
async fn nth_mail(site: &Site, many: usize, recipient: &str, subject: &str) -> String {
    let found = || {
        let mut found = mails(site);
        found.retain(|mail| is_to(mail, recipient, subject));
        found
    };
    until(async || found().len() >= many).await;
    found().pop().unwrap()
}

pub async fn mail(site: &Site, recipient: &str, subject: &str) -> String {
    nth_mail(site, 1, recipient, subject).await
}

/// How many mails were ever written, once all has been that was asked for: the service waits for that before it ends.
async fn written(site: Site) -> i64 {
    let dir = site.stop().await;
    let url = db::embedded_url(dir.path()).unwrap();
    let db = db::open(&url).await.unwrap();
    let counted = sqlx::query_scalar("SELECT COUNT(*) FROM mails");
    counted.fetch_one(&db).await.unwrap()
}

/// The secret of the link in a mail.
pub fn token(mail: &str) -> String {
    let (_, rest) = mail.split_once("token=").unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}

async fn sign_up(browser: &Browser, email: &str) -> Landed {
    let form = [("email", email), ("password", PASSWORD)];
    browser.submit("/api/sign-up", &form).await
}

async fn sign_in(site: &Site, email: &str, password: &str) -> (StatusCode, Value) {
    let form = [("email", email), ("password", password)];
    site.browser().call("/api/sign-in", &form).await
}

async fn is_signed_in(browser: &Browser) -> bool {
    browser.visit("/keys").await.status == StatusCode::OK
}

async fn caller(site: &Site) -> (Caller, String) {
    let caller = site.caller(Tier::Free).await;
    let email = caller.account.email.clone();
    (caller, email)
}
