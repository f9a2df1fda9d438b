//! Acts that want a fresh proof of who is there. They are verbs of [`Confirmed`] and of [`ConfirmedAdmin`], which only a
//! request has whose session was confirmed lately: a server function cannot forget to ask.

use std::sync::Arc;

use async_trait::async_trait;
use leptos::prelude::use_context;
use serde::{Deserialize, Serialize};

use super::{
    AccountActs, FactorActs, KeyActs, MailActs, Problem, SettingsActs, WorkerActs, admin, console,
};

/// What the account does after a fresh proof.
pub trait Confirmed: KeyActs + SettingsActs + FactorActs {}

/// What administrators do after a fresh proof.
pub trait ConfirmedAdmin: WorkerActs + AccountActs + MailActs {}

/// For whoever is signed in and has lately proved it.
pub fn confirmed() -> Result<Arc<dyn Confirmed>, Problem> {
    console()?;
    use_context().ok_or_else(Problem::unconfirmed)
}

/// For an administrator who has lately proved to be one.
pub fn confirmed_admin() -> Result<Arc<dyn ConfirmedAdmin>, Problem> {
    admin()?;
    use_context().ok_or_else(Problem::unconfirmed)
}

/// The way to a fresh proof.
#[async_trait]
pub trait ConfirmConsole: Send + Sync {
    /// What is asked for.
    async fn confirmation(&self) -> Result<Confirmation, Problem>;
    /// Takes the answer, goes on under a new session id, and moves on to `next` (a path of this site) where that is given.
    async fn confirm(&self, answer: String, next: Option<String>) -> Result<(), Problem>;
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// For password managers.
    pub email: String,
    pub wanted: Wanted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    Password,
    /// Of the second factor: the app's code, or a recovery code.
    Code,
}
