//! The door: sign up, sign in, sign out.

use app::console::{Door, Entry, Problem, WayOut, is_local};
use async_trait::async_trait;
use axum::http::{HeaderName, HeaderValue};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use tower_sessions::Session;

use super::confirm::{Question, wrong_code};
use super::record::{client, event_of, party};
use super::set_up::SET_UP;
use super::{
    CODE, Dashboard, SIGN_IN, held_back, internal, second_factor, session_account, with_next,
};
use crate::accounts::{Account, CreateError, Password, Weakness};
use crate::audit::{Action, Event};
use crate::mail::Letter;
use crate::sessions::{self, SessionError, Visitor};
use crate::throttle::{Candidate, Device, Purpose};

pub(super) struct SiteDoor {
    pub(super) dashboard: Dashboard,
    pub(super) session: Session,
    pub(super) visitor: Visitor,
    /// By which the browser is known again.
    device: Option<Device>,
    /// Whether the answer will be a redirect, because a browser posts a form by itself.
    pub(super) posted_without_wasm: bool,
}

impl SiteDoor {
    pub(super) fn new(
        dashboard: Dashboard,
        session: Session,
        visitor: Visitor,
        device: Option<Device>,
        posted_without_wasm: bool,
    ) -> Self {
        SiteDoor {
            device,
            dashboard,
            session,
            visitor,
            posted_without_wasm,
        }
    }

    /// Has a link mailed to a `new` account; where there was one already, its owner hears of that.
    fn write_to(&self, email: String, new: Option<Account>) {
        let Dashboard { accounts, mail, .. } = self.dashboard.clone();
        self.dashboard.later(async move {
            let (account, letter) = match new {
                Some(account) => (Some(account), Letter::Verify),
                None => (accounts.find_by_email(&email).await?, Letter::AccountExists),
            };
            if let Some(account) = account {
                mail.post(&account.id, &account.email, &letter).await?;
            }
            Ok(())
        });
    }

    /// Lets in to `next` whoever knows the account's password: at once, or by way of its second factor.
    async fn admit(&self, account: &Account, next: Option<&str>) -> Result<Entry, Problem> {
        let factors = &self.dashboard.second_factors;
        let standing = factors.standing(&account.id).await;
        let is_on = standing.map_err(|error| internal(&error))?.is_some();
        let is_asked = factors.is_asked(account.is_admin);
        if !is_on && !is_asked {
            self.dashboard.metrics.signed_in(true);
            self.enter(account, next.unwrap_or("/")).await?;
            return Ok(Entry::SignedIn);
        }
        let now = self.dashboard.clock.now();
        let half = sessions::sign_in_half(&self.session, &account.id, now, &self.visitor);
        self.begin(account, half, None).await?;
        let page = match is_on {
            true => CODE,
            false => {
                second_factor::begin(&self.dashboard, &self.session).await?;
                SET_UP
            }
        };
        leptos_axum::redirect(&with_next(page, next));
        Ok(Entry::Half)
    }

    async fn enter(&self, account: &Account, to: &str) -> Result<(), Problem> {
        self.begin_session(account).await?;
        leptos_axum::redirect(to);
        Ok(())
    }

    pub(super) async fn begin_session(&self, account: &Account) -> Result<(), Problem> {
        let (dashboard, session) = (&self.dashboard, &self.session);
        let now = dashboard.clock.now();
        let event = self.event(account, Action::SessionStarted);
        let sign_in = sessions::sign_in(session, &account.id, now, &self.visitor);
        self.begin(account, sign_in, Some(event)).await?;
        dashboard.remember(&account.id, self.device.clone()).await?;
        Ok(())
    }

    /// Begins a session of `account`, as long as that is proved by what it was proved by: whoever replaces that ends the
    /// sessions that there are, of which this is one by then, or it is none.
    async fn begin(
        &self,
        account: &Account,
        sign_in: impl Future<Output = Result<(), SessionError>>,
        event: Option<Event>,
    ) -> Result<(), Problem> {
        let act = self.dashboard.act();
        let is_proved = act.accounts.is_still_proved(account).await;
        if !is_proved.map_err(|error| internal(&error))? {
            return Err(Problem::new(
                "The password or the second factor of this account was changed just now. Sign in again.",
            ));
        }
        let begun = sessions::within(&act.db, async {
            sign_in.await?;
            sessions::save(&self.session).await
        });
        let begun = match begun.await {
            Ok(()) => act.done(event).await,
            Err(error) => Err(internal(&error)),
        };
        if begun.is_err() {
            sessions::forget(&self.session).await;
        }
        begun
    }

