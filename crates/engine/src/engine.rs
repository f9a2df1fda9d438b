//! All models of one folder, and what each of them can be asked for.

use std::path::Path;
use std::sync::Arc;

use wire::{Model, Task};

use crate::bert::{CrossEncoder, Embedder};
use crate::catalog::{self, CHAT, CHAT_DEFAULTS, CROSS_ENCODER, EMBEDDINGS, MODERATION};
use crate::chat::Chat;
use crate::error::OpenError;
use crate::files;
use crate::moderation::Moderator;
use crate::processor::Processor;
use crate::workshop::Workshop;

/// The models that are served together. Clones share them.
#[derive(Clone)]
pub struct Engine {
    pub(crate) workshop: Workshop,
    pub(crate) chat: Option<Chat>,
    pub(crate) embedder: Option<Arc<Embedder>>,
    pub(crate) moderator: Option<Arc<Moderator>>,
    pub(crate) cross_encoder: Option<Arc<CrossEncoder>>,
}

impl Engine {
    /// Loads every model that is complete and sound in `models_dir`, to compute on `processor`; that takes this thread a few
    /// seconds. None at all is an error.
    pub fn open(models_dir: &Path, processor: Processor) -> Result<Self, OpenError> {
        let there = |model| is_sound(models_dir, model);
        let workshop = Workshop::on(processor)?;
        let device = workshop.device.clone();
        let mut engine = Engine::empty(workshop.clone());
        if there(&CHAT) {
            engine.chat = Some(Chat::open(models_dir, &CHAT, workshop)?);
        }
        if there(&EMBEDDINGS) {
            engine.embedder = Some(Arc::new(Embedder::open(models_dir, &EMBEDDINGS, &device)?));
        }
        if there(&MODERATION) {
            let moderator = Moderator::open(models_dir, engine.embedder.clone())?;
            engine.moderator = Some(Arc::new(moderator));
        }
        if files::visiting(models_dir, &CROSS_ENCODER) {
            let cross_encoder = CrossEncoder::open(models_dir, &CROSS_ENCODER, &device)?;
            engine.cross_encoder = Some(Arc::new(cross_encoder));
        }
        if engine.cards().is_empty() {
            return Err(OpenError::Nothing {
                dir: models_dir.to_owned(),
            });
        }
        Ok(engine)
    }

    fn empty(workshop: Workshop) -> Self {
        Engine {
            workshop,
            chat: None,
            embedder: None,
            moderator: None,
            cross_encoder: None,
        }
    }

    /// Ends all work and lets none begin.
    pub fn close(&self) {
        self.workshop.close();
    }

    /// What there is to say of each model, the chat model first.
    pub fn cards(&self) -> Vec<Model> {
        let chat = self.chat.as_ref().map(|chat| Model {
            max_model_len: Some(chat.about.context),
            default_max_tokens: Some(CHAT_DEFAULTS.max_tokens),
            tasks: Some(vec![Task::Chat]),
            ..card(chat.about)
        });
        let embedder = self.embedder.as_ref().map(|embedder| {
            let ranks = self.cross_encoder.is_none();
            let tasks = [Some(Task::Embeddings), ranks.then_some(Task::Rerank)];
            Model {
                max_model_len: Some(embedder.about.context),
                dimensions: Some(embedder.dimensions),
                tasks: Some(tasks.into_iter().flatten().collect()),
                rerank_method: ranks.then(|| "bi-encoder-cosine".to_owned()),
                ..card(embedder.about)
            }
        });
        let cross_encoder = self.cross_encoder.as_ref().map(|ranker| Model {
            id: ranker.about.id.to_owned(),
            object: "model".to_owned(),
            created: ranker.about.created,
            owned_by: ranker.about.owner.to_owned(),
            max_model_len: Some(ranker.about.context),
            tasks: Some(vec![Task::Rerank]),
            rerank_method: Some("cross-encoder".to_owned()),
            ..Model::default()
        });
        let moderator = self.moderator.as_ref().map(|moderator| Model {
            tasks: Some(vec![Task::Moderation]),
            moderation_categories: Some(moderator.categories()),
            ..card(moderator.about)
        });
        [chat, embedder, cross_encoder, moderator]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// An engine that only chats.
impl From<Chat> for Engine {
    fn from(chat: Chat) -> Self {
        Engine {
            chat: Some(chat.clone()),
            ..Engine::empty(chat.workshop)
        }
    }
}

/// Whether `model` can be served; if not, says so, since the others are served without it.
fn is_sound(models_dir: &Path, model: &'static catalog::Model) -> bool {
    let missing = files::require(models_dir, model);
    if let Err(error) = &missing {
        tracing::warn!("{error}");
    }
    missing.is_ok()
}

fn card(about: &catalog::Model) -> Model {
    Model {
        id: about.id.to_owned(),
        object: "model".to_owned(),
        created: about.created,
        owned_by: about.owner.to_owned(),
        ..Model::default()
    }
}
