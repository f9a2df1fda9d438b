//! The modes that ask once and are answered whole: embeddings, rerank, moderation.

use leptos::prelude::*;
use leptos::reactive::send_wrapper_ext::SendOption;
use leptos::task::spawn_local;
use wire::Task;

use super::fault::Fault;
use super::service::{Service, Stop};
use super::sheet::ShotSheet;
use crate::browser::{self, Cancel, Lost};
use crate::console::ModelCard;
use crate::example::{Field, Json};

/// The most texts whose similarities fit on a page, and whose verdicts anybody reads.
const MOST_TEXTS: usize = 8;

#[derive(Clone, Copy)]
pub struct Shot {
    pub task: Task,
    service: Service,
    pub cards: StoredValue<Vec<ModelCard>>,
    pub model: RwSignal<String>,
    /// For rerank alone.
    pub query: RwSignal<String>,
    /// One a line.
    pub texts: RwSignal<String>,
    pub outcome: RwSignal<Option<Result<Done, Fault>>>,
    /// As in a conversation.
    running: RwSignal<SendOption<Cancel>>,
    pub announcement: RwSignal<String>,
}

/// An answer, and to what.
#[derive(Clone)]
pub struct Done {
    pub texts: Vec<String>,
    pub body: String,
    pub ms: f64,
    pub request_id: Option<String>,
}

impl Shot {
    /// Starts with the first of `cards`, all of which can do `task`.
    pub fn new(task: Task, service: Service, cards: Vec<ModelCard>) -> Self {
        let first = cards.first().map(|card| card.id.clone());
        Shot {
            task,
            service,
            cards: StoredValue::new(cards),
            model: RwSignal::new(first.unwrap_or_default()),
            query: RwSignal::new(String::new()),
            texts: RwSignal::new(String::new()),
            outcome: RwSignal::new(None),
            running: RwSignal::new(SendOption::new_local(None)),
            announcement: RwSignal::new(String::new()),
        }
    }

    pub fn has_model(&self) -> bool {
        self.cards.with_value(|cards| !cards.is_empty())
    }

    pub fn is_running(&self) -> bool {
        self.running.read().is_some()
    }

    pub fn stop(&self) {
        let running = self
            .running
            .try_with_untracked(|running| Option::clone(running));
        if let Some(cancel) = running.flatten() {
            cancel.cancel();
        }
    }

    /// The lines that hold anything.
    fn lines(&self) -> Vec<String> {
        let texts = self.texts.get_untracked();
        let lines = texts.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect()
    }

    pub fn request(&self) -> Vec<Field> {
        let model = ("model", Json::text(self.model.get_untracked()));
        let lines = Json::texts(&self.lines());
        match self.task {
            Task::Rerank => vec![
                model,
                ("query", Json::text(self.query.get_untracked())),
                ("documents", lines),
            ],
            _ => vec![model, ("input", lines)],
        }
    }

    /// What keeps the request from being sent, as the API would say it.
    fn missing(&self) -> Option<Fault> {
        let wrong = |param: &str, message: &str| {
            Some(Fault {
                param: Some(param.to_owned()),
                ..Fault::new(message)
            })
        };
        let count = self.lines().len();
        if self.task == Task::Rerank && self.query.with_untracked(|query| query.trim().is_empty()) {
            return wrong("query", "Write what the documents are to be ranked by.");
        }
        match (self.task, count) {
            (Task::Rerank, 0) => wrong("documents", "Write at least one document."),
            (Task::Embeddings, 0 | 1) => wrong("input", "Write at least two texts to compare."),
            (_, 0) => wrong("input", "Write at least one text."),
            (Task::Rerank, _) => None,
            (_, count) if count > MOST_TEXTS => wrong(
                "input",
                "This page takes up to 8 texts; the API takes more. Take some out.",
            ),
            _ => None,
        }
    }

    pub fn run(&self) {
        if self.running.with_untracked(|running| running.is_some()) {
            return;
        }
        if let Some(fault) = self.missing() {
            browser::focus(field_of(fault.param.as_deref()));
            self.outcome.set(Some(Err(fault)));
            return;
        }
        let Some(cancel) = Cancel::new() else { return };
        self.running
            .set(SendOption::new_local(Some(cancel.clone())));
        self.announcement.set(String::new());
        let texts = self.lines();
        let body = Json::Object(self.request()).to_string();
        let this = *self;
        spawn_local(async move {
            let outcome = this.ask(texts, &body, &cancel).await;
            match &outcome {
                Some(Ok(_)) => drop(this.announcement.try_set("Response complete".into())),
                Some(Err(fault)) if fault.param.is_some() => {
                    browser::focus(field_of(fault.param.as_deref()));
                }
                Some(Err(_)) => {}
                None => drop(this.announcement.try_set("Stopped".into())),
            }
            // Stopped, it leaves what was there before.
            if let Some(outcome) = outcome {
                this.outcome.try_set(Some(outcome));
            }
            this.running.try_set(SendOption::new_local(None));
        });
    }

