//! What is done by mail. What a stranger asks for is looked up and written after the answer, in a task of its own: neither
//! the answer nor the time it takes tells whether an account is there (OWASP Forgot Password cheat sheet; ASVS 5.0, 6.3.8).

use std::error::Error;
use std::future::Future;

use app::console::{AddressConsole, Problem, Recovery};
use async_trait::async_trait;
use leptos::server_fn::error::ServerFnUrlError;
use url::form_urlencoded;

use super::account::AccountConsole;
use super::confirm::WRONG_PASSWORD;
use super::record::{Act, client, party};
use super::site::{SiteDoor, invalid_address, weak_password};
use super::{CHECK_MAIL, Dashboard, held_back, internal};
use crate::accounts::{self, Account, ChangeAddressError, Password};
use crate::audit::{Action, Actor, Event};
use crate::ids::AccountId;
use crate::mail::{Bearer, Letter, MailError, Purpose};
use crate::throttle;

/// What went wrong behind an answer that was already given.
type Failure = Box<dyn Error + Send + Sync>;

impl Dashboard {
    /// Does `work` after the answer.
    pub(super) fn later(&self, work: impl Future<Output = Result<(), Failure>> + Send + 'static) {
        self.tasks.spawn(async move {
            if let Err(error) = work.await {
                tracing::error!(error = &*error as &dyn Error, "a mail could not be written");
            }
        });
    }

    /// The page that says to look into one's mail.
    pub(super) fn check_mail(&self, what: &str) -> String {
        let place = if self.mail.is_sent() { "" } else { "&outbox" };
        format!("{CHECK_MAIL}?for={what}{place}")
    }

    /// The account that a link was mailed to, if that is still its address.
    async fn holder(&self, bearer: &Bearer) -> Result<Option<Account>, Problem> {
        let account = self.accounts.find(&bearer.account).await;
        let account = account.map_err(|error| internal(&error))?;
        Ok(account.filter(|account| account.email == bearer.address))
    }
}

impl Act {
    async fn redeem(&self, token: &str, purpose: Purpose) -> Result<Bearer, Problem> {
        let redeemed = self.mail.redeem(token, purpose).await;
        let redeemed = redeemed.map_err(|error| internal(&error))?;
        redeemed.ok_or_else(|| match purpose {
            Purpose::ChangeEmail => run_out("/settings?email"),
            Purpose::ResetPassword => run_out("/forgot-password"),
            _ => run_out("/verify-email"),
        })
    }
}

#[async_trait]
impl Recovery for SiteDoor {
    async fn forgot_password(&self, email: String) -> Result<(), Problem> {
        let address = accounts::address(&email).ok_or_else(|| invalid_address("email"))?;
        self.slow_down(throttle::Purpose::ForgottenPassword).await?;
        let (dashboard, client) = (self.dashboard.clone(), client(&self.visitor));
        self.dashboard.later(async move {
            if let Some(account) = dashboard.accounts.find_by_email(&address).await? {
                let act = dashboard.act();
                let mail = &act.mail;
                let written = mail.post(&account.id, &account.email, &Letter::ResetPassword);
                if written.await? {
                    let asked = Event::new(Action::PasswordResetAsked, Actor::Stranger);
                    let asked = asked.about(party(&account)).client(&client);
                    act.done(asked).await?;
                }
            }
            Ok(())
        });
        leptos_axum::redirect(&self.dashboard.check_mail("reset"));
        Ok(())
    }

    async fn reset_password(&self, token: String, password: String) -> Result<(), Problem> {
        let reset = self.reset(&token, Password::new(password)).await;
        self.or_back(
            reset,
            "/api/reset-password",
            &["/reset-password?token=", &token],
        )?;
        leptos_axum::redirect("/sign-in?reset");
        Ok(())
    }

    async fn resend_verification(&self, email: String) -> Result<(), Problem> {
        let address = accounts::address(&email).ok_or_else(|| invalid_address("email"))?;
        self.slow_down(throttle::Purpose::Verification).await?;
        let dashboard = self.dashboard.clone();
        self.dashboard.later(async move {
            let found = dashboard.accounts.find_by_email(&address).await?;
            if let Some(account) = found.filter(|account| !account.is_verified) {
                let mail = dashboard.mail;
                mail.post(&account.id, &account.email, &Letter::Verify)
                    .await?;
            }
            Ok(())
        });
        leptos_axum::redirect(&self.dashboard.check_mail("verify"));
        Ok(())
    }

    async fn verify_email(&self, token: String) -> Result<(), Problem> {
        let verified = self.verify_address(&token).await;
        let account = self.or_back(
            verified,
            "/api/verify-email",
            &["/verify-email?token=", &token],
        )?;
        self.arrive(&account, "verified").await;
        Ok(())
    }

    async fn confirm_email(&self, token: String) -> Result<(), Problem> {
        let confirmed = self.confirm(&token).await;
        let place = ["/verify-email?change&token=", &token];
        let account = self.or_back(confirmed, "/api/confirm-email", &place)?;
        self.arrive(&account, "confirmed").await;
        Ok(())
    }
}

impl SiteDoor {
    /// One client has only so many mails sent, whomever they are for.
    async fn slow_down(&self, purpose: throttle::Purpose) -> Result<(), Problem> {
        let taken = self.dashboard.throttle.take(purpose, self.visitor.ip).await;
        taken.map_err(held_back)
    }

