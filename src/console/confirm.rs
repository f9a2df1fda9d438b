//! Proofs of who is there: a password or a code, once signed in, for what wants a fresh one, and at the door.

use app::console::{ConfirmConsole, Confirmation, Confirmed, Problem, Wanted, WayOut, is_local};
use async_trait::async_trait;
use tower_sessions::Session;

use super::account::AccountConsole;
use super::{Dashboard, held_back, internal};
use crate::accounts::Password;
use crate::audit::{Action, Event};
use crate::ids::AccountId;
use crate::second_factor::Answer;
use crate::sessions;
use crate::throttle::Purpose;

/// A question for a proof, which a session may answer wrongly a few times only. Whoever takes a password or a code of
/// somebody who is not wholly trusted yet asks one first: here is the place for what else holds guessing back.
#[must_use = "a try is taken: say what the answer was"]
pub(super) struct Question<'a> {
    store: &'a sessions::Store,
    session: &'a Session,
    /// Where somebody is signed in, their account's tries are counted too, in whichever session.
    account: Option<&'a AccountConsole>,
    /// How often it may be asked after this.
    left: i64,
}

impl<'a> Question<'a> {
    pub(super) async fn ask(
        dashboard: &'a Dashboard,
        session: &'a Session,
    ) -> Result<Self, Problem> {
        let store = &dashboard.sessions;
        let left = store.take_try(session).await;
        match left.map_err(|error| internal(&error))? {
            Some(left) => Ok(Question {
                store,
                session,
                account: None,
                left,
            }),
            None => Err(over()),
        }
    }

    /// The answer did not matter, or was right: the try does not count.
    pub(super) async fn does_not_count(self) -> Result<(), Problem> {
        if let Some(console) = self.account {
            let (throttle, account) = (&console.dashboard.throttle, &console.account.id);
            let given_back = throttle.give_back(Purpose::Confirmation, account).await;
            given_back.map_err(|error| internal(&error))?;
        }
        let given_back = self.store.give_back_try(self.session).await;
        given_back.map_err(|error| internal(&error))
    }

    /// What to say to a wrong answer in `field`. The last one ends the session.
    pub(super) async fn answered_wrong(self, field: &str, told: &str) -> Problem {
        let left = match self.left {
            0 => {
                return match sessions::sign_out(self.session).await {
                    Ok(()) => over(),
                    Err(error) => internal(&error),
                };
            }
            1 => "1 try is left.".to_owned(),
            left => format!("{left} tries are left."),
        };
        Problem::field(field, format!("{told} {left}"))
    }
}

fn over() -> Problem {
    Problem {
        way_out: WayOut::SignIn,
        ..Problem::new("That was wrong too often. Sign in again.")
    }
}

pub(super) const WRONG_PASSWORD: &str = "This is not your password.";

/// What to say to a code that is not taken, if it is not.
pub(super) fn wrong_code(answer: Answer) -> Option<&'static str> {
    match answer {
        Answer::Code | Answer::Recovery => None,
        Answer::Wrong => Some(
            "This code is not right, or was used before. Take the next one that your app shows.",
        ),
        Answer::TooMany => Some(
            "Too many codes for this account were wrong. Use a recovery code, or wait for up to an hour.",
        ),
    }
}

impl Dashboard {
    /// Takes what was typed as a code; a recovery code is `used` with that.
    pub(super) async fn take_code(
        &self,
        account: &AccountId,
        typed: &str,
        used: Event,
    ) -> Result<Answer, Problem> {
        let act = self.act();
        let taken = act.second_factors.take(account, typed).await;
        let taken = taken.map_err(|error| internal(&error))?;
        act.done((taken == Answer::Recovery).then_some(used))
            .await?;
        Ok(taken)
    }
}

impl Confirmed for AccountConsole {}

impl AccountConsole {
    /// Before a password or a code is taken of somebody who is signed in: whoever has taken their session may not guess it.
    pub(super) async fn ask(&self) -> Result<Question<'_>, Problem> {
        let throttle = &self.dashboard.throttle;
        let taken = throttle.take(Purpose::Confirmation, &self.account.id);
        taken.await.map_err(held_back)?;
        let question = Question::ask(&self.dashboard, &self.visit).await?;
        Ok(Question {
            account: Some(self),
            ..question
        })
    }

    /// As [`Self::ask`], where the password is all that the form holds: with a second factor it is not enough by itself.
    pub(super) async fn ask_password(&self) -> Result<Question<'_>, Problem> {
        let now = self.dashboard.clock.now();
        let is_confirmed = sessions::is_confirmed(&self.visit, now).await;
        let is_confirmed = is_confirmed.map_err(|error| internal(&error))?;
        if !is_confirmed && self.wanted().await? == Wanted::Code {
            return Err(Problem::unconfirmed());
        }
        self.ask().await
    }

    async fn wanted(&self) -> Result<Wanted, Problem> {
        let standing = self.dashboard.second_factors.standing(&self.account.id);
        let standing = standing.await.map_err(|error| internal(&error))?;
        Ok(match standing {
            Some(_) => Wanted::Code,
            None => Wanted::Password,
        })
    }

    pub(super) async fn is_password(&self, typed: String) -> Result<bool, Problem> {
        let accounts = &self.dashboard.accounts;
        let knows = accounts.knows_password(&self.account, Password::new(typed));
        knows.await.map_err(|error| internal(&error))
    }

    /// Takes a code; what to say where it is wrong.
    pub(super) async fn wrong_code(&self, typed: &str) -> Result<Option<&'static str>, Problem> {
        let used = self.event(Action::RecoveryCodeUsed);
        let taken = self.dashboard.take_code(&self.account.id, typed, used);
        Ok(wrong_code(taken.await?))
    }
}

#[async_trait]
impl ConfirmConsole for AccountConsole {
    async fn confirmation(&self) -> Result<Confirmation, Problem> {
        Ok(Confirmation {
            email: self.account.email.clone(),
            wanted: self.wanted().await?,
        })
    }

    async fn confirm(&self, answer: String, next: Option<String>) -> Result<(), Problem> {
        let question = self.ask().await?;
        let wrong = match self.wanted().await? {
            Wanted::Password => (!self.is_password(answer).await?).then_some(WRONG_PASSWORD),
            Wanted::Code => self.wrong_code(&answer).await?,
        };
        let event = self.event(Action::SessionConfirmed);
        if let Some(told) = wrong {
            self.record(event.refused()).await;
            return Err(question.answered_wrong("answer", told).await);
        }
        question.does_not_count().await?;
        self.dashboard.record_first(event).await?;
        sessions::confirm(&self.visit, self.dashboard.clock.now())
            .await
            .map_err(|error| internal(&error))?;
        if let Some(next) = next.filter(|next| is_local(next)) {
            leptos_axum::redirect(&next);
        }
        Ok(())
    }
}
