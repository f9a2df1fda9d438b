//! Settings as they were written: text by name, from a file or the environment, each with where it came from.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use url::Url;

use super::models::{self, ModelSettings};
use super::secret::Secret;
use super::workers::{self, WorkerSettings};
use super::{ConfigError, NAMES};
use crate::address;

/// Raw values by name, each with where it came from.
#[derive(Default)]
pub(super) struct Settings {
    values: BTreeMap<&'static str, (String, String)>,
    /// Those that the file tells in tables.
    pub(super) workers: Vec<WorkerSettings>,
    pub(super) models: Vec<ModelSettings>,
}

impl Settings {
    pub(super) fn from_file(path: &Path) -> Result<Settings, ConfigError> {
        let file = path.display().to_string();
        let fail = |reason: String| ConfigError::File {
            file: file.clone(),
            reason,
        };
        let text = fs::read_to_string(path).map_err(|error| fail(error.to_string()))?;
        let mut table: toml::Table = text
            .parse()
            .map_err(|error: toml::de::Error| fail(error.message().to_owned()))?;
        let mut settings = Settings::default();
        if let Some(tables) = table.remove("worker") {
            settings.workers = workers::tables(&file, &tables)?;
        }
        if let Some(tables) = table.remove("model") {
            settings.models = models::tables(&file, &tables)?;
        }
        for (name, value) in flatten(table) {
            let Some(known) = NAMES.into_iter().find(|known| *known == name) else {
                return Err(ConfigError::Unknown { file, name });
            };
            settings
                .values
                .insert(known, (value, format!("{file}: {known}")));
        }
        Ok(settings)
    }

    pub(super) fn overlay_environment(&mut self) {
        for name in NAMES {
            let variable = format!("ASSISTERS_{}", name.replace('.', "_").to_uppercase());
            if let Some(value) = from_environment(&variable) {
                self.values.insert(name, (value, variable));
            }
        }
    }

    /// What was written, and where.
    pub(super) fn written(&self, name: &str) -> Option<(&str, &str)> {
        let written = self.values.get(name);
        written.map(|(value, origin)| (value.as_str(), origin.as_str()))
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|(value, _)| value.as_str())
    }

    pub(super) fn parse<T: FromStr>(
        &self,
        name: &str,
        expected: &'static str,
    ) -> Result<Option<T>, ConfigError> {
        self.checked(name, expected, |text| text.parse().ok())
    }

    pub(super) fn checked<T>(
        &self,
        name: &str,
        expected: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some((value, origin)) = self.values.get(name) else {
            return Ok(None);
        };
        match read(value) {
            Some(read) => Ok(Some(read)),
            None => Err(ConfigError::Value {
                origin: origin.clone(),
                value: without_password(value),
                expected,
            }),
        }
    }

    pub(super) fn secret(
        &self,
        name: &str,
        expected: &'static str,
    ) -> Result<Option<Secret>, ConfigError> {
        self.unshown(name, expected, Secret::parse)
    }

    /// As [`Settings::checked`], for what holds a secret.
    pub(super) fn unshown<T>(
        &self,
        name: &str,
        expected: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let read = self.checked(name, expected, read);
        read.map_err(|error| match error {
            ConfigError::Value {
                origin, expected, ..
            } => ConfigError::Value {
                origin,
                value: HIDDEN.to_owned(),
                expected,
            },
            other => other,
        })
    }
}

/// What cannot be read is not shown either: it may be nearly right.
pub(super) const HIDDEN: &str = "…";

pub(super) fn web_address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    (matches!(url.scheme(), "http" | "https") && url.has_host() && plain).then_some(url)
}

pub(super) fn whole_seconds(text: &str) -> Option<Duration> {
    one_or_more(text).map(Duration::from_secs)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the environment"
)]
pub(super) fn from_environment(variable: &str) -> Option<String> {
    env::var(variable).ok()
}

pub(super) fn whole_hours(text: &str) -> Option<Duration> {
    one_or_more(text).map(|hours| Duration::from_secs(hours * 3_600))
}

/// No more than a clock can bear.
fn one_or_more(text: &str) -> Option<u64> {
    text.parse().ok().filter(|count| *count >= 1).map(u32::into)
}

/// Names separated by commas.
pub(super) fn names(text: &str) -> Option<Vec<String>> {
    let names = text.split(',').map(str::trim);
    let names = names.filter(|name| !name.is_empty());
    Some(names.map(str::to_owned).collect())
}

/// Ranges of addresses, separated by commas.
pub(super) fn ranges(text: &str) -> Option<Vec<IpNet>> {
    names(text)?
        .iter()
        .map(|name| address::range(name))
        .collect()
}

/// `[a] b = 1` as `a.b = "1"`; lists as their members, joined by commas.
fn flatten(table: toml::Table) -> Vec<(String, String)> {
    table
        .into_iter()
        .flat_map(|(name, value)| match value {
            toml::Value::Table(inner) => flatten(inner)
                .into_iter()
                .map(|(rest, value)| (format!("{name}.{rest}"), value))
                .collect(),
            toml::Value::Array(members) => {
                vec![(
                    name,
                    members.iter().map(scalar).collect::<Vec<_>>().join(","),
                )]
            }
            other => vec![(name, scalar(&other))],
        })
        .collect()
}

pub(super) fn scalar(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// An address without who logs in there: what is wrong with a setting is said where many can read it.
pub(super) fn without_password(value: &str) -> String {
    match (value.split_once("://"), value.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://…@{place}"),
        _ => value.to_owned(),
    }
}
