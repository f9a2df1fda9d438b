//! The catalog: a `[[model]]` table for each model of which more is to be said than its workers say, or which they call by
//! other names than clients do.

use std::num::NonZeroU32;

use serde::de::DeserializeOwned;
use wire::{Capability, Price, Task};

use super::ConfigError;
use super::settings::scalar;

/// A model, as it is configured. What is left out is its workers' to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelSettings {
    /// What everybody is told that it is called.
    pub id: String,
    /// What else clients call it, and what workers may.
    pub aliases: Vec<String>,
    pub description: Option<String>,
    pub tasks: Option<Vec<Task>>,
    /// The longest prompt and completion together, in tokens.
    pub context: Option<NonZeroU32>,
    /// Completion tokens to reserve where a request names no limit of its own.
    pub max_tokens: Option<NonZeroU32>,
    pub capabilities: Option<Vec<Capability>>,
    pub price: Option<Price>,
    pub deprecated: Option<bool>,
}

/// What a `[[model]]` may say.
const FIELDS: [&str; 9] = [
    "id",
    "aliases",
    "description",
    "tasks",
    "context",
    "max_tokens",
    "capabilities",
    "price",
    "deprecated",
];
/// What a `price` may say.
const PRICE_FIELDS: [&str; 3] = ["currency", "input_micros", "output_micros"];

const NAME: &str =
    "a name of 1 to 200 characters without spaces, such as meta-llama/Llama-3.1-8B-Instruct";
const COUNT: &str = "a whole number of tokens, 1 or more";
const MICROS: &str =
    "a whole number, 0 or more: millionths of the currency's unit for a million tokens";
/// As many characters as a key's list of models takes.
const MOST_NAME_CHARS: usize = 200;

impl ModelSettings {
    /// Its id, and its other names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let aliases = self.aliases.iter().map(String::as_str);
        std::iter::once(self.id.as_str()).chain(aliases)
    }
}

/// Reads what stands in `file` as `model`: tables, each of one model.
pub(super) fn tables(file: &str, value: &toml::Value) -> Result<Vec<ModelSettings>, ConfigError> {
    let wrong = || ConfigError::Value {
        origin: format!("{file}: model"),
        value: scalar(value),
        expected: "written as tables: [[model]], and below it id = \"llama-3.1-8b-instruct\"",
    };
    let mut models: Vec<ModelSettings> = vec![];
    for (index, value) in value.as_array().ok_or_else(wrong)?.iter().enumerate() {
        let origin = format!("{file}: model[{index}]");
        let model = Fields {
            origin: &origin,
            table: value.as_table().ok_or_else(wrong)?,
        }
        .model()?;
        let mut names: Vec<&str> = models.iter().flat_map(ModelSettings::names).collect();
        for name in model.names() {
            if names.contains(&name) {
                return Err(ConfigError::Value {
                    origin: format!("{origin}: one of its names"),
                    value: name.to_owned(),
                    expected: "another; this one stands above already",
                });
            }
            names.push(name);
        }
        models.push(model);
    }
    Ok(models)
}

/// A table, and where it stands.
struct Fields<'a> {
    origin: &'a str,
    table: &'a toml::Table,
}

