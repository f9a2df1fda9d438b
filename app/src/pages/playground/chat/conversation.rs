//! The conversation: what was asked, what each model answered, and how each answer stands.

use std::cell::Cell;
use std::rc::Rc;

use leptos::prelude::*;
use leptos::reactive::send_wrapper_ext::SendOption;
use leptos::task::spawn_local;

use super::figures::Figures;
use super::run::Run;
use super::settings::Settings;
use crate::browser::Cancel;
use crate::example::{Field, Json};
use crate::format;
use crate::pages::playground::fault::Fault;
use crate::pages::playground::service::Service;
use crate::pages::playground::sheet::{AnswerSheet, TurnSheet};

/// A prompt and its answers, one for each model that is compared.
#[derive(Clone)]
pub struct Turn {
    pub id: usize,
    pub prompt: String,
    pub answers: ArcRwSignal<Vec<Answer>>,
}

/// Its signals outlive the view that shows them, so a run may write to them to its end.
#[derive(Clone)]
pub struct Answer {
    pub id: usize,
    pub model: String,
    pub text: ArcRwSignal<String>,
    pub state: ArcRwSignal<State>,
    /// The events as they came, each with its time.
    pub events: ArcRwSignal<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Sent; no text has come. Where it waits for a worker, its place is told.
    Waiting(Option<String>),
    Streaming {
        first_text_ms: f64,
    },
    Complete(Figures),
    Stopped(Figures),
    Failed(Fault, Figures),
}

#[derive(Clone, Copy)]
pub struct Conversation {
    settings: Settings,
    service: Service,
    turns: RwSignal<Vec<Turn>>,
    /// What is written and not sent yet.
    pub draft: RwSignal<String>,
    /// What stops the answers that are running; none while none is, so never any on the server, where another thread
    /// may end the page than began it.
    running: RwSignal<SendOption<Cancel>>,
    announcement: RwSignal<String>,
    last_id: StoredValue<usize>,
}

impl Conversation {
    pub fn new(settings: Settings, service: Service) -> Self {
        Conversation {
            settings,
            service,
            turns: RwSignal::new(vec![]),
            draft: RwSignal::new(String::new()),
            running: RwSignal::new(SendOption::new_local(None)),
            announcement: RwSignal::new(String::new()),
            last_id: StoredValue::new(0),
        }
    }

    pub fn turns(&self) -> Vec<Turn> {
        self.turns.get()
    }

    pub fn is_last(&self, id: usize) -> bool {
        self.turns
            .with(|turns| turns.last().is_some_and(|turn| turn.id == id))
    }

    pub fn last_turn(&self) -> Option<usize> {
        self.turns
            .with_untracked(|turns| turns.last().map(|turn| turn.id))
    }

    pub fn is_running(&self) -> bool {
        self.running.read().is_some()
    }

    /// What to read out once the answers have come to their end.
    pub fn announcement(&self) -> String {
        self.announcement.get()
    }

    /// Asks every model that is chosen.
    pub fn ask(&self, prompt: String) {
        let models = self.settings.models.get_untracked();
        let answers: Vec<_> = models
            .into_iter()
            .map(|model| self.blank(model, State::Waiting(None)))
            .collect();
        let turn = Turn {
            id: self.next_id(),
            prompt,
            answers: ArcRwSignal::new(answers.clone()),
        };
        let id = turn.id;
        self.turns.update(|turns| turns.push(turn));
        self.run(id, answers.into_iter().enumerate().collect());
    }

    /// Asks something else in place of a turn. What came after it was an answer to what is no longer asked.
    pub fn ask_instead(&self, id: usize, prompt: String) {
        self.stop();
        self.turns.update(|turns| {
            let at = turns.iter().position(|turn| turn.id == id);
            turns.truncate(at.unwrap_or(turns.len()));
        });
        self.ask(prompt);
    }

    /// Asks for one answer of the last turn again.
    pub fn ask_again(&self, id: usize, answer: usize) {
        let turn = self
            .turns
            .with_untracked(|turns| turns.last().filter(|turn| turn.id == id).cloned());
        let Some(turn) = turn.filter(|_| self.running.with_untracked(|running| running.is_none()))
        else {
            return;
        };
        let column = turn
            .answers
            .with_untracked(|answers| answers.iter().position(|one| one.id == answer));
        let Some(column) = column else { return };
        let models = self.settings.models.get_untracked();
        let before = turn
            .answers
            .with_untracked(|answers| answers[column].model.clone());
        let blank = self.blank(
            models.get(column).cloned().unwrap_or(before),
            State::Waiting(None),
        );
        turn.answers
            .update(|answers| answers[column] = blank.clone());
        self.run(id, vec![(column, blank)]);
    }

    pub fn delete(&self, id: usize) {
        if self
            .turns
            .with_untracked(|turns| turns.last().is_some_and(|turn| turn.id == id))
        {
            self.stop();
        }
        self.turns
            .update(|turns| turns.retain(|turn| turn.id != id));
    }

    pub fn stop(&self) {
        let running = self
            .running
            .try_with_untracked(|running| Option::clone(running));
        if let Some(cancel) = running.flatten() {
            cancel.cancel();
        }
    }

