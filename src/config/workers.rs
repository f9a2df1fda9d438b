//! The workers that are configured: by address alone, or as a `[[worker]]` table with what else is to be known of one.

use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::str::FromStr;

use url::{Host, Url};

use super::ConfigError;
use super::settings::{scalar, web_address};
use crate::address::may_be_a_workers;

/// A worker, as it is configured.
#[derive(Clone, PartialEq, Eq)]
pub struct WorkerSettings {
    pub url: Url,
    /// Sent to it as `Authorization: Bearer …`.
    pub key: Option<WorkerKey>,
    /// Its share of the requests, against the others'.
    pub weight: NonZeroU32,
    /// The most requests that it is given at once.
    pub max_in_flight: Option<NonZeroUsize>,
}

/// A worker's own key. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct WorkerKey(String);

impl WorkerKey {
    pub fn parse(text: &str) -> Option<Self> {
        let visible = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        visible.then(|| WorkerKey(text.to_owned()))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// What a `[[worker]]` may say.
const FIELDS: [&str; 4] = ["url", "key", "weight", "max_in_flight"];
const ADDRESS: &str = "an address such as http://10.0.0.5:8000";

impl WorkerSettings {
    /// One of which no more than its address is known.
    pub fn at(url: Url) -> Self {
        WorkerSettings {
            url,
            key: None,
            weight: NonZeroU32::MIN,
            max_in_flight: None,
        }
    }

    /// Without the `/v1` that may stand at its address's end and makes no difference.
    pub fn bare(&self) -> Self {
        WorkerSettings {
            url: Url::parse(bare(&self.url)).unwrap_or_else(|_| self.url.clone()),
            ..self.clone()
        }
    }

    /// Whether both mean one and the same.
    fn is_at(&self, url: &Url) -> bool {
        bare(&self.url) == bare(url)
    }
}

fn bare(url: &Url) -> &str {
    let text = url.as_str().trim_end_matches('/');
    text.strip_suffix("/v1").unwrap_or(text)
}

impl FromStr for WorkerSettings {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Self, NoAddress> {
        let url = web_address(text).filter(|url| url.fragment().is_none());
        let url = url.filter(|url| match url.host() {
            Some(Host::Ipv4(v4)) => may_be_a_workers(v4.into()),
            Some(Host::Ipv6(v6)) => may_be_a_workers(v6.into()),
            // Where its name leads is looked at whenever it is called.
            Some(Host::Domain(name)) => !name.trim_end_matches('.').is_empty(),
            None => false,
        });
        url.map(WorkerSettings::at).ok_or(NoAddress)
    }
}

#[derive(Debug, thiserror::Error)]
#[error(
    "a worker's address is such as http://10.0.0.5:8000, and not one where no server can be, or a cloud tells its secrets"
)]
pub struct NoAddress;

/// Without the key.
impl fmt::Debug for WorkerSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerSettings")
            .field("url", &self.url.as_str())
            .field("weight", &self.weight)
            .field("max_in_flight", &self.max_in_flight)
            .finish_non_exhaustive()
    }
}

/// Addresses separated by commas.
pub(super) fn list(text: &str) -> Option<Vec<WorkerSettings>> {
    let addresses = text
        .split(',')
        .map(str::trim)
        .filter(|address| !address.is_empty());
    addresses.map(|address| address.parse().ok()).collect()
}

/// Reads what stands in `file` as `worker`: tables, each of one worker.
pub(super) fn tables(file: &str, value: &toml::Value) -> Result<Vec<WorkerSettings>, ConfigError> {
    let wrong = || ConfigError::Value {
        origin: format!("{file}: worker"),
        value: scalar(value),
        expected: "written as tables: [[worker]], and below it url = \"http://10.0.0.5:8000\"",
    };
    let mut workers: Vec<WorkerSettings> = vec![];
    for (index, value) in value.as_array().ok_or_else(wrong)?.iter().enumerate() {
        let table = value.as_table().ok_or_else(wrong)?;
        let origin = format!("{file}: worker[{index}]");
        let worker = table_of_one(&origin, table)?;
        if workers.iter().any(|other| other.is_at(&worker.url)) {
            return Err(ConfigError::Value {
                origin: format!("{origin}.url"),
                value: worker.url.into(),
                expected: "another worker's; this one stands above already",
            });
        }
        workers.push(worker);
    }
    Ok(workers)
}

/// Those of `tables`, and those of `list` that are not among them.
pub(super) fn together(
    tables: &[WorkerSettings],
    list: Vec<WorkerSettings>,
) -> Vec<WorkerSettings> {
    let mut workers = tables.to_vec();
    for worker in list {
        if !workers.iter().any(|other| other.is_at(&worker.url)) {
            workers.push(worker);
        }
    }
    workers
}

