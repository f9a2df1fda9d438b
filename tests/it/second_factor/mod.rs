//! The second factor and fresh proofs: by forms, as a browser posts them before wasm has come, and as wasm calls.

pub mod asked;
mod proof;
mod sign_in;

use std::sync::Arc;
use std::time::Duration;

use assisters::principal::Tier;
use assisters::sessions::CONFIRMED_FOR;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, SET_COOKIE};
use serde_json::{Value, json};
use sha1::Sha1;
use tempfile::TempDir;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::browser::{Browser, Landed};
use crate::command_line::run;
use crate::site::{Caller, PASSWORD, Site};

pub const STEP: Duration = Duration::from_secs(30);
const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

async fn site() -> Site {
    Site::unready(TempDir::new().unwrap(), vec![]).await
}

/// What an authenticator app with `secret` shows now, reckoned as the RFC's own text has it.
pub fn app_shows(site: &Site, secret: &str) -> String {
    let bits: String = secret
        .chars()
        .map(|char| format!("{:05b}", BASE32.find(char).unwrap()))
        .collect();
    let key: Vec<_> = bits
        .as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect();
    let step = site.clock.now().0 / 30_000;
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).unwrap();
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let at = usize::from(digest[19] & 15);
    let number = u32::from_be_bytes(digest[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// What is right of the secret and the codes that were shown.
pub struct Factor {
    pub secret: String,
    pub codes: Vec<String>,
}

/// Turns on the second factor of `caller`. The step of its first code has gone by then.
pub async fn turn_on(site: &Site, caller: &Caller) -> Factor {
    turn_on_in(site, &site.browser_of(caller).await).await
}

pub async fn turn_on_in(site: &Site, browser: &Browser) -> Factor {
    act(browser, "/api/second-factor/begin", &[]).await;
    let setup = act(browser, "/api/second-factor/set-up", &[]).await;
    let secret = setup["secret"].as_str().unwrap().to_owned();
    let code = app_shows(site, &secret);
    let codes = act(browser, "/api/second-factor/turn-on", &[("code", &code)]).await;
    let codes = serde_json::from_value(codes).unwrap();
    site.clock.advance(STEP);
    Factor { secret, codes }
}

/// Calls a verb that must succeed.
pub async fn act(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Value {
    let (status, value) = browser.call(path, fields).await;
    assert_eq!(status, StatusCode::OK, "{path}: {value}");
    value
}

/// A browser that has given the password.
pub async fn after_password(site: &Site, caller: &Caller) -> Browser {
    let browser = site.browser();
    let landed = give_password(&browser, caller, None).await;
    assert_eq!(landed.place.as_deref(), Some("/sign-in/code"));
    browser
}

async fn give_password(browser: &Browser, caller: &Caller, next: Option<&str>) -> Landed {
    let mut fields = vec![
        ("email", caller.account.email.as_str()),
        ("password", PASSWORD),
    ];
    fields.extend(next.map(|next| ("next", next)));
    browser.submit("/api/sign-in", &fields).await
}

async fn is_signed_in(browser: &Browser) -> bool {
    browser.visit("/keys").await.status == StatusCode::OK
}

fn cookie(headers: &HeaderMap) -> String {
    let cookie = headers[SET_COOKIE].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn it_is_off_until_a_right_code_and_ends_all_other_sessions_then() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let (here, away) = (
        site.browser_of(&caller).await,
        site.browser_of(&caller).await,
    );
    act(&here, "/api/second-factor/begin", &[]).await;
    let (status, problem) = here
        .call("/api/second-factor/turn-on", &[("code", "000000")])
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["field"], "code");
    assert_eq!(act(&here, "/api/second-factor", &[]).await, Value::Null);
    assert!(
        is_signed_in(&site.browser_of(&caller).await).await,
        "by the password alone"
    );
    assert_eq!(
        act(&away, "/api/second-factor/set-up", &[]).await,
        Value::Null,
        "another's"
    );

    turn_on_in(&site, &here).await;
    assert!(is_signed_in(&here).await && !is_signed_in(&away).await);
    assert_eq!(
        act(&here, "/api/second-factor/set-up", &[]).await,
        Value::Null,
        "never again"
    );
    let (status, _) = here.call("/api/second-factor/begin", &[]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn turning_it_off_wants_password_and_code() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let factor = turn_on_in(&site, &browser).await;
    let path = "/api/second-factor/turn-off";
    let code = app_shows(&site, &factor.secret);
    for (password, typed, field) in [
        ("wrong", code.as_str(), "password"),
        (PASSWORD, "no", "code"),
    ] {
        let fields = [("password", password), ("code", typed)];
        let (status, problem) = browser.call(path, &fields).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(problem["field"], field, "{problem}");
    }
    act(&browser, path, &[("password", PASSWORD), ("code", &code)]).await;
    assert!(is_signed_in(&site.browser_of(&caller).await).await);
    assert_eq!(site.rows_of("recovery_codes", &caller.account).await, 0);
}

#[tokio::test]
async fn who_has_lost_everything_is_let_in_again_by_an_administrator_in_a_shell() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    turn_on_in(&site, &browser).await;
    let half = after_password(&site, &caller).await;
    let email = caller.account.email.as_str();
    let reset = ["admin", "reset-second-factor", email];
    let done = run(site.dir.path(), &reset, "").await;
    let said = String::from_utf8(done.stdout).unwrap();
    assert_eq!(done.status.code(), Some(0), "{said}");
    assert!(
        said.contains("is off, and its sessions have ended"),
        "{said}"
    );
    assert!(!is_signed_in(&browser).await);
    let landed = half.visit("/sign-in/code").await;
    assert_eq!(landed.place.as_deref(), Some("/sign-in?again"));
    assert!(
        is_signed_in(&site.browser_of(&caller).await).await,
        "by the password alone"
    );
    let again = run(site.dir.path(), &reset, "").await;
    assert_eq!(again.status.code(), Some(1));
    let told = String::from_utf8(again.stderr).unwrap();
    assert!(told.contains("has no second factor"), "{told}");
}

#[tokio::test]
async fn without_wasm_it_is_set_up_and_its_codes_are_on_the_next_page_alone() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let landed = browser.submit("/api/second-factor/begin", &[]).await;
    let page = browser.visit(&landed.place.unwrap()).await.text;
    let (_, rest) = page.split_once("otpauth://totp/Assisters:").unwrap();
    let (_, rest) = rest.split_once("?secret=").unwrap();
    let secret = &rest[..32];
    let code = app_shows(&site, secret);
    let landed = browser
        .submit("/api/second-factor/turn-on", &[("code", &code)])
        .await;
    assert_eq!(landed.place.as_deref(), Some("/settings?factor=codes"));
    let page = browser.visit("/settings?factor=codes").await.text;
    let (_, rest) = page.split_once("<li><code>").unwrap();
    let code = rest.split_once('<').unwrap().0.to_owned();
    let again = browser.visit("/settings?factor=codes").await.text;
    assert!(!again.contains(&code) && !again.contains(secret));
    let elsewhere = after_password(&site, &caller).await;
    let landed = elsewhere
        .submit("/api/sign-in/code", &[("code", &code)])
        .await;
    assert_eq!(landed.place.as_deref(), Some("/"));
}

#[tokio::test]
async fn the_secret_is_in_no_export_and_goes_with_the_account() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let factor = turn_on_in(&site, &browser).await;
    let export = browser.visit("/settings/export").await;
    let document: Value = serde_json::from_str(&export.text).unwrap();
    assert_eq!(document["second_factor"]["recovery_codes_left"], 10);
    assert!(!export.text.contains(&factor.secret));
    assert!(!export.text.contains(&factor.codes[0]));
    let fields = [
        ("email", caller.account.email.as_str()),
        ("password", PASSWORD),
    ];
    act(&browser, "/api/settings/delete-account", &fields).await;
    for table in ["second_factors", "recovery_codes"] {
        assert_eq!(site.rows_of(table, &caller.account).await, 0, "{table}");
    }
}