    /// The password is looked at before the link is used up, so that a weak one can be mended; and no password is hashed
    /// for who has no link.
    async fn reset(&self, token: &str, new: Password) -> Result<(), Problem> {
        let Dashboard { mail, accounts, .. } = &self.dashboard;
        let bearer = mail.find_link(token, Purpose::ResetPassword).await;
        let bearer = bearer.map_err(|error| internal(&error))?;
        let bearer = bearer.ok_or_else(|| run_out("/forgot-password"))?;
        let account = self.dashboard.holder(&bearer).await?;
        let account = account.ok_or_else(|| run_out("/forgot-password"))?;
        accounts
            .check_password(&account, &new)
            .map_err(|weakness| weak_password("password", weakness))?;
        let act = self.dashboard.act();
        // First, since hashing takes long: of many who have the link, all but one find it used up, and have set nothing.
        let set = act.accounts.set_password(&account, new).await;
        set.map_err(|error| internal(&error))?;
        act.redeem(token, Purpose::ResetPassword).await?;
        act.password_changed(&account).await?;
        act.done(self.event(&account, Action::PasswordReset)).await
    }

    async fn verify_address(&self, token: &str) -> Result<AccountId, Problem> {
        let act = self.dashboard.act();
        let bearer = act.redeem(token, Purpose::Verify).await?;
        let account = act.holder(&bearer).await?;
        let account = account.ok_or_else(|| run_out("/verify-email"))?;
        let verified = act.accounts.verify_address(&account.id, &account.email);
        if !verified.await.map_err(|error| internal(&error))? {
            return Err(run_out("/verify-email"));
        }
        act.done(self.event(&account, Action::EmailVerified))
            .await?;
        Ok(account.id)
    }

    /// Links that were mailed to the address of before are void from then on.
    async fn confirm(&self, token: &str) -> Result<AccountId, Problem> {
        let act = self.dashboard.act();
        let Bearer { account, address } = act.redeem(token, Purpose::ChangeEmail).await?;
        let found = act.accounts.find(&account).await;
        let before = found.map_err(|error| internal(&error))?;
        let before = before.ok_or_else(|| run_out("/settings?email"))?;
        let changed = act.accounts.change_address(&before, &address).await;
        changed.map_err(|error| match error {
            ChangeAddressError::Taken => Problem::new(
                "Another account has this e-mail address by now. Sign in to that one, or choose another address.",
            ),
            ChangeAddressError::Stale => run_out("/settings?email"),
            ChangeAddressError::Store(_) => internal(&error),
        })?;
        let voided = act.mail.void(&account).await;
        voided.map_err(|error| internal(&error))?;
        act.tell(&before, &Letter::EmailChanged { new: &address })
            .await?;
        let event = self.event(&before, Action::EmailChanged);
        let event = event.changed("email", before.email.as_str(), address.as_str());
        act.done(event).await?;
        Ok(account)
    }

    /// Leads on to where it is told that `what` was done to `account`: its settings, where it is the one signed in here.
    async fn arrive(&self, account: &AccountId, what: &str) {
        let current = super::current_account(&self.dashboard, &self.session).await;
        let place = match current {
            Ok(Some(current)) if current.id == *account => format!("/settings?done={what}"),
            _ => format!("/sign-in?{what}"),
        };
        leptos_axum::redirect(&place);
    }

    /// Pages with a secret in their address have browsers tell nobody where they come from, not even us: a form that is
    /// posted without scripts could not lead back to them by itself.
    fn or_back<T>(
        &self,
        done: Result<T, Problem>,
        function: &str,
        [page, token]: &[&str; 2],
    ) -> Result<T, Problem> {
        if let Err(problem) = &done
            && self.posted_without_wasm
        {
            let token: String = form_urlencoded::byte_serialize(token.as_bytes()).collect();
            let back = ServerFnUrlError::new(function, problem.clone());
            // Of the address, only what stands behind the host is used.
            let back = back.to_url(&format!("http://localhost{page}{token}"));
            if let Ok(back) = back {
                leptos_axum::redirect(&back[url::Position::BeforePath..]);
            }
        }
        done
    }
}

#[async_trait]
impl AddressConsole for AccountConsole {
    async fn mail_verification(&self) -> Result<(), Problem> {
        let Account {
            id,
            email,
            is_verified,
            ..
        } = &self.account;
        if !is_verified {
            let posted = self.dashboard.mail.post(id, email, &Letter::Verify).await;
            posted.map_err(|error| internal(&error))?;
        }
        leptos_axum::redirect("/settings?done=mailed");
        Ok(())
    }

    async fn change_email(&self, email: String, password: String) -> Result<(), Problem> {
        let new = accounts::address(&email).ok_or_else(|| invalid_address("new_email"))?;
        if new == self.account.email {
            let told = "This is your address already. Enter another.";
            return Err(Problem::field("new_email", told));
        }
        let question = self.ask_password().await?;
        let event = self
            .event(Action::EmailChangeAsked)
            .told("email", new.as_str());
        if !self.is_password(password).await? {
            self.record(event.refused()).await;
            let told = question.answered_wrong("current_password", WRONG_PASSWORD);
            return Err(told.await);
        }
        question.does_not_count().await?;
        let act = self.dashboard.act();
        let mail = &act.mail;
        let posted: Result<(), MailError> = async {
            // Whether another account has the address is told to its owner alone, who gets the link.
            if mail
                .post(&self.account.id, &new, &Letter::ChangeEmail)
                .await?
            {
                let notice = Letter::EmailChanging { new: &new };
                mail.post(&self.account.id, &self.account.email, &notice)
                    .await?;
            }
            Ok(())
        }
        .await;
        posted.map_err(|error| internal(&error))?;
        act.done(event).await?;
        self.done("email");
        Ok(())
    }
}

/// For a link that nobody has mailed, that is used up or too old: these are told apart to nobody.
fn run_out(again: &str) -> Problem {
    Problem::new(match again {
        "/forgot-password" => {
            "This link is used up, replaced by a newer one, or too old. Ask for a new one below."
        }
        _ => "This link is used up, replaced by a newer one, or too old. Have it sent again below.",
    })
}