    /// The account that the two belong to. Guesses are counted and held back, whether or not there is such an account.
    async fn verify(&self, email: &str, password: String) -> Result<Option<Account>, Problem> {
        let Dashboard {
            accounts, throttle, ..
        } = &self.dashboard;
        let owner = accounts.find_by_email(email).await;
        let owner = owner.map_err(|error| internal(&error))?;
        let candidate = Candidate {
            email,
            account: owner.as_ref().map(|owner| &owner.id),
            from: &self.visitor.ip.into(),
            device: self.device.as_ref(),
        };
        let attempt = throttle.sign_in(candidate).await.map_err(held_back)?;
        let verified = accounts.verify_password(email, Password::new(password));
        let verified = verified.await.map_err(|error| internal(&error))?;
        if verified.is_some() {
            attempt
                .succeeded()
                .await
                .map_err(|error| internal(&error))?;
        }
        Ok(verified)
    }

    /// Said to nobody but who knows the password.
    pub(super) fn check_may_enter(&self, account: &Account) -> Result<(), Problem> {
        if let Some(suspension) = &account.suspended {
            self.record_refusal(account.email.clone());
            return Err(Problem::new(format!(
                "This account is suspended: {} Ask the administrators of this service to resume it.",
                ended(&suspension.reason)
            )));
        }
        if !account.is_verified && self.dashboard.mail.is_sent() {
            return Err(Problem {
                way_out: WayOut::Verify,
                ..Problem::new(
                    "Your e-mail address is not verified yet. Follow the link that we have mailed to you, then sign in.",
                )
            });
        }
        Ok(())
    }

    /// Whoever has shown to be `account` does `action` to it.
    pub(super) fn event(&self, account: &Account, action: Action) -> Event {
        event_of(account, &self.visitor, action)
    }

    /// Beside the answer, which must not take longer for an address that has an account. One that has none is in the metrics
    /// alone: what strangers make up would fill the log.
    fn record_refusal(&self, email: String) {
        let (dashboard, client) = (self.dashboard.clone(), client(&self.visitor));
        self.dashboard.tasks.spawn(async move {
            match dashboard.accounts.find_by_email(&email).await {
                Ok(Some(account)) => {
                    let party = party(&account);
                    dashboard.audit.sign_in_refused(party, client).await;
                }
                Ok(None) => tracing::info!("a sign-in to no account was refused"),
                Err(error) => drop(internal(&error)),
            }
        });
    }
}

#[async_trait]
impl Door for SiteDoor {
    async fn sign_up(&self, email: String, password: String) -> Result<bool, Problem> {
        let Dashboard { throttle, mail, .. } = &self.dashboard;
        let (purpose, address) = (Purpose::SignUp, self.visitor.ip);
        throttle.take(purpose, address).await.map_err(held_back)?;
        // The password is hashed for an address that has an account too, and a mail written: what differs is rows.
        let act = self.dashboard.act();
        let created = act.accounts.sign_up(&email, Password::new(password)).await;
        match &created {
            Ok(account) => {
                let event = self.event(account, Action::AccountCreated);
                act.done(event).await?;
            }
            Err(_) => drop(act),
        }
        // A form that has to be mended costs nothing; that an address is taken is told only so often.
        if matches!(
            created,
            Err(CreateError::EmailInvalid | CreateError::Password(_))
        ) {
            let given_back = throttle.give_back(purpose, address).await;
            given_back.map_err(|error| internal(&error))?;
        }
        if mail.is_sent() && matches!(created, Ok(_) | Err(CreateError::EmailTaken)) {
            self.write_to(email, created.ok());
            leptos_axum::redirect(&self.dashboard.check_mail("sign-up"));
            return Ok(false);
        }
        let account = created.map_err(|error| match error {
            CreateError::EmailInvalid => invalid_address("email"),
            CreateError::EmailTaken => Problem::field(
                "email",
                "This e-mail address has an account already. Sign in instead.",
            ),
            CreateError::Password(weakness) => weak_password("password", weakness),
            error @ (CreateError::Hash(_) | CreateError::Store(_)) => internal(&error),
        })?;
        self.write_to(email, Some(account.clone()));
        Ok(self.admit(&account, None).await? == Entry::SignedIn)
    }