impl Fields<'_> {
    fn model(&self) -> Result<ModelSettings, ConfigError> {
        self.known(&FIELDS)?;
        let context = self.field("context", COUNT, as_it_reads)?;
        let max_tokens = self.field("max_tokens", COUNT, as_it_reads)?;
        if context.is_some_and(|context| max_tokens > Some(context)) {
            return Err(self.wrong("max_tokens", "no more than the context"));
        }
        Ok(ModelSettings {
            id: self.required("id", NAME, name)?,
            aliases: self
                .field("aliases", "a list of names", |value| {
                    value.as_array()?.iter().map(name).collect()
                })?
                .unwrap_or_default(),
            description: self.field("description", "text", as_it_reads)?,
            tasks: self.field(
                "tasks",
                "a list of one or more of chat, embeddings, rerank, moderation",
                |value| as_it_reads(value).filter(|tasks: &Vec<_>| !tasks.is_empty()),
            )?,
            context,
            max_tokens,
            capabilities: self.field(
                "capabilities",
                "a list of any of tools, vision, audio, json, structured_outputs, reasoning",
                as_it_reads,
            )?,
            price: self.price()?,
            deprecated: self.field("deprecated", "true or false", as_it_reads)?,
        })
    }

    fn price(&self) -> Result<Option<Price>, ConfigError> {
        let expected =
            "such as { currency = \"USD\", input_micros = 50000, output_micros = 80000 }";
        let Some(table) = self.field("price", expected, |value| value.as_table().cloned())? else {
            return Ok(None);
        };
        let fields = Fields {
            origin: &format!("{}.price", self.origin),
            table: &table,
        };
        fields.known(&PRICE_FIELDS)?;
        Ok(Some(Price {
            currency: fields.required("currency", "three letters, such as USD", currency)?,
            input_micros: fields.required("input_micros", MICROS, as_it_reads)?,
            output_micros: fields
                .field("output_micros", MICROS, as_it_reads)?
                .unwrap_or_default(),
        }))
    }

    fn known(&self, known: &'static [&'static str]) -> Result<(), ConfigError> {
        match self
            .table
            .keys()
            .find(|name| !known.contains(&name.as_str()))
        {
            Some(name) => Err(ConfigError::UnknownInTable {
                origin: self.origin.to_owned(),
                name: name.clone(),
                known,
            }),
            None => Ok(()),
        }
    }

    fn field<T>(
        &self,
        name: &str,
        expected: &'static str,
        read: impl FnOnce(&toml::Value) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(value) = self.table.get(name) else {
            return Ok(None);
        };
        let read = read(value).ok_or_else(|| self.wrong(name, expected));
        read.map(Some)
    }

    fn required<T>(
        &self,
        name: &str,
        expected: &'static str,
        read: impl FnOnce(&toml::Value) -> Option<T>,
    ) -> Result<T, ConfigError> {
        let found = self.field(name, expected, read)?;
        found.ok_or_else(|| self.wrong(name, expected))
    }

    fn wrong(&self, name: &str, expected: &'static str) -> ConfigError {
        ConfigError::Value {
            origin: format!("{}.{name}", self.origin),
            value: self.table.get(name).map(scalar).unwrap_or_default(),
            expected,
        }
    }
}

/// What cannot be a name here, a key could not be restricted to either.
fn name(value: &toml::Value) -> Option<String> {
    let text = value.as_str()?;
    let sound = (1..=MOST_NAME_CHARS).contains(&text.chars().count())
        && !text.contains(|char: char| char.is_whitespace() || char.is_control());
    sound.then(|| text.to_owned())
}

fn currency(value: &toml::Value) -> Option<String> {
    let text = value.as_str()?;
    let sound = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    sound.then(|| text.to_owned())
}