    /// `None` if it was stopped.
    async fn ask(
        self,
        texts: Vec<String>,
        body: &str,
        cancel: &Cancel,
    ) -> Option<Result<Done, Fault>> {
        match self.answer(texts, body, cancel).await {
            Ok(done) => Some(Ok(done)),
            Err(Stop::Refused(fault)) => Some(Err(fault)),
            Err(Stop::Lost(Lost::Connection)) => Some(Err(Fault::connection())),
            Err(Stop::Lost(Lost::Cancelled)) => None,
        }
    }

    async fn answer(self, texts: Vec<String>, body: &str, cancel: &Cancel) -> Result<Done, Stop> {
        let sent_at = browser::monotonic_ms();
        let mut reply = self.service.post(self.task, body, cancel).await?;
        if reply.status != 200 {
            return Err(Stop::Refused(Fault::read(&mut reply).await?.0));
        }
        let body = reply.rest().await?;
        Ok(Done {
            texts,
            body: String::from_utf8_lossy(&body).into_owned(),
            ms: browser::monotonic_ms() - sent_at,
            request_id: reply.header("x-request-id"),
        })
    }

    pub fn sheet(&self) -> Option<ShotSheet> {
        Some(ShotSheet {
            model: self.model.try_get_untracked()?,
            query: self.query.get_untracked(),
            texts: self.texts.get_untracked(),
        })
    }

    /// Takes what was kept or sent, and gives its model if that is not there any more.
    pub fn fill(&self, sheet: ShotSheet) -> Option<String> {
        self.query.set(sheet.query);
        self.texts.set(sheet.texts);
        self.outcome.set(None);
        let model = sheet.model;
        (!self.choose(&model) && !model.is_empty()).then_some(model)
    }

    /// Takes a model from now on, if it is there.
    pub fn choose(&self, model: &str) -> bool {
        let is_served = self
            .cards
            .with_value(|cards| cards.iter().any(|card| card.id == model));
        if is_served {
            self.model.set(model.to_owned());
        }
        is_served
    }

    pub fn clear(&self) {
        self.query.set(String::new());
        self.texts.set(String::new());
        self.outcome.set(None);
    }

    pub fn card(&self) -> Option<ModelCard> {
        let model = self.model.get();
        self.cards
            .with_value(|cards| cards.iter().find(|card| card.id == model).cloned())
    }

    /// What there is to say under the field that a request calls `name`.
    pub fn error(&self, name: &'static str) -> Signal<Option<String>> {
        let outcome = self.outcome;
        Signal::derive(move || match &*outcome.read() {
            Some(Err(fault)) if root(fault.param.as_deref()) == name => Some(fault.message.clone()),
            _ => None,
        })
    }
}

/// The field's name before its index: `input` of `input[2]`.
fn root(param: Option<&str>) -> &str {
    let param = param.unwrap_or_default();
    param.split(['[', '.']).next().unwrap_or(param)
}

/// The control of this page that holds a request's field.
fn field_of(param: Option<&str>) -> &'static str {
    match root(param) {
        "query" => "query",
        "model" => "model",
        _ => "texts",
    }
}

/// Whether a fault is one of a field that shows it.
pub fn is_at_field(fault: &Fault, task: Task) -> bool {
    match root(fault.param.as_deref()) {
        "input" => task != Task::Rerank,
        "query" | "documents" => task == Task::Rerank,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_stands_at_the_field_that_it_names() {
        assert_eq!(root(Some("input[2]")), "input");
        assert_eq!(root(Some("documents[0].text")), "documents");
        assert_eq!(field_of(Some("documents[0].text")), "texts");
        assert_eq!(field_of(None), "texts");
        let fault = |param: &str| Fault {
            param: Some(param.into()),
            ..Fault::default()
        };
        assert!(is_at_field(&fault("input[1]"), Task::Embeddings));
        assert!(!is_at_field(&fault("model"), Task::Embeddings));
    }

    #[test]
    fn empty_lines_are_no_texts() {
        let owner = Owner::new();
        owner.set();
        let shot = Shot::new(Task::Rerank, Service::new(), vec![]);
        shot.texts.set("\n a \n\nb\n".into());
        assert_eq!(shot.lines(), ["a", "b"]);
        assert_eq!(shot.missing().unwrap().param.as_deref(), Some("query"));
        shot.query.set("q".into());
        assert_eq!(shot.missing(), None);
        let sent = Json::Object(shot.request()).to_string();
        assert_eq!(
            sent,
            r#"{"model": "", "query": "q", "documents": ["a", "b"]}"#
        );
    }
}
