//! What the models are called and what is said of them: the catalog's word, and where it has none, the workers'.

use std::collections::BTreeMap;
use std::iter;
use std::num::NonZeroU32;
use std::sync::Arc;

use wire::{Model, Task};

use super::Pool;
use crate::config::ModelSettings;

/// The models of which the settings speak, by each of their names.
#[derive(Default)]
pub(super) struct Catalog {
    by_name: BTreeMap<String, Arc<ModelSettings>>,
}

/// A model that a worker serves.
#[derive(Clone, Debug)]
pub(super) struct Served {
    /// Under the id that all are told.
    pub(super) card: Arc<Model>,
    /// What this worker calls it.
    pub(super) name: Arc<str>,
}

/// A model that is called what its worker calls it.
impl From<Model> for Served {
    fn from(card: Model) -> Self {
        Served {
            name: card.id.as_str().into(),
            card: Arc::new(card),
        }
    }
}

impl Catalog {
    pub(super) fn new(models: &[ModelSettings]) -> Self {
        let models = models.iter().cloned().map(Arc::new);
        let by_name = models.flat_map(|model| {
            let names: Vec<_> = model.names().map(str::to_owned).collect();
            names.into_iter().map(move |name| (name, model.clone()))
        });
        Catalog {
            by_name: by_name.collect(),
        }
    }

    /// What the model that is called `name` is called by all; a name that no entry has is its own.
    pub(super) fn id_of<'a>(&'a self, name: &'a str) -> &'a str {
        self.by_name.get(name).map_or(name, |entry| &entry.id)
    }

    /// What a worker serves, given how it tells of it. A model that it serves under several names is one.
    pub(super) fn served(&self, told: Vec<Model>) -> Vec<Served> {
        let mut all: Vec<Served> = vec![];
        for model in told {
            let served = self.one_served(model);
            match all.iter_mut().find(|one| one.card.id == served.card.id) {
                None => all.push(served),
                // Under its id it needs no other name put into what passes by.
                Some(one) if *served.name == *served.card.id => *one = served,
                Some(_) => {}
            }
        }
        all
    }

    fn one_served(&self, told: Model) -> Served {
        match self.by_name.get(&told.id) {
            Some(entry) => Served {
                name: told.id.as_str().into(),
                card: Arc::new(card(entry, told)),
            },
            None => told.into(),
        }
    }
}

/// What the catalog says, over what a worker does.
fn card(entry: &ModelSettings, told: Model) -> Model {
    Model {
        id: entry.id.clone(),
        aliases: Some(entry.aliases.clone()).filter(|aliases| !aliases.is_empty()),
        description: entry.description.clone().or(told.description),
        max_model_len: entry.context.map(NonZeroU32::get).or(told.max_model_len),
        default_max_tokens: entry
            .max_tokens
            .map(NonZeroU32::get)
            .or(told.default_max_tokens),
        tasks: entry.tasks.clone().or(told.tasks),
        capabilities: entry.capabilities.clone().or(told.capabilities),
        price: entry.price.clone().or(told.price),
        deprecated: entry.deprecated.or(told.deprecated),
        ..told
    }
}

/// What several workers say of one model: what the first does; but with the longest context that any has, so that nothing is
/// refused which one of them could take, and with none where one does not say.
fn one_card(mut cards: impl Iterator<Item = Arc<Model>>) -> Option<Arc<Model>> {
    let first = cards.next()?;
    let context = cards.fold(first.max_model_len, |longest, card| {
        Some(longest?.max(card.max_model_len?))
    });
    Some(match context == first.max_model_len {
        true => first,
        false => Arc::new(Model {
            max_model_len: context,
            ..Model::clone(&first)
        }),
    })
}

