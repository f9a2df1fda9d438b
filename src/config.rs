//! Configuration: `assisters.toml`, each value of which the environment may replace, read once and checked whole.

mod accounts;
mod in_force;
mod mail;
mod models;
mod secret;
mod settings;
#[cfg(test)]
mod tests;
mod workers;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use url::Url;

pub use accounts::SecondFactorOf;
pub use in_force::InForce;
pub use mail::{MailSettings, SmtpSettings, SmtpTls};
pub use models::ModelSettings;
pub use secret::Secret;
use settings::{
    Settings, from_environment, names, ranges, web_address, whole_hours, whole_seconds,
};
pub use workers::{NoAddress, WorkerKey, WorkerSettings};

/// The settings of a service. A setting `ledger.fsync` is `ASSISTERS_LEDGER_FSYNC` in the environment.
#[derive(Clone, Debug)]
pub struct Config {
    pub listen: SocketAddr,
    /// What users type; `None` where it is just the address listened on.
    pub public_url: Option<Url>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    pub data_dir: PathBuf,
    pub database_url: Option<String>,
    pub models_dir: PathBuf,
    /// What the browser is given: wasm, scripts, styles, fonts.
    pub site_dir: PathBuf,
    /// When empty a local one is started and watched.
    pub workers: Vec<WorkerSettings>,
    /// The catalog: what is said here of models that workers serve.
    pub models: Vec<ModelSettings>,
    pub affinity: AffinitySettings,
    pub queue: QueueSettings,
    pub limits: RequestLimits,
    pub streams: StreamSettings,
    pub idempotency: IdempotencySettings,
    pub ledger_fsync: Fsync,
    /// What a scraper on another machine sends; without one, metrics are for this machine alone.
    pub metrics_token: Option<Secret>,
    /// Each setting as an administrator may see it.
    pub in_force: Vec<InForce>,
    pub mail: MailSettings,
    pub second_factor: SecondFactorOf,
}

/// Which requests are kept together on one worker, for what it remembers of their beginning.
#[derive(Clone, Debug, Default)]
pub struct AffinitySettings {
    /// Ids of models whose conversations stay where they began.
    pub models: Vec<String>,
}

/// How requests wait while all places on the workers of their model are taken.
#[derive(Clone, Copy, Debug)]
pub struct QueueSettings {
    /// No longer than this.
    pub wait: Duration,
    /// No more than so many for one model.
    pub length: usize,
}

/// What a stranger may cost us.
#[derive(Clone, Copy, Debug)]
pub struct RequestLimits {
    /// Bytes of a request's body.
    pub body: usize,
    /// Until a request's head is whole, from its connection's start or from the answer before.
    pub head: Duration,
    /// Between two pieces of a request's body.
    pub body_pause: Duration,
    /// Without the client's taking anything of an answer that is ready for it.
    pub stalled_reader: Duration,
    /// Until a worker's first byte, however many are tried.
    pub first_byte: Duration,
    /// Between two pieces of a worker's answer.
    pub idle: Duration,
    /// Connections at once.
    pub connections: usize,
    /// The same of one address, unless that is a trusted proxy's.
    pub connections_per_address: usize,
    /// Accounts that one address may make in an hour.
    pub sign_ups_per_hour: u32,
    /// How long new requests are still served when the service stops, and is not ready any more.
    pub drain_delay: Duration,
    /// How long running requests may go on when the service stops.
    pub drain: Duration,
}

/// How streams behave.
#[derive(Clone, Copy, Debug)]
pub struct StreamSettings {
    /// How long a worker may be silent before the client hears that we are still there.
    pub keepalive: Duration,
}

/// What an `Idempotency-Key` is good for.
#[derive(Clone, Copy, Debug)]
pub struct IdempotencySettings {
    /// How long a second request waits for the first.
    pub wait: Duration,
    /// How long after a cut a stream may be picked up again.
    pub resume: Duration,
    /// How long an answer is kept.
    pub keep: Duration,
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
    #[error("{origin} has no `{name}`; its settings are {}", known.join(", "))]
    UnknownInTable {
        origin: String,
        name: String,
        known: &'static [&'static str],
    },
    #[error("{file} cannot be read: {reason}")]
    File { file: String, reason: String },
}

