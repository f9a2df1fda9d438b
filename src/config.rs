//! Configuration: `assisters.toml`, each value of which the environment may replace, read once and checked whole.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use url::Url;

/// The settings of a service. A setting `ledger.fsync` is `ASSISTERS_LEDGER_FSYNC` in the environment.
#[derive(Clone, Debug)]
pub struct Config {
    pub listen: SocketAddr,
    /// What users type; `None` where it is just the address listened on.
    pub public_url: Option<Url>,
    pub data_dir: PathBuf,
    pub database_url: Option<String>,
    pub models_dir: PathBuf,
    /// What the browser is given: wasm, scripts, styles, fonts.
    pub site_dir: PathBuf,
    /// Base URLs of workers; when empty a local one is started and watched.
    pub workers: Vec<Url>,
    pub limits: RequestLimits,
    pub ledger_fsync: Fsync,
}

/// What a stranger may cost us.
#[derive(Clone, Copy, Debug)]
pub struct RequestLimits {
    /// Bytes of a request's body.
    pub body: usize,
    /// Until a worker's first byte.
    pub first_byte: Duration,
    /// How long running requests may go on when the service stops.
    pub drain: Duration,
}

/// When a ledger record counts as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    /// With the write: it survives the process. The disk follows within 10 ms.
    Grouped,
    /// With the disk's word: it survives the machine.
    Always,
}

impl FromStr for Fsync {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "grouped" => Ok(Fsync::Grouped),
            "always" => Ok(Fsync::Always),
            _ => Err(()),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{origin} is {value:?}; it must be {expected}")]
    Value {
        origin: String,
        value: String,
        expected: &'static str,
    },
    #[error("{file}: there is no setting `{name}`; the settings are {}", NAMES.join(", "))]
    Unknown { file: String, name: String },
    #[error("{file} cannot be read: {reason}")]
    File { file: String, reason: String },
}

const FILE: &str = "assisters.toml";
const NAMES: [&str; 11] = [
    "listen",
    "public_url",
    "data_dir",
    "database_url",
    "models_dir",
    "site_dir",
    "workers",
    "limits.body_bytes",
    "limits.first_byte_seconds",
    "limits.drain_seconds",
    "ledger.fsync",
];

impl Config {
    /// Reads `file`, or `assisters.toml` where there is one, and the environment.
    pub fn load(file: Option<&Path>) -> Result<Config, ConfigError> {
        let mut settings = match file {
            Some(file) => Settings::from_file(file)?,
            None if Path::new(FILE).exists() => Settings::from_file(Path::new(FILE))?,
            None => Settings::default(),
        };
        settings.overlay_environment();
        settings.into_config()
    }

    /// The address of the site as users see it, without a slash at its end.
    pub fn public_base(&self, listening: SocketAddr) -> String {
        match &self.public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!("http://{listening}"),
        }
    }

    /// Whether browsers reach the site over https, so that its cookies must never travel otherwise.
    pub fn is_https(&self) -> bool {
        self.public_url
            .as_ref()
            .is_some_and(|url| url.scheme() == "https")
    }
}