impl Pool {
    /// The id of the model that is called `name`, whether or not there is one.
    pub fn id_of<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.catalog.id_of(name)
    }

    /// All that the model with this `id` is called, its id first.
    pub fn names<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a str> {
        let entry = self.0.catalog.by_name.get(id).into_iter();
        let aliases = entry.flat_map(|entry| entry.aliases.iter().map(String::as_str));
        iter::once(id).chain(aliases)
    }

    /// Every model that some worker serves, by id; healthy or not, since workers come back.
    pub fn models(&self) -> Vec<Model> {
        let mut by_id: BTreeMap<String, Vec<Arc<Model>>> = BTreeMap::new();
        for card in self.all().iter().flat_map(|worker| worker.cards()) {
            by_id.entry(card.id.clone()).or_default().push(card);
        }
        let cards = by_id.into_values();
        let cards = cards.filter_map(|cards| one_card(cards.into_iter()));
        cards.map(Arc::unwrap_or_clone).collect()
    }

    /// The ids of those that say they can do `task`.
    pub fn models_for(&self, task: Task) -> Vec<String> {
        let models = self.models().into_iter();
        models
            .filter(|model| model.tasks.is_some() && model.can(task))
            .map(|model| model.id)
            .collect()
    }

    /// The one that is called `name`, if any worker serves it.
    pub fn model(&self, name: &str) -> Option<Arc<Model>> {
        let id = self.id_of(name);
        let workers = self.all();
        one_card(workers.iter().filter_map(|worker| worker.card(id)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(id: &str, context: Option<u32>) -> Model {
        Model {
            id: id.to_owned(),
            owned_by: "vllm".to_owned(),
            max_model_len: context,
            ..Model::default()
        }
    }

    fn catalog() -> Catalog {
        Catalog::new(&[ModelSettings {
            id: "llama".into(),
            aliases: vec!["meta/Llama".into(), "l".into()],
            context: NonZeroU32::new(100),
            ..ModelSettings::default()
        }])
    }

    #[test]
    fn every_name_leads_to_the_id_and_a_strangers_to_itself() {
        let catalog = catalog();
        for name in ["llama", "meta/Llama", "l"] {
            assert_eq!(catalog.id_of(name), "llama");
        }
        for name in ["", "L", "meta/llama", "other"] {
            assert_eq!(catalog.id_of(name), name);
        }
    }

    #[test]
    fn what_the_catalog_says_goes_over_what_the_worker_does() {
        let served = catalog().served(vec![told("meta/Llama", Some(50)), told("other", Some(7))]);
        let cards: Vec<_> = served
            .iter()
            .map(|one| (&*one.name, serde_json::to_value(&*one.card).unwrap()))
            .collect();
        let llama = json!({
            "id": "llama", "object": "", "created": 0, "owned_by": "vllm", "aliases": ["meta/Llama", "l"], "max_model_len": 100,
        });
        let other = json!({"id": "other", "object": "", "created": 0, "owned_by": "vllm", "max_model_len": 7});
        assert_eq!(cards, [("meta/Llama", llama), ("other", other)]);
    }

    #[test]
    fn a_model_that_a_worker_serves_twice_is_one_and_by_its_id_if_it_can_be() {
        for names in [["l", "llama", "meta/Llama"], ["llama", "meta/Llama", "l"]] {
            let served = catalog().served(names.map(|name| told(name, None)).to_vec());
            let names: Vec<_> = served.iter().map(|one| &*one.name).collect();
            assert_eq!(names, ["llama"]);
        }
    }

    #[test]
    fn of_several_contexts_the_longest_is_told_unless_one_is_not_known() {
        for (contexts, expected) in [
            (vec![], None),
            (vec![Some(5)], Some(Some(5))),
            (vec![Some(5), Some(9), Some(7)], Some(Some(9))),
            (vec![Some(5), None], Some(None)),
            (vec![None, Some(5)], Some(None)),
        ] {
            let cards = contexts.iter().map(|context| Arc::new(told("m", *context)));
            let one = one_card(cards).map(|card| card.max_model_len);
            assert_eq!(one, expected, "{contexts:?}");
        }
    }
}
