//! A server function that changes something, and all that has to be there before it can be called.

use std::time::Duration;

use assisters::accounts::{Accounts, Wanted};
use assisters::clock::Clock;
use assisters::config::MailSettings;
use assisters::keys::NewKey;
use assisters::mail::{Letter, Mail};
use assisters::principal::Tier;
use reqwest::StatusCode;
use serde_json::Value;

use super::coverage::Fields;
use crate::browser::Browser;
use crate::mail;
use crate::site::{Caller, PASSWORD, Site};

/// Who calls a function, and with what.
pub(super) struct Call {
    path: String,
    fields: Vec<(&'static str, String)>,
    browser: Browser,
    // Signed in too.
    _away: Browser,
}

impl Call {
    /// Of the function `name`, for a new account.
    pub(super) async fn ready(site: &Site, name: &str, fields: Fields) -> Self {
        let caller = match name.starts_with("admin/") || name == "settings/delete-account" {
            true => site.administrator().await,
            false => site.caller(Tier::Free).await,
        };
        // Nobody may be the last administrator who goes.
        let other = site.administrator().await;
        let (browser, away) = (
            site.browser_of(&caller).await,
            site.browser_of(&caller).await,
        );
        let new = site
            .keys()
            .create(&caller.account.id, NewKey::named("k"))
            .await;
        let key = new.unwrap().0.id;
        let session = other_session(&browser).await;
        let mail = mail_id(site, name, &browser).await;
        let link = link(site, name, &caller, &browser).await;
        let filled = fields.iter().map(|(field, value)| {
            let value = match *value {
                "KEY" => key.as_str(),
                "EMAIL" => caller.account.email.as_str(),
                "SESSION" => session.as_str(),
                "OTHER" => other.account.id.as_str(),
                "MAIL" => mail.as_str(),
                "LINK" => link.as_str(),
                value => value,
            };
            (*field, value.to_owned())
        });
        let filled = filled.collect();
        let wanted = Wanted {
            rpm: 9,
            tpm: 9,
            message: String::new(),
            asked: site.clock.now(),
        };
        let accounts = Accounts::new(site.db(), site.clock.clone());
        accounts.want(&other.account.id, &wanted).await.unwrap();
        Call {
            path: format!("/api/{name}"),
            fields: filled,
            browser,
            _away: away,
        }
    }

    pub(super) async fn send(&self) -> (StatusCode, Value) {
        let fields = self.fields.iter();
        let fields: Vec<_> = fields
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        self.browser.call(&self.path, &fields).await
    }
}

/// Another session of the account that `browser` is signed in to, by the name that it is ended with.
async fn other_session(browser: &Browser) -> String {
    let (_, sessions) = browser.call("/api/settings/sessions", &[]).await;
    let sessions = sessions.as_array().unwrap();
    let other = sessions.iter().find(|one| one["is_this"] == false);
    other.unwrap()["id"].as_str().unwrap().to_owned()
}

/// The secret of the link that was mailed to `caller`, or a new account, for the function `name`.
async fn link(site: &Site, name: &str, caller: &Caller, browser: &Browser) -> String {
    let email = caller.account.email.as_str();
    let (function, fields, to, subject) = match name {
        "reset-password" => (
            "forgot-password",
            vec![("email", email)],
            email,
            "Set a new password",
        ),
        "confirm-email" => (
            "settings/change-email",
            vec![
                ("new_email", "other@example.org"),
                ("current_password", PASSWORD),
            ],
            "other@example.org",
            mail::CHANGE,
        ),
        "verify-email" => (
            "sign-up",
            vec![("email", "unverified@example.org"), ("password", PASSWORD)],
            "unverified@example.org",
            mail::VERIFY,
        ),
        _ => return String::new(),
    };
    browser.call(&format!("/api/{function}"), &fields).await;
    mail::token(&mail::mail(site, to, subject).await)
}

/// The id of a mail, for an administrator's function that takes one.
async fn mail_id(site: &Site, name: &str, browser: &Browser) -> String {
    if !name.starts_with("admin/mail") {
        return String::new();
    }
    // Due in an hour: until then the service leaves it alone.
    let clock = Clock::manual(site.clock.now().plus(Duration::from_secs(3_600)));
    let (dir, db) = (site.dir.path(), site.db());
    let outbox = Mail::new(&MailSettings::default(), dir, "http://a".into(), db, clock);
    let account = site.caller(Tier::Free).await.account;
    let posted = outbox.unwrap();
    let posted = posted.post(&account.id, &account.email, &Letter::PasswordChanged);
    posted.await.unwrap();
    let (_, outbox) = browser.call("/api/admin/mail/list", &[]).await;
    let mails = outbox["mails"].as_array().unwrap();
    let waiting = mails
        .iter()
        .find(|mail| mail["recipient"] == account.email.as_str());
    waiting.unwrap()["id"].as_str().unwrap().to_owned()
}
