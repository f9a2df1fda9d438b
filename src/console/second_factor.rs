//! The account's second factor: setting it up, its recovery codes, and its end.

use std::error::Error;

use app::console::{FactorActs, FactorConsole, FactorSetup, Problem, Qr, SecondFactor, SettingUp};
use async_trait::async_trait;
use qrcodegen::{QrCode, QrCodeEcc};
use serde::{Deserialize, Serialize};
use tower_sessions::Session;
use tower_sessions::session::Id;
use url::form_urlencoded::byte_serialize;

use super::account::AccountConsole;
use super::confirm::WRONG_PASSWORD;
use super::record::Act;
use super::{Dashboard, internal};
use crate::accounts::Account;
use crate::audit::Action;
use crate::clock::UnixMs;
use crate::mail::Letter;
use crate::second_factor::{RecoveryCode, Secret, TurnOnError};
use crate::sessions::{self, CONFIRMED_FOR};

/// What a session keeps a secret under that no code has come for yet.
const SETUP: &str = "second_factor_setup";
/// Who the codes are for, as apps show it.
const ISSUER: &str = "Assisters";
/// Where they are shown.
const CODES: &str = "/settings?factor=codes";
/// Modules around a QR code that stay light (ISO/IEC 18004).
const MARGIN: i32 = 4;

#[derive(Serialize, Deserialize)]
struct Pending {
    secret: String,
    since: UnixMs,
}

impl AccountConsole {
    /// Does it, and tells the owner by mail.
    async fn changed(&self, act: Act, action: Action, letter: &Letter<'_>) -> Result<(), Problem> {
        act.tell(&self.account, letter).await?;
        act.done(self.event(action)).await
    }

    /// The secret that waits for its first code, if it has not waited for too long.
    async fn pending(&self) -> Result<Option<Secret>, Problem> {
        let kept = sessions::kept::<Option<Pending>>(&self.visit, SETUP).await;
        let kept = kept.map_err(|error| internal(&error))?.flatten();
        let now = self.dashboard.clock.now();
        let fresh = kept.filter(|kept| now.since(kept.since) < CONFIRMED_FOR);
        Ok(fresh.and_then(|kept| Secret::parse(&kept.secret)))
    }

    /// Whether the service asks for a second factor of this account.
    fn is_asked(&self) -> bool {
        self.dashboard
            .second_factors
            .is_asked(self.account.is_admin)
    }

    /// Gives them to the page that asks, or to `page`, which is the session's next one where a browser posts a form by itself.
    pub(super) fn hand_out(
        &self,
        codes: Vec<RecoveryCode>,
        session: Option<Id>,
        page: &str,
    ) -> Vec<String> {
        let codes: Vec<_> = codes.iter().map(RecoveryCode::expose).collect();
        if let Some(session) = session.filter(|_| self.posted_without_wasm) {
            let now = self.dashboard.clock.now();
            self.dashboard.fresh_codes.put(session, codes.clone(), now);
            leptos_axum::redirect(page);
        }
        codes
    }

    /// Turns the pending second factor on with its first code, and ends all other sessions. Gives the account as it is then,
    /// with its recovery codes.
    pub(super) async fn turn_on(
        &self,
        code: &str,
        is_on: fn() -> Problem,
    ) -> Result<(Account, Vec<RecoveryCode>), Problem> {
        let secret = self.pending().await?.ok_or_else(|| {
            Problem::new("This took too long, and the secret is forgotten. Close this, and begin the set-up anew.")
        })?;
        let act = self.dashboard.act();
        let turned_on = act.second_factors.turn_on(&self.account.id, &secret, code);
        let codes = turned_on.await.map_err(|error| match error {
            TurnOnError::WrongCode => Problem::field(
                "code",
                "This is not the code that belongs to this secret now. Take the one that your app shows, and see that its clock is right.",
            ),
            TurnOnError::IsOn => is_on(),
            error @ (TurnOnError::Randomness(_) | TurnOnError::Store(_)) => internal(&error),
        })?;
        // They came in by the password alone, and so would who is about to.
        let account = act.accounts.replace_proofs(&self.account).await;
        let account = account.map_err(|error| internal(&error))?;
        let ended = act.sessions.end_others(&self.account.id, self.session);
        ended.await.map_err(|error| internal(&error))?;
        let changed = self.changed(act, Action::SecondFactorEnabled, &Letter::SecondFactorOn);
        changed.await?;
        keep_pending(&self.visit, None).await?;
        Ok((account, codes))
    }
}

#[async_trait]
impl FactorConsole for AccountConsole {
    async fn second_factor(&self) -> Result<Option<SecondFactor>, Problem> {
        let standing = self.dashboard.second_factors.standing(&self.account.id);
        let standing = standing.await.map_err(|error| internal(&error))?;
        Ok(standing.map(|standing| SecondFactor {
            since_ms: standing.since.0,
            codes_left: standing.codes_left,
            is_required: self.is_asked(),
        }))
    }

