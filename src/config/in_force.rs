//! The settings as they are in force, each with where it comes from: what an administrator may see.

use super::settings::{HIDDEN, Settings, without_password};
use super::{Config, NAMES};

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    pub name: &'static str,
    /// Of a secret only that there is one.
    pub value: String,
    /// A variable of the environment, a place in a file, or the default.
    pub origin: String,
}

/// Not shown, whatever they hold.
const SECRETS: &[&str] = &["token", "password", "secret", "key"];
const DEFAULT: &str = "default";

pub(super) fn in_force(settings: &Settings, config: &Config) -> Vec<InForce> {
    let one = |name: &'static str| match settings.written(name) {
        Some((value, origin)) => InForce {
            name,
            value: match SECRETS.iter().any(|secret| name.contains(secret)) {
                true => HIDDEN.to_owned(),
                false => without_password(value),
            },
            origin: origin.to_owned(),
        },
        None => InForce {
            name,
            value: by_default(name, config),
            origin: DEFAULT.to_owned(),
        },
    };
    NAMES.into_iter().map(one).collect()
}

/// What holds where nothing was said.
fn by_default(name: &str, config: &Config) -> String {
    let limits = &config.limits;
    let seconds = |time: std::time::Duration| time.as_secs().to_string();
    match name {
        "listen" => config.listen.to_string(),
        "data_dir" => config.data_dir.display().to_string(),
        "models_dir" => config.models_dir.display().to_string(),
        "site_dir" => config.site_dir.display().to_string(),
        "public_url" => "the address that is listened on".to_owned(),
        "database_url" => "a file in the data directory".to_owned(),
        "workers" if config.workers.is_empty() => "a local one".to_owned(),
        "workers" => format!("{} in tables of the file", config.workers.len()),
        "queue.wait_seconds" => seconds(config.queue.wait),
        "queue.length" => config.queue.length.to_string(),
        "limits.body_bytes" => limits.body.to_string(),
        "limits.header_seconds" => seconds(limits.head),
        "limits.body_seconds" => seconds(limits.body_pause),
        "limits.stalled_reader_seconds" => seconds(limits.stalled_reader),
        "limits.first_byte_seconds" => seconds(limits.first_byte),
        "limits.idle_seconds" => seconds(limits.idle),
        "limits.drain_delay_seconds" => seconds(limits.drain_delay),
        "limits.drain_seconds" => seconds(limits.drain),
        "limits.connections" => limits.connections.to_string(),
        "limits.connections_per_address" => limits.connections_per_address.to_string(),
        "limits.sign_ups_per_hour" => limits.sign_ups_per_hour.to_string(),
        "streams.keepalive_seconds" => seconds(config.streams.keepalive),
        "idempotency.wait_seconds" => seconds(config.idempotency.wait),
        "idempotency.resume_seconds" => seconds(config.idempotency.resume),
        "idempotency.keep_hours" => (config.idempotency.keep.as_secs() / 3_600).to_string(),
        "ledger.fsync" => "grouped".to_owned(),
        "accounts.second_factor" => config.second_factor.to_string(),
        _ => "none".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn each_setting_says_where_it_comes_from_and_no_secret_what_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("assisters.toml");
        let text = "[queue]\nlength = 7\n[metrics]\ntoken = 's3cret-s3cret-s3cret'";
        fs::write(&file, text).unwrap();
        let config = Config::read(&Settings::from_file(&file).unwrap()).unwrap();
        let found = |name: &str| {
            let mut all = config.in_force.iter();
            all.find(|one| one.name == name).unwrap()
        };
        assert_eq!(config.in_force.len(), NAMES.len());
        let length = found("queue.length");
        assert_eq!(length.value, "7");
        assert!(length.origin.ends_with("assisters.toml: queue.length"));
        let wait = found("queue.wait_seconds");
        assert_eq!((wait.value.as_str(), wait.origin.as_str()), ("30", DEFAULT));
        assert_eq!(found("metrics.token").value, HIDDEN);
        assert!(!format!("{:?}", config.in_force).contains("s3cret"));
    }
}
