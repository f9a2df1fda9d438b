//! The conversation: who said what, and how each answer stands.

use leptos::prelude::*;
use leptos::reactive::send_wrapper_ext::SendOption;
use leptos::task::spawn_local;
use wire::Role;

use super::answer::Figures;
use super::run::Run;
use super::settings::Settings;
use crate::browser::Cancel;

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

#[derive(Clone, Copy)]
pub struct Conversation {
    settings: Settings,
    turns: RwSignal<Vec<Turn>>,
    /// What stops the answer that is running; none while none is, so never any on the server, where another thread
    /// may end the page than began it.
    running: RwSignal<SendOption<Cancel>>,
    announcement: RwSignal<String>,
}

impl Conversation {
    pub fn new(settings: Settings) -> Self {
        Conversation {
            settings,
            turns: RwSignal::new(vec![]),
            running: RwSignal::new(SendOption::new_local(None)),
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
        let running = self
            .running
            .try_with_untracked(|running| Option::clone(running));
        if let Some(cancel) = running.flatten() {
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
        self.running
            .set(SendOption::new_local(Some(cancel.clone())));
        self.announcement.set(String::new());
        let this = *self;
        spawn_local(async move {
            let body = serde_json::to_string(&request).unwrap_or_default();
            let ended = Run::new(turn.clone()).finish(&body, &cancel).await;
            this.announcement.try_set(announce(&ended));
            turn.state.set(ended);
            this.running.try_set(SendOption::new_local(None));
        });
    }
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
