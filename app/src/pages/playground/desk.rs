//! Everything on the page that outlives a change of mode, and how a tab keeps it.

use leptos::prelude::*;
use wire::Task;

use super::chat::{Conversation, Settings, Until};
use super::service::Service;
use super::share::Origin;
use super::sheet::{ChatSheet, Sheet, ShotSheet};
use super::shot::Shot;
use crate::browser;
use crate::console::ModelCard;
use crate::example::Field;

/// The name under which the tab keeps a sheet.
const NAME: &str = "assisters.playground";

/// What code asks as long as nothing is written.
const PROMPT: &str = "Name three primary colours.";

#[derive(Clone, Copy)]
pub struct Desk {
    pub service: Service,
    pub settings: Settings,
    pub conversation: Conversation,
    pub embeddings: Shot,
    pub rerank: Shot,
    pub moderation: Shot,
    /// What is to be said of where all this came from.
    pub said: RwSignal<Vec<Origin>>,
}

impl Desk {
    pub fn new(cards: Vec<ModelCard>) -> Self {
        let service = Service::new();
        let for_task = |task| -> Vec<ModelCard> {
            cards
                .iter()
                .filter(|card| card.can(task))
                .cloned()
                .collect()
        };
        let settings = Settings::new(for_task(Task::Chat));
        let shot = |task| Shot::new(task, service, for_task(task));
        Desk {
            service,
            settings,
            conversation: Conversation::new(settings, service),
            embeddings: shot(Task::Embeddings),
            rerank: shot(Task::Rerank),
            moderation: shot(Task::Moderation),
            said: RwSignal::new(vec![]),
        }
    }

    fn shots(&self) -> [Shot; 3] {
        [self.embeddings, self.rerank, self.moderation]
    }

    /// `None` for chat.
    pub fn shot(&self, task: Task) -> Option<Shot> {
        self.shots().into_iter().find(|shot| shot.task == task)
    }

    pub fn has_model(&self, task: Task) -> bool {
        match self.shot(task) {
            None => self.settings.has_model(),
            Some(shot) => shot.has_model(),
        }
    }

    /// Stops what runs, if anything does.
    pub fn stop(&self) -> bool {
        let running = untrack(|| self.is_running());
        self.conversation.stop();
        for shot in self.shots() {
            shot.stop();
        }
        running
    }

    pub fn is_running(&self) -> bool {
        // Each is asked, so that an effect follows them all.
        let shots = self.shots().map(|shot| shot.is_running());
        self.conversation.is_running() || shots.contains(&true)
    }

    /// The fields of the request that Run would send now or, where nothing is written, that it last sent.
    pub fn request(&self, task: Task) -> Vec<Field> {
        let Some(shot) = self.shot(task) else {
            let model = self.settings.models.get_untracked().first().cloned();
            let draft = self.conversation.draft.get_untracked();
            let until = match self.conversation.last_turn() {
                Some(last) if draft.trim().is_empty() => Until::Turn(last),
                _ if draft.trim().is_empty() => Until::Prompt(PROMPT.to_owned()),
                _ => Until::Prompt(draft),
            };
            return self
                .conversation
                .request(until, 0, &model.unwrap_or_default());
        };
        shot.request()
    }

    /// All of it, or what one mode shows.
    pub fn sheet(&self, only: Option<Task>) -> Sheet {
        let wanted = |task| only.is_none_or(|only| only == task);
        let shot = |shot: Shot| shot.sheet().filter(|_| wanted(shot.task));
        let chat = self.settings.sheet().filter(|_| wanted(Task::Chat));
        Sheet {
            chat: chat.map(|settings| ChatSheet {
                draft: self.conversation.draft.get_untracked(),
                turns: self.conversation.sheets(),
                ..settings
            }),
            embeddings: shot(self.embeddings),
            rerank: shot(self.rerank),
            moderation: shot(self.moderation),
        }
    }

    /// What a link carries: one mode, and of its answers only what they say.
    pub fn sheet_to_share(&self, mode: Task) -> Sheet {
        let mut sheet = self.sheet(Some(mode));
        let turns = sheet.chat.iter_mut().flat_map(|chat| &mut chat.turns);
        for answer in turns.flat_map(|turn| &mut turn.answers) {
            answer.figures = None;
        }
        sheet
    }

    /// Takes what is on a sheet, leaves what is not, and gives the models that are not there any more.
    pub fn fill(&self, sheet: Sheet) -> Vec<String> {
        let mut gone = vec![];
        if let Some(chat) = sheet.chat {
            gone.extend(self.settings.fill(&chat));
            self.conversation.draft.set(chat.draft);
            self.conversation.fill(chat.turns);
        }
        let shots = [sheet.embeddings, sheet.rerank, sheet.moderation];
        for (shot, sheet) in self.shots().into_iter().zip(shots) {
            gone.extend(sheet.and_then(|sheet: ShotSheet| shot.fill(sheet)));
        }
        gone
    }

    /// Takes a model in every mode that has it, and says whether any has.
    pub fn choose(&self, model: &str) -> bool {
        let shots = self.shots().map(|shot| shot.choose(model));
        self.settings.choose_alone(model) || shots.contains(&true)
    }

    /// Keeps all of it in this tab.
    pub fn keep(&self) {
        let sheet = self.sheet(None);
        if sheet.chat.is_some() {
            browser::keep(NAME, &serde_json::to_string(&sheet).unwrap_or_default());
        }
    }

    /// Takes a whole sheet back, even after the page has gone: then it is there when the page comes again.
    pub fn put_back(&self, sheet: Sheet) {
        if self.said.try_set(vec![]).is_some() {
            browser::keep(NAME, &serde_json::to_string(&sheet).unwrap_or_default());
        } else {
            self.fill(sheet);
            self.keep();
        }
    }

    /// What this tab kept.
    pub fn kept() -> Option<Sheet> {
        serde_json::from_str(&browser::kept(NAME)?).ok()
    }
}