    /// The fields of the request for what is asked in the turn `id`, or for `prompt` after all turns.
    pub fn request(&self, until: Until, column: usize, model: &str) -> Vec<Field> {
        let turns = self.turns.get_untracked();
        let (before, prompt) = match until {
            Until::Turn(id) => {
                let at = turns.iter().position(|turn| turn.id == id);
                let at = at.unwrap_or(turns.len());
                (&turns[..at], turns.get(at).map(|turn| turn.prompt.clone()))
            }
            Until::Prompt(prompt) => (&turns[..], Some(prompt)),
        };
        let mut messages = vec![];
        for turn in before {
            // What was never answered would leave two questions side by side, which some models refuse.
            if let Some(text) = turn
                .answer_for(column, model)
                .filter(|text| !text.is_empty())
            {
                messages.push(Json::message("user", turn.prompt.clone()));
                messages.push(Json::message("assistant", text));
            }
        }
        messages.extend(prompt.map(|prompt| Json::message("user", prompt)));
        self.settings.request(model, messages)
    }

    pub fn sheets(&self) -> Vec<TurnSheet> {
        let turns = self.turns.try_get_untracked().unwrap_or_default();
        turns.iter().map(Turn::sheet).collect()
    }

    /// Puts what was kept in place of what is there.
    pub fn fill(&self, sheets: Vec<TurnSheet>) {
        self.stop();
        let turns = sheets.into_iter().map(|sheet| {
            let answers = sheet.answers.into_iter().map(|answer| Answer {
                text: ArcRwSignal::new(answer.text.clone()),
                ..self.blank(answer.model.clone(), answer.state())
            });
            Turn {
                id: self.next_id(),
                prompt: sheet.prompt,
                answers: ArcRwSignal::new(answers.collect()),
            }
        });
        self.turns.set(turns.collect());
    }

    fn next_id(&self) -> usize {
        self.last_id.update_value(|id| *id += 1);
        self.last_id.get_value()
    }

    fn blank(&self, model: String, state: State) -> Answer {
        Answer {
            id: self.next_id(),
            model,
            text: ArcRwSignal::default(),
            state: ArcRwSignal::new(state),
            events: ArcRwSignal::default(),
        }
    }

    fn run(&self, turn: usize, answers: Vec<(usize, Answer)>) {
        let Some(cancel) = Cancel::new() else { return };
        self.running
            .set(SendOption::new_local(Some(cancel.clone())));
        self.announcement.set(String::new());
        let left = Rc::new(Cell::new(answers.len()));
        let all: Rc<[Answer]> = answers.iter().map(|(_, answer)| answer.clone()).collect();
        let this = *self;
        for (column, answer) in answers {
            let fields = self.request(Until::Turn(turn), column, &answer.model);
            let body = Json::Object(fields).to_string();
            let (cancel, left, all) = (cancel.clone(), left.clone(), all.clone());
            spawn_local(async move {
                let ended = Run::new(answer.clone(), this.service)
                    .finish(&body, &cancel)
                    .await;
                answer.state.set(ended);
                left.set(left.get() - 1);
                if left.get() == 0 {
                    this.announcement.try_set(announce(&all));
                    this.end(&cancel);
                }
            });
        }
    }

    /// Another run may have begun since this one was stopped.
    fn end(&self, cancel: &Cancel) {
        let is_ours = self
            .running
            .try_with_untracked(|running| running.as_ref().is_some_and(|one| one.is(cancel)));
        if is_ours == Some(true) {
            self.running.try_set(SendOption::new_local(None));
        }
    }
}

/// Up to where a request tells the conversation.
pub enum Until {
    Turn(usize),
    Prompt(String),
}

impl Turn {
    /// The text that the model in a column is told to have said here.
    fn answer_for(&self, column: usize, model: &str) -> Option<String> {
        let answers = self.answers.read_untracked();
        let own = answers.get(column).filter(|answer| answer.model == model);
        let named = || answers.iter().find(|answer| answer.model == model);
        let told = own
            .or_else(named)
            .or(answers.get(column))
            .or(answers.first())?;
        Some(told.text.get_untracked())
    }

    fn sheet(&self) -> TurnSheet {
        let answers = self.answers.get_untracked();
        TurnSheet {
            prompt: self.prompt.clone(),
            answers: answers.iter().map(AnswerSheet::of).collect(),
        }
    }
}

fn announce(ended: &[Answer]) -> String {
    let mut stopped = false;
    let (mut complete, mut tokens) = (0, 0);
    for answer in ended {
        match &*answer.state.read_untracked() {
            State::Complete(figures) => {
                complete += 1;
                tokens += figures.usage.map_or(0, |usage| usage.completion_tokens);
            }
            State::Stopped(_) => stopped = true,
            // The notice in the transcript is an alert: it is read out by itself.
            _ => {}
        }
    }
    match complete {
        0 if stopped => "Stopped".into(),
        0 => String::new(),
        1 => format!("Response complete, {} tokens", format::count(tokens)),
        _ => format!(
            "{complete} responses complete, {} tokens",
            format::count(tokens)
        ),
    }
}