fn as_it_reads<T: DeserializeOwned>(value: &toml::Value) -> Option<T> {
    value.clone().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<ModelSettings>, ConfigError> {
        let table: toml::Table = text.parse().unwrap();
        tables("a.toml", &table["model"])
    }

    #[test]
    fn a_model_has_what_its_table_says() {
        let models = read(
            "[[model]]\nid = 'llama'\naliases = ['meta/Llama', 'l']\ntasks = ['chat', 'embeddings']\ncontext = 4096\n\
             max_tokens = 512\ncapabilities = ['tools', 'structured_outputs']\ndescription = 'Small.'\ndeprecated = true\n\
             price = { currency = 'EUR', input_micros = 50_000, output_micros = 80_000 }\n\
             [[model]]\nid = 'other'\n[model.price]\ncurrency = 'USD'\ninput_micros = 0",
        )
        .unwrap();
        let price = |currency: &str, input_micros, output_micros| {
            Some(Price {
                currency: currency.to_owned(),
                input_micros,
                output_micros,
            })
        };
        let expected = [
            ModelSettings {
                id: "llama".into(),
                aliases: vec!["meta/Llama".into(), "l".into()],
                description: Some("Small.".into()),
                tasks: Some(vec![Task::Chat, Task::Embeddings]),
                context: NonZeroU32::new(4096),
                max_tokens: NonZeroU32::new(512),
                capabilities: Some(vec![Capability::Tools, Capability::StructuredOutputs]),
                price: price("EUR", 50_000, 80_000),
                deprecated: Some(true),
            },
            ModelSettings {
                id: "other".into(),
                price: price("USD", 0, 0),
                ..ModelSettings::default()
            },
        ];
        assert_eq!(models, expected);
        assert_eq!(
            models[0].names().collect::<Vec<_>>(),
            ["llama", "meta/Llama", "l"]
        );
    }

    #[test]
    fn what_is_wrong_in_a_table_is_named_with_what_would_be_right() {
        for (wrong, name, right) in [
            ("model = 'm'", "model is \"m\"", "[[model]]"),
            ("[[model]]\ncontext = 1", "model[0].id is \"\"", "a name"),
            ("[[model]]\nid = ''", "model[0].id", "a name"),
            ("[[model]]\nid = 'a b'", "model[0].id", "without spaces"),
            ("[[model]]\nid = 5", "model[0].id is \"5\"", "a name"),
            (
                "[[model]]\nid = 'm'\nalias = 'n'",
                "model[0] has no `alias`",
                "id, aliases,",
            ),
            (
                "[[model]]\nid = 'm'\naliases = 'n'",
                "model[0].aliases",
                "a list of names",
            ),
            (
                "[[model]]\nid = 'm'\ntasks = ['chats']",
                "model[0].tasks is \"[\\\"chats\\\"]\"",
                "chat, embeddings, rerank, moderation",
            ),
            (
                "[[model]]\nid = 'm'\ntasks = []",
                "model[0].tasks",
                "one or more",
            ),
            (
                "[[model]]\nid = 'm'\ncontext = 0",
                "model[0].context is \"0\"",
                "1 or more",
            ),
            (
                "[[model]]\nid = 'm'\ncontext = '8k'",
                "model[0].context",
                "a whole number",
            ),
            (
                "[[model]]\nid = 'm'\ncontext = 8\nmax_tokens = 9",
                "model[0].max_tokens is \"9\"",
                "no more than the context",
            ),
            (
                "[[model]]\nid = 'm'\ncapabilities = ['fly']",
                "model[0].capabilities",
                "vision",
            ),
            (
                "[[model]]\nid = 'm'\nprice = 3",
                "model[0].price is \"3\"",
                "currency =",
            ),
            (
                "[[model]]\nid = 'm'\nprice = { currency = 'Euro', input_micros = 1 }",
                "model[0].price.currency is \"Euro\"",
                "three letters",
            ),
            (
                "[[model]]\nid = 'm'\nprice = { currency = 'EUR', input_micros = 0.5 }",
                "model[0].price.input_micros",
                "millionths",
            ),
            (
                "[[model]]\nid = 'm'\nprice = { currency = 'EUR', input = 1 }",
                "model[0].price has no `input`",
                "input_micros",
            ),
            (
                "[[model]]\nid = 'm'\ndeprecated = 'yes'",
                "model[0].deprecated",
                "true or false",
            ),
        ] {
            let error = read(wrong).unwrap_err().to_string();
            assert!(error.contains(&format!("a.toml: {name}")), "{error}");
            assert!(error.contains(right), "{error}");
        }
    }

    #[test]
    fn a_name_is_one_models_own() {
        for twice in [
            "[[model]]\nid = 'm'\n[[model]]\nid = 'm'",
            "[[model]]\nid = 'n'\naliases = ['m']\n[[model]]\nid = 'm'",
            "[[model]]\nid = 'n'\naliases = ['m']\n[[model]]\nid = 'o'\naliases = ['m']",
            "[[model]]\nid = 'm'\naliases = ['m']",
            "[[model]]\nid = 'n'\naliases = ['m', 'm']",
        ] {
            let error = read(twice).unwrap_err().to_string();
            assert!(
                error.contains("one of its names is \"m\"; it must be another"),
                "{error}"
            );
        }
    }
}
