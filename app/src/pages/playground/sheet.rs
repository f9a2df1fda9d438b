//! All that is set and said on this page, as this tab keeps it and a link carries it. No key is on it, and no account.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::chat::{Answer, Figures, State};
use super::fault::Fault;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sheet {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat: Option<ChatSheet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embeddings: Option<ShotSheet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rerank: Option<ShotSheet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moderation: Option<ShotSheet>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChatSheet {
    pub models: Vec<String>,
    pub system: String,
    pub temperature: f64,
    pub top_p: f64,
    pub max_tokens: f64,
    pub stop: String,
    pub seed: String,
    pub json: bool,
    pub draft: String,
    pub turns: Vec<TurnSheet>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TurnSheet {
    pub prompt: String,
    pub answers: Vec<AnswerSheet>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnswerSheet {
    pub model: String,
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub figures: Option<Figures>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// What one of the modes holds that ask once and are answered whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShotSheet {
    pub model: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub query: String,
    pub texts: String,
}

impl AnswerSheet {
    pub fn of(answer: &Answer) -> Self {
        let (figures, stopped, failed) = match answer.state.get_untracked() {
            // Kept in the midst of an answer, the page goes, and with it the rest.
            State::Waiting(_) | State::Streaming { .. } => (Figures::default(), true, None),
            State::Complete(figures) => (figures, false, None),
            State::Stopped(figures) => (figures, true, None),
            State::Failed(fault, figures) => (figures, false, Some(fault.message)),
        };
        AnswerSheet {
            model: answer.model.clone(),
            text: answer.text.get_untracked(),
            figures: Some(figures),
            stopped,
            failed,
        }
    }

    pub fn state(self) -> State {
        let figures = self.figures.unwrap_or_default();
        match self.failed {
            Some(message) => State::Failed(Fault::new(message), figures),
            None if self.stopped => State::Stopped(figures),
            None => State::Complete(figures),
        }
    }
}