    async fn sign_in(
        &self,
        email: String,
        password: String,
        next: Option<String>,
    ) -> Result<Entry, Problem> {
        let Some(account) = self.verify(&email, password).await? else {
            self.dashboard.metrics.signed_in(false);
            self.record_refusal(email);
            return Err(Problem::field(
                "password",
                "E-mail address and password do not belong together. Check both, or create an account.",
            ));
        };
        self.check_may_enter(&account)?;
        let next = next.filter(|next| is_local(next));
        self.admit(&account, next.as_deref()).await
    }

    async fn enter_code(&self, code: String, next: Option<String>) -> Result<(), Problem> {
        let half = sessions::half_signed_in(&self.session).await;
        let account = match half.map_err(|error| internal(&error))? {
            Some(id) => self.dashboard.accounts.find(&id).await,
            None => Ok(None),
        };
        let account = account
            .map_err(|error| internal(&error))?
            .ok_or_else(too_late)?;
        let question = Question::ask(&self.dashboard, &self.session).await?;
        let used = self.event(&account, Action::RecoveryCodeUsed);
        let taken = self.dashboard.take_code(&account.id, &code, used).await?;
        self.dashboard.metrics.signed_in(taken.is_right());
        if let Some(told) = wrong_code(taken) {
            self.record_refusal(account.email);
            return Err(question.answered_wrong("code", told).await);
        }
        self.check_may_enter(&account)?;
        let next = next.filter(|next| is_local(next));
        self.enter(&account, next.as_deref().unwrap_or("/")).await
    }

    async fn sign_out(&self) -> Result<(), Problem> {
        // Whoever cannot be told any more is signed out all the same.
        let account = session_account(&self.dashboard, &self.session).await;
        let account = account.ok().flatten();
        let act = self.dashboard.act();
        let ended = sessions::within(&act.db, sessions::end(&self.session)).await;
        ended.map_err(|error| internal(&error))?;
        act.done(account.map(|account| self.event(&account, Action::SessionEnded)))
            .await?;
        sessions::sign_out(&self.session)
            .await
            .map_err(|error| internal(&error))?;
        // What the tab has kept, such as a conversation, is nobody else's either (OWASP ASVS 5.0, 14.3.1).
        if let Some(response) = use_context::<ResponseOptions>() {
            let storage = HeaderValue::from_static("\"storage\"");
            response.insert_header(HeaderName::from_static("clear-site-data"), storage);
        }
        leptos_axum::redirect(SIGN_IN);
        Ok(())
    }
}

/// With a mark at its end, as a sentence has it.
fn ended(text: &str) -> String {
    match text.ends_with(['.', '!', '?']) {
        true => text.to_owned(),
        false => format!("{text}."),
    }
}

pub(super) fn invalid_address(field: &str) -> Problem {
    Problem::field(field, "Enter an e-mail address, such as you@company.com.")
}

/// For a code that came without its password, or too long after it.
pub(super) fn too_late() -> Problem {
    Problem {
        way_out: WayOut::SignIn,
        ..Problem::new("The password was too long ago. Sign in again.")
    }
}

/// Why what was typed in `field` cannot become a password.
pub(super) fn weak_password(field: &str, weakness: Weakness) -> Problem {
    Problem::field(
        field,
        match weakness {
            Weakness::TooShort { min } => {
                format!("Use at least {min} characters. A few words in a row are good.")
            }
            Weakness::TooLong { max } => format!("Use at most {max} characters."),
            Weakness::Common => {
                "This one is among the first that are guessed. A few words in a row are good.".to_owned()
            }
            Weakness::Known => {
                "This is your e-mail address or our name, which anyone may guess. Choose something else."
                    .to_owned()
            }
        },
    )
}
