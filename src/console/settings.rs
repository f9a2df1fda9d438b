//! What the account changes of itself.

use app::console::{Problem, Session, Settings, SettingsActs, SettingsConsole};
use async_trait::async_trait;

use super::account::AccountConsole;
use super::confirm::WRONG_PASSWORD;
use super::site::weak_password;
use super::{Dashboard, internal};
use crate::accounts::{ChangePasswordError, DeleteError, Password, RETENTION_DAYS, RenameError};
use crate::audit::Action;
use crate::mail::Letter;
use crate::sessions;

/// Where a browser is sent whose account is no more.
const DELETED: &str = "/sign-in?deleted";

impl AccountConsole {
    /// A form that was posted without scripts leads to the page that says what was done.
    pub(super) fn done(&self, what: &str) {
        if self.posted_without_wasm {
            leptos_axum::redirect(&format!("/settings?done={what}"));
        }
    }
}

#[async_trait]
impl SettingsConsole for AccountConsole {
    async fn settings(&self) -> Result<Settings, Problem> {
        let account = &self.account;
        let is_last_admin = self.dashboard.accounts.is_last_admin(account).await;
        Ok(Settings {
            name: account.name.clone(),
            email: account.email.clone(),
            log_days: account.retention_days,
            log_days_offered: RETENTION_DAYS.to_vec(),
            is_last_admin: is_last_admin.map_err(|error| internal(&error))?,
            is_verified: account.is_verified,
        })
    }

    async fn sessions(&self) -> Result<Vec<Session>, Problem> {
        let sessions = &self.dashboard.sessions;
        let listed = sessions.list(&self.account.id, self.session).await;
        let listed = listed.map_err(|error| internal(&error))?;
        Ok(listed.into_iter().map(shown).collect())
    }

    async fn rename(&self, name: String) -> Result<(), Problem> {
        let renamed = self.dashboard.accounts.rename(&self.account.id, &name);
        renamed.await.map_err(|error| match error {
            RenameError::TooLong { max } => {
                Problem::field("name", format!("Use at most {max} characters."))
            }
            RenameError::Store(_) => internal(&error),
        })?;
        let event = self.event(Action::AccountRenamed);
        let event = event.changed("name", self.account.name.as_str(), name);
        self.record(event).await;
        self.done("name");
        Ok(())
    }

    async fn change_password(&self, current: String, new: String) -> Result<(), Problem> {
        let (accounts, sessions) = (&self.dashboard.accounts, &self.dashboard.sessions);
        let (current, new) = (Password::new(current), Password::new(new));
        let question = self.ask_password().await?;
        let changed = accounts.change_password(&self.account, current, new).await;
        if matches!(changed, Err(ChangePasswordError::Current)) {
            let event = self.event(Action::PasswordChanged).refused();
            self.record(event).await;
            let told = question.answered_wrong("current_password", WRONG_PASSWORD);
            return Err(told.await);
        }
        question.does_not_count().await?;
        changed.map_err(|error| match error {
            ChangePasswordError::New(weakness) => weak_password("new_password", weakness),
            error => internal(&error),
        })?;
        self.record(self.event(Action::PasswordChanged)).await;
        // This one ends too, and goes on under an id that nobody has seen.
        sessions::renew(&self.visit)
            .await
            .map_err(|error| internal(&error))?;
        sessions
            .end_others(&self.account.id, None)
            .await
            .map_err(|error| internal(&error))?;
        // Whoever knew the old one may have left a browser that counts as the owner's.
        let throttle = &self.dashboard.throttle;
        let forgotten = throttle.forget_devices(&self.account.id).await;
        forgotten.map_err(|error| internal(&error))?;
        self.dashboard.remember(&self.account.id, None).await?;
        // A link to set another was for who did not know the one of before.
        let mail = &self.dashboard.mail;
        mail.void(&self.account.id)
            .await
            .map_err(|error| internal(&error))?;
        let told = &self.account.email;
        self.dashboard
            .tell(&self.account.id, told, &Letter::PasswordChanged)
            .await;
        self.done("password");
        Ok(())
    }

    async fn end_session(&self, id: String) -> Result<(), Problem> {
        let known = self.sessions().await?;
        let browser = known.into_iter().find(|session| session.id == id);
        let browser = browser.map(|session| session.browser).unwrap_or_default();
        let ended = self.dashboard.sessions.end(&self.account.id, &id).await;
        if !ended.map_err(|error| internal(&error))? {
            return Err(Problem::new("This session has ended already."));
        }
        let event = self.event(Action::SessionEnded).target(id, browser);
        self.record(event).await;
        self.done("session");
        Ok(())
    }

    async fn end_other_sessions(&self) -> Result<(), Problem> {
        let sessions = &self.dashboard.sessions;
        let ended = sessions.end_others(&self.account.id, self.session).await;
        let ended = ended.map_err(|error| internal(&error))?;
        let event = self.event(Action::SessionEnded).told("others", ended);
        self.record(event).await;
        self.done("sessions");
        Ok(())
    }

    async fn keep_log(&self, days: u32) -> Result<(), Problem> {
        let kept = self.dashboard.accounts.keep_ledger(&self.account.id, days);
        if !kept.await.map_err(|error| internal(&error))? {
            let told = "Choose one of the times that are offered.";
            return Err(Problem::field("days", told));
        }
        let event = self.event(Action::LogKeptFor);
        let event = event.changed("days", self.account.retention_days, days);
        self.record(event).await;
        self.done("log");
        Ok(())
    }
}

#[async_trait]
impl SettingsActs for AccountConsole {
    async fn prepare_export(&self) -> Result<(), Problem> {
        if self.posted_without_wasm {
            leptos_axum::redirect("/settings/export");
        }
        Ok(())
    }

    async fn delete_account(&self, email: String, password: String) -> Result<(), Problem> {
        let Dashboard { accounts, mail, .. } = &self.dashboard;
        let question = self.ask().await?;
        let mails = mail.ids_of(&self.account.id).await;
        let mails = mails.map_err(|error| internal(&error))?;
        let deleted = accounts.delete(&self.account, &email, Password::new(password));
        let deleted = deleted.await;
        if matches!(deleted, Err(DeleteError::Password)) {
            let event = self.event(Action::AccountDeleted).refused();
            self.record(event).await;
            return Err(question.answered_wrong("password", WRONG_PASSWORD).await);
        }
        question.does_not_count().await?;
        deleted.map_err(|error| match error {
            DeleteError::Email => Problem::field(
                "email",
                format!("Type {} to delete this account.", self.account.email),
            ),
            DeleteError::LastAdministrator => Problem::new(
                "You are the only administrator: without you nobody could look after this service. Make another first.",
            ),
            DeleteError::Password | DeleteError::Failed(_) => internal(&error),
        })?;
        self.record(self.event(Action::AccountDeleted)).await;
        mail.erase(&mails).await;
        // What is remembered of its keys would be good for some seconds more.
        self.dashboard.keys.account_changed(&self.account.id);
        sessions::sign_out(&self.visit)
            .await
            .map_err(|error| internal(&error))?;
        leptos_axum::redirect(DELETED);
        Ok(())
    }
}

fn shown(session: sessions::Listed) -> Session {
    Session {
        id: session.id,
        browser: session.browser,
        ip: session.ip,
        begun_ms: session.begun.0,
        seen_ms: session.seen.0,
        is_this: session.is_this,
    }
}