/// Raw values by name, each with where it came from.
#[derive(Default)]
struct Settings(BTreeMap<&'static str, (String, String)>);

impl Settings {
    fn from_file(path: &Path) -> Result<Settings, ConfigError> {
        let file = path.display().to_string();
        let fail = |reason: String| ConfigError::File {
            file: file.clone(),
            reason,
        };
        let text = fs::read_to_string(path).map_err(|error| fail(error.to_string()))?;
        let table: toml::Table = text
            .parse()
            .map_err(|error: toml::de::Error| fail(error.message().to_owned()))?;
        let mut settings = Settings::default();
        for (name, value) in flatten(table) {
            let Some(known) = NAMES.into_iter().find(|known| *known == name) else {
                return Err(ConfigError::Unknown { file, name });
            };
            settings
                .0
                .insert(known, (value, format!("{file}: {known}")));
        }
        Ok(settings)
    }

    fn overlay_environment(&mut self) {
        for name in NAMES {
            let variable = format!("ASSISTERS_{}", name.replace('.', "_").to_uppercase());
            #[expect(
                clippy::disallowed_methods,
                reason = "this is the one place that reads the environment"
            )]
            if let Ok(value) = env::var(&variable) {
                self.0.insert(name, (value, variable));
            }
        }
    }

    fn into_config(self) -> Result<Config, ConfigError> {
        let data_dir = PathBuf::from(self.text("data_dir").unwrap_or("./data"));
        let seconds = "a number of seconds, 1 or more";
        Ok(Config {
            listen: self
                .parse(
                    "listen",
                    "an address with a port, such as 127.0.0.1:3000 or [::]:80",
                )?
                .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 3000))),
            public_url: self.checked(
                "public_url",
                "an address such as https://api.example.com",
                web_address,
            )?,
            database_url: self.checked("database_url", "sqlite:///path/to/file.db", |text| {
                text.starts_with("sqlite:").then(|| text.to_owned())
            })?,
            models_dir: self
                .text("models_dir")
                .map_or_else(|| data_dir.join("models"), PathBuf::from),
            data_dir,
            site_dir: PathBuf::from(self.text("site_dir").unwrap_or("target/site")),
            workers: self
                .checked(
                    "workers",
                    "base URLs separated by commas, such as http://10.0.0.5:8000",
                    |text| {
                        let addresses = text
                            .split(',')
                            .map(str::trim)
                            .filter(|address| !address.is_empty());
                        addresses.map(web_address).collect::<Option<Vec<Url>>>()
                    },
                )?
                .unwrap_or_default(),
            limits: RequestLimits {
                body: self
                    .parse("limits.body_bytes", "a number of bytes")?
                    .unwrap_or(10 << 20),
                first_byte: self
                    .checked("limits.first_byte_seconds", seconds, whole_seconds)?
                    .unwrap_or(MINUTES_5),
                drain: self
                    .checked("limits.drain_seconds", seconds, whole_seconds)?
                    .unwrap_or(Duration::from_secs(20)),
            },
            ledger_fsync: self
                .parse("ledger.fsync", "`grouped` or `always`")?
                .unwrap_or(Fsync::Grouped),
        })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|(value, _)| value.as_str())
    }

    fn parse<T: FromStr>(
        &self,
        name: &str,
        expected: &'static str,
    ) -> Result<Option<T>, ConfigError> {
        self.checked(name, expected, |text| text.parse().ok())
    }

    fn checked<T>(
        &self,
        name: &str,
        expected: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some((value, origin)) = self.0.get(name) else {
            return Ok(None);
        };
        match read(value) {
            Some(read) => Ok(Some(read)),
            None => Err(ConfigError::Value {
                origin: origin.clone(),
                value: value.clone(),
                expected,
            }),
        }
    }
}

const MINUTES_5: Duration = Duration::from_secs(300);

fn web_address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    (matches!(url.scheme(), "http" | "https") && url.has_host() && plain).then_some(url)
}

fn whole_seconds(text: &str) -> Option<Duration> {
    text.parse()
        .ok()
        .filter(|seconds| *seconds >= 1)
        .map(Duration::from_secs)
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

fn scalar(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// As it may be logged: a database address can hold a password.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let database = if self.database_url.is_some() {
            "configured"
        } else {
            "embedded"
        };
        write!(
            f,
            "listen={} data_dir={} database={database} workers={}",
            self.listen,
            self.data_dir.display(),
            self.workers.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("assisters.toml");
        fs::write(&file, text).unwrap();
        Settings::from_file(&file)?.into_config()
    }

    #[test]
    fn nothing_said_gives_the_defaults() {
        let config = read("").unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:3000");
        assert_eq!(config.models_dir, Path::new("./data/models"));
        assert_eq!(config.public_base(config.listen), "http://127.0.0.1:3000");
    }

    #[test]
    fn sections_and_lists_are_read() {
        let config =
            read("workers = ['http://a:1', 'http://b:2']\n[limits]\nbody_bytes = 5").unwrap();
        assert_eq!(config.workers.len(), 2);
        assert_eq!(config.limits.body, 5);
    }

    #[test]
    fn a_wrong_value_is_named_with_what_would_be_right() {
        let error = read("listen = 'localhost'").unwrap_err().to_string();
        assert!(
            error.contains("listen")
                && error.contains("\"localhost\"")
                && error.contains("127.0.0.1:3000"),
            "{error}"
        );
    }

    #[test]
    fn an_unknown_setting_is_refused_with_those_that_exist() {
        let error = read("[ledger]\nsync = 'always'").unwrap_err().to_string();
        assert!(
            error.contains("`ledger.sync`") && error.contains("ledger.fsync"),
            "{error}"
        );
    }
}
