//! Whether an endpoint is served: each is asked a good request before its cases are tried.

use serde_json::Value;
use wire::Task;

use super::client::{Answer, Client};
use super::models::Card;
use super::report::{Found, Verdict};
use crate::print::sentence;

/// Of a worker with many models, as many are tried.
const MOST_TRIED: usize = 5;

pub(super) enum Door {
    Open { card: Card, answer: Answer },
    Closed(Found),
}

impl Door {
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Door::Open { .. })
    }

    pub(super) fn found(&self) -> Found {
        match self {
            Door::Open { card, .. } => Found::ok(format!("{} answers", card.id)),
            Door::Closed(found) => found.clone(),
        }
    }
}

/// Asks `path` with each model that may do `task`, until one gives an answer in which `fault` finds none.
pub(super) async fn knock(
    client: &Client,
    (path, task): (&str, Task),
    cards: &[Card],
    body: impl Fn(&str) -> Value,
    fault: impl Fn(&Answer) -> Option<&'static str>,
) -> Door {
    if cards.is_empty() {
        return Door::Closed(Found::unknown("no model is known: name one with --model"));
    }
    let mut worst = Found::not_served("no model says that it can");
    for card in cards.iter().filter(|card| card.may(task)).take(MOST_TRIED) {
        let found = match client.post(path, &body(&card.id)).await {
            Err(error) => Found::no(format!("{}: {}", card.id, sentence(&error))),
            Ok(answer) if answer.is_success() => match fault(&answer) {
                None => {
                    let card = card.clone();
                    return Door::Open { card, answer };
                }
                Some(fault) => Found::no(format!("{}: {fault}", card.id)),
            },
            Ok(answer) if !card.claims(task) && is_not_there(&answer) => {
                Found::not_served(answer.said())
            }
            Ok(answer) => Found::no(format!("{}: {}", card.id, answer.said())),
        };
        if worst.verdict == Verdict::NotServed {
            worst = found;
        }
    }
    Door::Closed(worst)
}

/// Whether this is how a worker says that it has no such endpoint, or not for its models.
fn is_not_there(answer: &Answer) -> bool {
    let said = answer.said().to_lowercase();
    match answer.status {
        404 | 405 | 501 => true,
        400 | 422 => said.contains("support"),
        _ => false,
    }
}
