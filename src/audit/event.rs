//! One act, as it is put together to be recorded.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::Action;
use crate::ids::AccountId;

/// Characters that are kept of what a client says of itself, and of any one text that was typed.
const MOST_AGENT: usize = 300;
const MOST_TEXT: usize = 300;

/// Who has done it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    Account(Party),
    /// Whoever runs `assisters admin` on the machine.
    Shell,
    /// The service by itself.
    System,
    /// Somebody who did not prove to be the account.
    Stranger,
}

/// An account, with its e-mail address as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    pub id: AccountId,
    pub email: String,
}

impl Party {
    pub fn new(id: &AccountId, email: &str) -> Self {
        Party {
            id: id.clone(),
            email: email.to_owned(),
        }
    }
}

/// What the act was done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub id: String,
    /// As it was.
    pub name: String,
}

/// Where the act came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    pub ip: Option<IpAddr>,
    /// What it calls itself.
    pub agent: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// It was tried, and was not allowed.
    Refused,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Refused => "refused",
        }
    }
}

/// An act to be recorded.
#[derive(Clone, Debug)]
#[must_use]
pub struct Event {
    pub(super) action: Action,
    pub(super) actor: Actor,
    pub(super) about: Option<Party>,
    pub(super) target: Option<Target>,
    pub(super) client: Client,
    pub(super) outcome: Outcome,
    pub(super) details: Map<String, Value>,
}

impl Event {
    /// `actor` has done `action`; what an account does is about itself unless it is said to be about another.
    pub fn new(action: Action, actor: Actor) -> Self {
        let about = match &actor {
            Actor::Account(party) => Some(party.clone()),
            _ => None,
        };
        Event {
            action,
            actor,
            about,
            target: None,
            client: Client::default(),
            outcome: Outcome::Done,
            details: Map::new(),
        }
    }

    /// The account that it concerns; `None` for what concerns the service.
    pub fn about(mut self, party: impl Into<Option<Party>>) -> Self {
        self.about = party.into();
        self
    }

    pub fn target(mut self, id: impl Into<String>, name: impl Into<String>) -> Self {
        self.target = Some(Target {
            id: cut(id.into(), MOST_TEXT),
            name: cut(name.into(), MOST_TEXT),
        });
        self
    }

    pub fn client(mut self, client: &Client) -> Self {
        self.client = Client {
            ip: client.ip,
            agent: cut(client.agent.clone(), MOST_AGENT),
        };
        self
    }

    pub fn refused(mut self) -> Self {
        self.outcome = Outcome::Refused;
        self
    }

    /// What else there is to know: never a secret.
    pub fn told(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), short(value.into()));
        self
    }

    /// What was `from` before and is `to` now; nothing where both are the same.
    pub fn changed(self, name: &str, from: impl Into<Value>, to: impl Into<Value>) -> Self {
        let (from, to) = (short(from.into()), short(to.into()));
        if from == to {
            return self;
        }
        self.told(name, json!({"from": from, "to": to}))
    }
}

fn short(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(cut(text, MOST_TEXT)),
        other => other,
    }
}

fn cut(text: String, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