fn table_of_one(origin: &str, table: &toml::Table) -> Result<WorkerSettings, ConfigError> {
    let fail = |name: &str, value: String, expected| ConfigError::Value {
        origin: format!("{origin}.{name}"),
        value,
        expected,
    };
    if let Some(name) = table.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(ConfigError::UnknownInTable {
            origin: origin.to_owned(),
            name: name.clone(),
            known: &FIELDS,
        });
    }
    let Some(url) = table.get("url") else {
        return Err(fail("url", String::new(), ADDRESS));
    };
    let mut worker: WorkerSettings = scalar(url)
        .parse()
        .map_err(|_| fail("url", scalar(url), ADDRESS))?;
    if let Some(key) = table.get("key") {
        let parsed = key.as_str().and_then(WorkerKey::parse);
        // What was written may be nearly right, and is nobody's to read in a log.
        let error = || fail("key", "…".into(), "text of visible ASCII characters");
        worker.key = Some(parsed.ok_or_else(error)?);
    }
    if let Some(weight) = table.get("weight") {
        let error = || fail("weight", scalar(weight), "a whole number from 1 to 1000");
        let number = scalar(weight).parse::<NonZeroU32>().ok();
        worker.weight = number.filter(|one| one.get() <= 1_000).ok_or_else(error)?;
    }
    if let Some(most) = table.get("max_in_flight") {
        let error = |_| fail("max_in_flight", scalar(most), "a whole number, 1 or more");
        worker.max_in_flight = Some(scalar(most).parse().map_err(error)?);
    }
    Ok(worker)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<WorkerSettings>, ConfigError> {
        let table: toml::Table = text.parse().unwrap();
        tables("a.toml", &table["worker"])
    }

    #[test]
    fn a_worker_has_what_its_table_says() {
        let workers = read(
            "[[worker]]\nurl = 'http://a:1'\nkey = 's3cret'\nweight = 3\nmax_in_flight = 8\n\
             [[worker]]\nurl = 'https://b/v1'",
        )
        .unwrap();
        let [first, second] = workers.as_slice() else {
            panic!("{workers:?}");
        };
        assert_eq!(first.key.as_ref().unwrap().expose(), "s3cret");
        assert_eq!(
            (first.weight.get(), first.max_in_flight.unwrap().get()),
            (3, 8)
        );
        assert_eq!((second.weight.get(), second.max_in_flight), (1, None));
        assert!(!format!("{workers:?}").contains("s3cret"));
    }

    #[test]
    fn what_is_wrong_in_a_table_is_named_and_a_key_never_shown() {
        for (wrong, name) in [
            ("worker = 'http://a:1'", "worker"),
            ("[[worker]]\nweight = 1", "worker[0].url"),
            ("[[worker]]\nurl = 'ftp://a'", "worker[0].url"),
            ("[[worker]]\nurl = 'http://u:s3cret@a'", "worker[0].url"),
            (
                "[[worker]]\nurl = 'http://a'\nkey = 'a s3cret'",
                "worker[0].key",
            ),
            (
                "[[worker]]\nurl = 'http://a'\nweight = 0",
                "worker[0].weight",
            ),
            (
                "[[worker]]\nurl = 'http://a'\nweight = 1.5",
                "worker[0].weight",
            ),
            (
                "[[worker]]\nurl = 'http://a'\nmax_in_flight = -1",
                "worker[0].max_in_flight",
            ),
            (
                "[[worker]]\nurl = 'http://a'\nmax = 1",
                "worker[0] has no `max`",
            ),
            (
                "[[worker]]\nurl = 'http://a'\n[[worker]]\nurl = 'http://a/v1/'",
                "worker[1].url",
            ),
        ] {
            let error = read(wrong).unwrap_err().to_string();
            assert!(error.contains(&format!("a.toml: {name}")), "{error}");
            assert!(
                name == "worker[0].url" || !error.contains("s3cret"),
                "{error}"
            );
        }
    }

    #[test]
    fn the_list_adds_what_no_table_tells() {
        let tables = read("[[worker]]\nurl = 'http://a:1'\nweight = 2").unwrap();
        let all = together(
            &tables,
            list("http://a:1/v1, http://b:2,http://b:2/").unwrap(),
        );
        let told: Vec<_> = all
            .iter()
            .map(|worker| (worker.url.as_str(), worker.weight.get()))
            .collect();
        assert_eq!(told, [("http://a:1/", 2), ("http://b:2/", 1)]);
        assert!(list("http://a:1,b:2").is_none());
    }
}