const FILE: &str = "assisters.toml";
const NAMES: [&str; 31] = [
    "listen",
    "public_url",
    "trusted_proxies",
    "data_dir",
    "database_url",
    "models_dir",
    "site_dir",
    "workers",
    "affinity.models",
    "queue.wait_seconds",
    "queue.length",
    "limits.body_bytes",
    "limits.header_seconds",
    "limits.body_seconds",
    "limits.stalled_reader_seconds",
    "limits.first_byte_seconds",
    "limits.idle_seconds",
    "limits.drain_delay_seconds",
    "limits.drain_seconds",
    "limits.connections",
    "limits.connections_per_address",
    "limits.sign_ups_per_hour",
    "streams.keepalive_seconds",
    "idempotency.wait_seconds",
    "idempotency.resume_seconds",
    "idempotency.keep_hours",
    "ledger.fsync",
    "metrics.token",
    "smtp.url",
    "mail.from",
    "accounts.second_factor",
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
        Config::read(&settings)
    }

    fn read(settings: &Settings) -> Result<Config, ConfigError> {
        let data_dir = PathBuf::from(settings.text("data_dir").unwrap_or("./data"));
        let seconds = |name, default| {
            settings
                .checked(name, "a number of seconds, 1 or more", whole_seconds)
                .map(|found| found.unwrap_or(Duration::from_secs(default)))
        };
        let connections = |name, default| {
            settings
                .checked(name, "a number of connections, 1 or more", |text| {
                    text.parse().ok().filter(|count| *count >= 1)
                })
                .map(|found| found.unwrap_or(default))
        };
        let config = Config {
            listen: settings
                .parse(
                    "listen",
                    "an address with a port, such as 127.0.0.1:3000 or [::]:80",
                )?
                .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 3000))),
            public_url: settings.checked(
                "public_url",
                "an address such as https://api.example.com",
                web_address,
            )?,
            trusted_proxies: settings
                .checked(
                    "trusted_proxies",
                    "addresses or ranges separated by commas, such as 127.0.0.1, 10.0.0.0/8",
                    ranges,
                )?
                .unwrap_or_default(),
            database_url: settings.checked(
                "database_url",
                "sqlite:///path/to/file.db",
                |text| text.starts_with("sqlite:").then(|| text.to_owned()),
            )?,
            models_dir: settings
                .text("models_dir")
                .map_or_else(|| data_dir.join("models"), PathBuf::from),
            data_dir,
            site_dir: PathBuf::from(settings.text("site_dir").unwrap_or("target/site")),
            workers: {
                let expected = "base URLs separated by commas, such as http://10.0.0.5:8000";
                let list = settings.checked("workers", expected, workers::list)?;
                workers::together(&settings.workers, list.unwrap_or_default())
            },
            models: settings.models.clone(),
            affinity: AffinitySettings {
                models: settings
                    .checked("affinity.models", "models' ids, separated by commas", names)?
                    .unwrap_or_default(),
            },
            queue: QueueSettings {
                wait: seconds("queue.wait_seconds", 30)?,
                length: settings
                    .parse("queue.length", "a number of requests, or 0")?
                    .unwrap_or(1_000),
            },
            limits: RequestLimits {
                body: settings
                    .parse("limits.body_bytes", "a number of bytes")?
                    .unwrap_or(10 << 20),
                head: seconds("limits.header_seconds", 30)?,
                body_pause: seconds("limits.body_seconds", 30)?,
                stalled_reader: seconds("limits.stalled_reader_seconds", 60)?,
                first_byte: seconds("limits.first_byte_seconds", 600)?,
                idle: seconds("limits.idle_seconds", 120)?,
                connections: connections("limits.connections", 8_192)?,
                connections_per_address: connections("limits.connections_per_address", 1_024)?,
                sign_ups_per_hour: settings
                    .checked(
                        "limits.sign_ups_per_hour",
                        "a number of accounts, 1 or more",
                        |text| text.parse().ok().filter(|count| *count >= 1),
                    )?
                    .unwrap_or(20),
                drain_delay: settings
                    .parse("limits.drain_delay_seconds", "a number of seconds, or 0")?
                    .map_or(Duration::ZERO, |seconds: u32| {
                        Duration::from_secs(seconds.into())
                    }),
                drain: seconds("limits.drain_seconds", 20)?,
            },
            streams: StreamSettings {
                keepalive: seconds("streams.keepalive_seconds", 10)?,
            },
            idempotency: IdempotencySettings {
                wait: seconds("idempotency.wait_seconds", 30)?,
                resume: seconds("idempotency.resume_seconds", 60)?,
                keep: settings
                    .checked(
                        "idempotency.keep_hours",
                        "a number of hours, 1 or more",
                        whole_hours,
                    )?
                    .unwrap_or(DAY),
            },
            ledger_fsync: settings
                .parse("ledger.fsync", "`grouped` or `always`")?
                .unwrap_or(Fsync::Grouped),
            metrics_token: settings.secret(
                "metrics.token",
                "16 or more visible ASCII characters, such as `openssl rand -hex 24` prints",
            )?,
            mail: mail::read(settings)?,
            second_factor: settings
                .parse(
                    "accounts.second_factor",
                    "`offered`, `administrators` or `everyone`",
                )?
                .unwrap_or_default(),
            in_force: vec![],
        };
        Ok(Config {
            in_force: in_force::in_force(settings, &config),
            ..config
        })
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

/// The key of a worker that is examined. It is no setting of a service, nor an argument: those are seen by all who use
/// the machine.
pub fn worker_key() -> Option<String> {
    from_environment("ASSISTERS_WORKER_KEY")
}

const DAY: Duration = Duration::from_secs(24 * 3_600);

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
            "listen={} data_dir={} database={database} workers={} second_factor={}",
            self.listen,
            self.data_dir.display(),
            self.workers.len(),
            self.second_factor
        )
    }
}
