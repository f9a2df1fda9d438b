//! The conversation and the run of its next answer.

use leptos::prelude::*;
use leptos::reactive::owner::LocalStorage;
use leptos::task::spawn_local;
use wire::sse::Framer;
use wire::{ErrorBody, Role};

use super::answer::{Answer, Figures};
use super::settings::Settings;
use crate::browser::{self, Cancel, Lost, Reply};

/// The same router as `/v1`, for the browser's session in place of a key.
const ENDPOINT: &str = "/playground/v1/chat/completions";

/// One message. Its signals outlive the view that shows them, so a run may write to them to its end.
#[derive(Clone)]
pub struct Turn {
    pub id: usize,
    pub role: Role,
    pub text: ArcRwSignal<String>,
    pub state: ArcRwSignal<State>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum State {
    /// Sent; no text has come.
    #[default]
    Waiting,
    Streaming {
        first_text_ms: f64,
    },
    Complete(Figures),
    Stopped(Figures),
    Failed(Fault, Figures),
}

/// Why an answer did not come, or broke off.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub message: String,
    pub retry_after_s: Option<u64>,
    pub signed_out: bool,
}

impl Fault {
    fn new(message: impl Into<String>) -> Self {
        Fault {
            message: message.into(),
            retry_after_s: None,
            signed_out: false,
        }
    }
}

#[derive(Clone, Copy)]
pub struct Conversation {
    settings: Settings,
    turns: RwSignal<Vec<Turn>>,
    /// What stops the answer that is running; `None` while none is.
    running: RwSignal<Option<Cancel>, LocalStorage>,
    announcement: RwSignal<String>,
}

impl Conversation {
    pub fn new(settings: Settings) -> Self {
        Conversation {
            settings,
            turns: RwSignal::new(vec![]),
            running: RwSignal::new_local(None),
            announcement: RwSignal::new(String::new()),
        }
    }

    pub fn turns(&self) -> Vec<Turn> {
        self.turns.get()
    }

    pub fn is_running(&self) -> bool {
        self.running.read().is_some()
    }

    /// What to read out once an answer has come to its end.
    pub fn announcement(&self) -> String {
        self.announcement.get()
    }

    pub fn ask(&self, prompt: String) {
        self.push(Role::User, prompt, State::Complete(Figures::default()));
        self.run();
    }

    /// Asks again what was not answered.
    pub fn retry(&self) {
        self.turns.update(|turns| {
            if turns
                .last()
                .is_some_and(|turn| turn.role == Role::Assistant)
            {
                turns.pop();
            }
        });
        self.run();
    }

    pub fn stop(&self) {
        if let Some(cancel) = self.running.try_get_untracked().flatten() {
            cancel.cancel();
        }
    }

    pub fn clear(&self) {
        self.stop();
        self.turns.set(vec![]);
    }

    fn push(&self, role: Role, text: String, state: State) -> Turn {
        let id = self
            .turns
            .with_untracked(|turns| turns.last().map_or(0, |turn| turn.id + 1));
        let turn = Turn {
            id,
            role,
            text: ArcRwSignal::new(text),
            state: ArcRwSignal::new(state),
        };
        self.turns.update(|turns| turns.push(turn.clone()));
        turn
    }

    fn run(&self) {
        let Some(cancel) = Cancel::new() else { return };
        // An answer that never came is no part of the conversation.
        let said = self
            .turns
            .get_untracked()
            .into_iter()
            .map(|turn| (turn.role, turn.text.get_untracked()));
        let request = self
            .settings
            .request(said.filter(|(_, text)| !text.is_empty()));
        let turn = self.push(Role::Assistant, String::new(), State::Waiting);
        self.running.set(Some(cancel.clone()));
        self.announcement.set(String::new());
        let this = *self;
        spawn_local(async move {
            let body = serde_json::to_string(&request).unwrap_or_default();
            let ended = Run::new(turn.clone()).to_end(&body, &cancel).await;
            this.announcement.try_set(announce(&ended));
            turn.state.set(ended);
            this.running.try_set(None);
        });
    }
}

/// One request on its way.
struct Run {
    turn: Turn,
    answer: Answer,
    figures: Figures,
    sent_at: f64,
    first_at: f64,
}

impl Run {
    fn new(turn: Turn) -> Self {
        let sent_at = browser::monotonic_ms();
        Run {
            turn,
            answer: Answer::default(),
            figures: Figures::default(),
            sent_at,
            first_at: sent_at,
        }
    }

    async fn to_end(mut self, body: &str, cancel: &Cancel) -> State {
        let streamed = self.stream(body, cancel).await;
        let mut figures = self.figures;
        figures.usage = self.answer.usage;
        figures.finish = self.answer.finish;
        match (streamed, self.answer.error) {
            (Ok(()), None) if self.answer.done => State::Complete(figures),
            (Ok(()), None) => State::Failed(
                Fault::new("The answer broke off before its end. Try again."),
                figures,
            ),
            (Ok(()), Some(error)) => State::Failed(Fault::new(error.message), figures),
            (Err(Stop::Lost(Lost::Cancelled)), _) => State::Stopped(figures),
            (Err(Stop::Lost(Lost::Connection)), _) => State::Failed(
                Fault::new("The connection was lost. Check it, then try again."),
                figures,
            ),
            (Err(Stop::Refused(fault)), _) => State::Failed(fault, figures),
        }
    }

    async fn stream(&mut self, body: &str, cancel: &Cancel) -> Result<(), Stop> {
        let mut reply = browser::post_json(ENDPOINT, body, cancel).await?;
        self.figures.request_id = reply.header("x-request-id");
        if reply.status != 200 {
            return Err(Stop::Refused(refusal(reply).await?));
        }
        let mut framer = Framer::default();
        while let Some(piece) = reply.piece().await? {
            let mut text = String::new();
            framer.push(&piece, |event| text += &self.answer.take(event));
            if !text.is_empty() {
                self.show(&text);
            }
        }
        Ok(())
    }

    fn show(&mut self, text: &str) {
        let now = browser::monotonic_ms();
        if self.figures.first_text_ms.is_none() {
            self.first_at = now;
            let first_text_ms = now - self.sent_at;
            self.figures.first_text_ms = Some(first_text_ms);
            self.turn.state.set(State::Streaming { first_text_ms });
        }
        self.figures.streaming_ms = now - self.first_at;
        self.turn.text.update(|shown| shown.push_str(text));
    }
}

/// Why a stream was not read to its end.
enum Stop {
    Lost(Lost),
    Refused(Fault),
}

impl From<Lost> for Stop {
    fn from(lost: Lost) -> Self {
        Stop::Lost(lost)
    }
}

/// What an answer that is no success says.
async fn refusal(mut reply: Reply) -> Result<Fault, Lost> {
    let body = reply.rest().await?;
    let message = match serde_json::from_slice::<ErrorBody>(&body) {
        Ok(body) => body.error.message,
        Err(_) => format!(
            "The service answered with status {}. Try again in a moment.",
            reply.status
        ),
    };
    Ok(Fault {
        message,
        retry_after_s: reply
            .header("retry-after")
            .and_then(|seconds| seconds.trim().parse().ok()),
        signed_out: reply.status == 401,
    })
}

fn announce(ended: &State) -> String {
    match ended {
        State::Complete(figures) => match figures.usage {
            Some(usage) => format!("Response complete, {} tokens", usage.completion_tokens),
            None => "Response complete".into(),
        },
        State::Stopped(_) => "Stopped".into(),
        // The notice in the transcript is an alert: it is read out by itself.
        _ => String::new(),
    }
}
