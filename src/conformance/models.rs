//! What the worker lists, read as the pool reads it.

use serde_json::Value;
use wire::{ModelList, Task};

use super::client::Answer;
use super::report::Found;
use crate::print::count;

/// What is known of a model.
#[derive(Clone, Debug)]
pub(super) struct Card {
    pub(super) id: String,
    /// `None` where the worker does not say.
    tasks: Option<Vec<Task>>,
    /// Tokens of a prompt and its answer together.
    pub(super) context: Option<u64>,
}

impl Card {
    pub(super) fn may(&self, task: Task) -> bool {
        self.tasks
            .as_ref()
            .is_none_or(|tasks| tasks.contains(&task))
    }

    pub(super) fn claims(&self, task: Task) -> bool {
        self.tasks.is_some() && self.may(task)
    }
}

pub(super) struct Models {
    pub(super) found: Found,
    pub(super) cards: Vec<Card>,
}

/// The models in `answer`, or only the one that was `asked` for.
pub(super) fn read(answer: &Answer, asked: Option<&str>) -> Models {
    let (found, mut cards) = list(answer);
    if let Some(asked) = asked {
        cards.retain(|card| card.id == asked);
        if cards.is_empty() {
            cards.push(Card {
                id: asked.to_owned(),
                tasks: None,
                context: None,
            });
        }
    }
    Models { found, cards }
}

fn list(answer: &Answer) -> (Found, Vec<Card>) {
    if !answer.is_success() {
        return (Found::no(answer.said()), vec![]);
    }
    let list: ModelList = match serde_json::from_slice(&answer.bytes) {
        Ok(list) => list,
        Err(error) => return (Found::no(format!("not a list of models: {error}")), vec![]),
    };
    let raw = &answer.json["data"];
    let cards = list.data.into_iter().enumerate().map(|(at, model)| Card {
        context: model
            .max_model_len
            .map(u64::from)
            .or_else(|| llama_context(&raw[at])),
        id: model.id,
        tasks: model.tasks,
    });
    let cards: Vec<_> = cards.collect();
    let ids: Vec<_> = cards.iter().map(|card| card.id.as_str()).collect();
    let found = match ids.as_slice() {
        [] => Found::no("it lists none: load one"),
        ids => Found::ok(format!("{}: {}", count(ids.len(), "model"), ids.join(", "))),
    };
    (found, cards)
}

/// What llama.cpp gives to each of its slots.
fn llama_context(model: &Value) -> Option<u64> {
    model["meta"]["n_ctx"].as_u64()
}
