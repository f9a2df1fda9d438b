//! What the account changes of itself.

use app::console::{Problem, Session, Settings, SettingsActs, SettingsConsole};
use async_trait::async_trait;

use super::account::AccountConsole;
use super::confirm::WRONG_PASSWORD;
use super::internal;
use super::record::Act;
use super::site::weak_password;
use crate::accounts::{
    Account, ChangePasswordError, DeleteError, Password, RETENTION_DAYS, RenameError,
};
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

    /// Has the account signed in by another password, in no session and by no link of before; `false` where `current` is not
    /// the one that it has.
    async fn put_password(&self, current: String, new: String) -> Result<bool, Problem> {
        let (current, new) = (Password::new(current), Password::new(new));
        let act = self.dashboard.act();
        let changed = act.accounts.change_password(&self.account, current, new);
        match changed.await {
            Ok(()) => {}
            Err(ChangePasswordError::Current) => return Ok(false),
            Err(ChangePasswordError::New(weakness)) => {
                return Err(weak_password("new_password", weakness));
            }
            Err(error) => return Err(internal(&error)),
        }
        act.password_changed(&self.account).await?;
        act.done(self.event(Action::PasswordChanged)).await?;
        Ok(true)
    }

    /// Whether the password was right.
    async fn delete(&self, email: &str, password: String) -> Result<bool, Problem> {
        let act = self.dashboard.act();
        let deleted = act
            .accounts
            .delete(&self.account, email, Password::new(password));
        match deleted.await {
            Ok(()) => {}
            Err(DeleteError::Password) => return Ok(false),
            Err(DeleteError::Email) => {
                let told = format!("Type {} to delete this account.", self.account.email);
                return Err(Problem::field("email", told));
            }
            Err(DeleteError::LastAdministrator) => {
                return Err(Problem::new(
                    "You are the only administrator: without you nobody could look after this service. Make another first.",
                ));
            }
            Err(error @ DeleteError::Failed(_)) => return Err(internal(&error)),
        }
        // What is remembered of its keys would be good for some seconds more.
        act.keys.account_changed(&self.account.id).await;
        act.done(self.event(Action::AccountDeleted)).await?;
        Ok(true)
    }
}

impl Act {
    /// Ends what the password of before has opened.
    pub(super) async fn password_changed(&self, account: &Account) -> Result<(), Problem> {
        let ended = self.sessions.end_others(&account.id, None).await;
        ended.map_err(|error| internal(&error))?;
        // Whoever knew it may have left a browser that counts as the owner's.
        let forgotten = self.throttle.forget_devices(&account.id).await;
        forgotten.map_err(|error| internal(&error))?;
        // A link to set another was for who did not know it.
        let voided = self.mail.void(&account.id).await;
        voided.map_err(|error| internal(&error))?;
        self.tell(account, &Letter::PasswordChanged).await
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
        let act = self.dashboard.act();
        let renamed = act.accounts.rename(&self.account.id, &name);
        renamed.await.map_err(|error| match error {
            RenameError::TooLong { max } => {
                Problem::field("name", format!("Use at most {max} characters."))
            }
            RenameError::Store(_) => internal(&error),
        })?;
        let event = self.event(Action::AccountRenamed);
        let event = event.changed("name", self.account.name.as_str(), name);
        act.done(event).await?;
        self.done("name");
        Ok(())
    }

    async fn change_password(&self, current: String, new: String) -> Result<(), Problem> {
        let question = self.ask_password().await?;
        let changed = self.put_password(current, new).await;
        if let Ok(false) = changed {
            let event = self.event(Action::PasswordChanged).refused();
            self.record(event).await;
            let told = question.answered_wrong("current_password", WRONG_PASSWORD);
            return Err(told.await);
        }
        question.does_not_count().await?;
        changed?;
        // This one has ended too, and goes on under an id that nobody has seen.
        sessions::renew(&self.visit)
            .await
            .map_err(|error| internal(&error))?;
        self.dashboard.remember(&self.account.id, None).await?;
        self.done("password");
        Ok(())
    }

    async fn end_session(&self, id: String) -> Result<(), Problem> {
        let known = self.sessions().await?;
        let browser = known.into_iter().find(|session| session.id == id);
        let browser = browser.map(|session| session.browser).unwrap_or_default();
        let act = self.dashboard.act();
        let ended = act.sessions.end(&self.account.id, &id).await;
        if !ended.map_err(|error| internal(&error))? {
            return Err(Problem::new("This session has ended already."));
        }
        let event = self.event(Action::SessionEnded).target(id, browser);
        act.done(event).await?;
        self.done("session");
        Ok(())
    }

    async fn end_other_sessions(&self) -> Result<(), Problem> {
        let act = self.dashboard.act();
        let ended = act.sessions.end_others(&self.account.id, self.session);
        let ended = ended.await.map_err(|error| internal(&error))?;
        let event = self.event(Action::SessionEnded).told("others", ended);
        act.done(event).await?;
        self.done("sessions");
        Ok(())
    }

    async fn keep_log(&self, days: u32) -> Result<(), Problem> {
        let act = self.dashboard.act();
        let kept = act.accounts.keep_ledger(&self.account.id, days);
        if !kept.await.map_err(|error| internal(&error))? {
            let told = "Choose one of the times that are offered.";
            return Err(Problem::field("days", told));
        }
        let event = self.event(Action::LogKeptFor);
        let event = event.changed("days", self.account.retention_days, days);
        act.done(event).await?;
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
        let mail = &self.dashboard.mail;
        let question = self.ask().await?;
        let mails = mail.ids_of(&self.account.id).await;
        let mails = mails.map_err(|error| internal(&error))?;
        let deleted = self.delete(&email, password).await;
        if let Ok(false) = deleted {
            let event = self.event(Action::AccountDeleted).refused();
            self.record(event).await;
            return Err(question.answered_wrong("password", WRONG_PASSWORD).await);
        }
        question.does_not_count().await?;
        deleted?;
        mail.erase(&mails).await;
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