    async fn fresh_codes(&self) -> Result<Option<Vec<String>>, Problem> {
        let now = self.dashboard.clock.now();
        let fresh = &self.dashboard.fresh_codes;
        Ok(self.session.and_then(|session| fresh.take(session, now)))
    }
}

#[async_trait]
impl SettingUp for AccountConsole {
    async fn factor_setup(&self) -> Result<Option<FactorSetup>, Problem> {
        let Some(secret) = self.pending().await? else {
            return Ok(None);
        };
        let secret = secret.expose();
        let email: String = byte_serialize(self.account.email.as_bytes()).collect();
        let uri = format!("otpauth://totp/{ISSUER}:{email}?secret={secret}&issuer={ISSUER}");
        let qr = qr(&uri).map_err(|error| internal(error.as_ref()))?;
        Ok(Some(FactorSetup { secret, uri, qr }))
    }

    async fn turn_on_second_factor(
        &self,
        code: String,
        _next: Option<String>,
    ) -> Result<Vec<String>, Problem> {
        let (_, codes) = self.turn_on(&code, is_on).await?;
        Ok(self.hand_out(codes, self.session, CODES))
    }
}

#[async_trait]
impl FactorActs for AccountConsole {
    async fn begin_second_factor(&self) -> Result<(), Problem> {
        if self.second_factor().await?.is_some() {
            return Err(is_on());
        }
        begin(&self.dashboard, &self.visit).await?;
        if self.posted_without_wasm {
            leptos_axum::redirect("/settings?factor=set-up");
        }
        Ok(())
    }

    async fn renew_recovery_codes(&self) -> Result<Vec<String>, Problem> {
        let act = self.dashboard.act();
        let renewed = act.second_factors.renew_codes(&self.account.id);
        let codes = renewed.await.map_err(|error| internal(&error))?;
        let codes = codes.ok_or_else(is_off)?;
        let (action, letter) = (Action::RecoveryCodesRenewed, Letter::RecoveryCodesRenewed);
        self.changed(act, action, &letter).await?;
        Ok(self.hand_out(codes, self.session, CODES))
    }

    async fn turn_off_second_factor(&self, password: String, code: String) -> Result<(), Problem> {
        if self.second_factor().await?.is_none() {
            return Err(is_off());
        }
        let refused = self.event(Action::SecondFactorDisabled).refused();
        if self.is_asked() {
            self.record(refused).await;
            return Err(stays_on());
        }
        let question = self.ask().await?;
        if !self.is_password(password).await? {
            self.record(refused).await;
            return Err(question.answered_wrong("password", WRONG_PASSWORD).await);
        }
        if let Some(told) = self.wrong_code(&code).await? {
            self.record(refused).await;
            return Err(question.answered_wrong("code", told).await);
        }
        question.does_not_count().await?;
        let act = self.dashboard.act();
        let turned_off = act.second_factors.turn_off(&self.account.id);
        turned_off.await.map_err(|error| internal(&error))?;
        let changed = self.changed(act, Action::SecondFactorDisabled, &Letter::SecondFactorOff);
        changed.await?;
        // Under a new id, and with all its tries again.
        sessions::renew(&self.visit)
            .await
            .map_err(|error| internal(&error))?;
        self.done("factor-off");
        Ok(())
    }
}

/// Makes a secret that waits with the session for its first code.
pub(super) async fn begin(dashboard: &Dashboard, session: &Session) -> Result<(), Problem> {
    let secret = Secret::generate().map_err(|error| internal(&error))?;
    let pending = Pending {
        secret: secret.expose(),
        since: dashboard.clock.now(),
    };
    keep_pending(session, Some(pending)).await
}

async fn keep_pending(session: &Session, pending: Option<Pending>) -> Result<(), Problem> {
    let kept = sessions::keep(session, SETUP, &pending).await;
    kept.map_err(|error| internal(&error))
}

fn stays_on() -> Problem {
    Problem::new(
        "This service asks you for a second factor, so it stays on. Administrators of this service can say why.",
    )
}

fn is_on() -> Problem {
    Problem::new("The second factor is on already. Turn it off first to set up another app.")
}

fn is_off() -> Problem {
    Problem::new("The second factor is off. Reload the page to see how things stand.")
}

fn qr(text: &str) -> Result<Qr, Box<dyn Error>> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium)?;
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let run = (x..code.size())
                .take_while(|x| code.get_module(*x, y))
                .count();
            let run = i32::try_from(run)?;
            if run > 0 {
                path += &format!("M{},{}h{run}v1h-{run}z", x + MARGIN, y + MARGIN);
            }
            x += run + 1;
        }
    }
    let size = code.size() + 2 * MARGIN;
    Ok(Qr { size, path })
}
