//! Moderation: how much a text is of each kind that it should not be.
//!
//! Two voices: a small classifier, and how near the text comes to sentences that stand for a kind. The second needs the
//! embedding model; without it fewer categories are told. A category that neither can tell is scored 0. Both were
//! measured on a few dozen lines of English only: they are a first sieve, not a judge.

mod bilstm;
mod pickle;
mod prototypes;
mod words;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use wire::{Categories, ModerationResult};

use self::bilstm::{BiLstm, Scores};
use self::prototypes::{Nearness, Prototypes};
pub use self::words::count;
use crate::bert::Embedder;
use crate::catalog::{MODERATION, Model};
use crate::error::{Cut, OpenError};
use crate::workshop::Watch;

/// From here on the classifier's word counts.
const SURE: f32 = 0.65;
/// From here on a text is near enough to a sentence.
const NEAR: f32 = 0.5;

/// The moderation model in memory.
pub struct Moderator {
    pub about: &'static Model,
    classifier: BiLstm,
    near: Option<(Arc<Embedder>, Prototypes)>,
}

/// What a category is scored by: the classifier's score, the nearness to its sentences, or both.
#[derive(Clone, Copy)]
struct Voices {
    classifier: Option<f32>,
    nearness: Option<f32>,
}

impl Moderator {
    pub fn open(models_dir: &Path, embedder: Option<Arc<Embedder>>) -> Result<Self, OpenError> {
        let classifier = BiLstm::open(models_dir)?;
        let near = match embedder {
            Some(embedder) => {
                let prototypes = Prototypes::new(&embedder).map_err(|cut| OpenError::Load {
                    path: models_dir.join(embedder.about.id),
                    source: cut.into_error(),
                })?;
                Some((embedder, prototypes))
            }
            None => None,
        };
        Ok(Moderator {
            about: &MODERATION,
            classifier,
            near,
        })
    }

    /// The categories that are told here, each with how.
    pub fn categories(&self) -> BTreeMap<String, String> {
        let nothing = self.near.as_ref().map(|_| Nearness::default());
        let told = Categories::<()>::NAMES.into_iter().filter_map(|name| {
            let how = match voices(name, Scores::default(), nothing) {
                Voices {
                    classifier: Some(_),
                    nearness: Some(_),
                } => "classifier+prototypes",
                Voices {
                    classifier: Some(_),
                    nearness: None,
                } => "classifier",
                Voices {
                    classifier: None,
                    nearness: Some(_),
                } => "prototypes",
                Voices {
                    classifier: None,
                    nearness: None,
                } => return None,
            };
            Some((name.to_owned(), how.to_owned()))
        });
        told.collect()
    }

    /// Looks at the whole of each of `texts`, however long it is.
    pub fn judge(&self, texts: &[String], watch: &Watch) -> Result<Vec<ModerationResult>, Cut> {
        let mut nearness = self.nearness(texts, watch)?.into_iter();
        let judged = texts.iter().map(|text| {
            watch.check()?;
            let (scores, near) = (self.classifier.score(text, watch)?, nearness.next());
            Ok(result(&Categories::each(|name| voices(name, scores, near))))
        });
        judged.collect()
    }

    /// How near each of `texts` comes to each kind; nothing where that cannot be told. All of them go through the network
    /// together, which is several times as fast as one by one.
    fn nearness(&self, texts: &[String], watch: &Watch) -> Result<Vec<Nearness>, Cut> {
        let Some((embedder, prototypes)) = &self.near else {
            return Ok(vec![]);
        };
        let (mut rows, mut ends) = (vec![], vec![]);
        for text in texts {
            for part in embedder.pieces().whole_text(text) {
                watch.check()?;
                rows.extend(part?);
            }
            ends.push(rows.len());
        }
        let parts = embedder.vectors(rows, watch)?;
        let mut from = 0;
        let nearest = ends.into_iter().map(|end| {
            let parts = parts[std::mem::replace(&mut from, end)..end].iter();
            let each = parts.map(|part| prototypes.nearness(part));
            each.fold(Nearness::default(), Nearness::or_nearer)
        });
        Ok(nearest.collect())
    }
}

/// Which of the two speak on a category, and what they say.
fn voices(category: &str, scores: Scores, near: Option<Nearness>) -> Voices {
    let insulting = scores.toxic.max(scores.obscene).max(scores.insult);
    let (classifier, nearness) = match category {
        "harassment" => (Some(insulting), None),
        "harassment/threatening" => (Some(scores.threat), near.map(|near| near.threat)),
        "hate" => (Some(scores.identity_hate), near.map(|near| near.hate)),
        "self-harm" => (None, near.map(|near| near.self_harm)),
        "sexual" => (None, near.map(|near| near.sexual)),
        "violence" => (None, near.map(|near| near.violence)),
        _ => (None, None),
    };
    Voices {
        classifier,
        nearness,
    }
}

impl Voices {
    fn told(self) -> bool {
        self.classifier.is_some() || self.nearness.is_some()
    }

    fn flagged(self) -> bool {
        self.classifier.is_some_and(|score| score >= SURE)
            || self.nearness.is_some_and(|score| score >= NEAR)
    }

    /// The louder of the two.
    fn score(self) -> f32 {
        self.classifier
            .unwrap_or(0.0)
            .max(self.nearness.unwrap_or(0.0))
    }
}

fn result(voices: &Categories<Voices>) -> ModerationResult {
    ModerationResult {
        flagged: voices.iter().any(|(_, voices)| voices.flagged()),
        categories: voices.map(|voices| voices.flagged()),
        category_scores: voices.map(|voices| voices.score()),
        category_applied_input_types: voices.map(|voices| match voices.told() {
            true => vec!["text".to_owned()],
            false => vec![],
        }),
    }
}
