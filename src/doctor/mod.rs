//! `assisters doctor`: looks at everything that a service stands on, beside a running one or without, and changes none
//! of it.

mod files;
mod mail;
mod records;
mod running;
#[cfg(test)]
mod tests;
mod workers;

use serde_json::{Value, json};

use crate::config::{Config, ConfigError};
use crate::print::{Table, count, printable, sentence};
pub use running::{latency, of_running, size};

/// One thing that was looked at.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub name: &'static str,
    pub state: State,
    /// What was seen.
    pub seen: String,
    /// What to do about it, unless all is well.
    pub advice: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Ok,
    Warning,
    Failed,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Warning => "warning",
            State::Failed => "failed",
        }
    }
}

impl Finding {
    fn ok(name: &'static str, seen: impl Into<String>) -> Self {
        Finding {
            name,
            state: State::Ok,
            seen: seen.into(),
            advice: None,
        }
    }

    fn warning(name: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Finding {
            state: State::Warning,
            advice: Some(advice.into()),
            ..Finding::ok(name, seen)
        }
    }

    fn failed(name: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Finding {
            state: State::Failed,
            ..Finding::warning(name, seen, advice)
        }
    }
}

/// Everything that was looked at.
#[derive(Debug)]
pub struct Findings(Vec<Finding>);

/// Looks at all that the settings name.
pub async fn examine(config: Result<Config, ConfigError>) -> Findings {
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            return Findings(vec![Finding::failed(
                "configuration",
                sentence(&error),
                "correct it; the rest can be looked at after that",
            )]);
        }
    };
    let mut findings = vec![Finding::ok("configuration", config.to_string())];
    findings.push(files::data_dir(&config.data_dir));
    let (database, db) = records::database(&config).await;
    findings.push(database);
    let mut added = Ok(vec![]);
    if let Some(db) = db {
        findings.push(records::ledger(&db).await);
        added = workers::added(&config.workers, &db).await;
        db.pool().close().await;
    }
    findings.push(files::journal(&config.data_dir).await);
    findings.extend(workers::workers(&config, added).await);
    findings.extend(files::models(&config).await);
    findings.push(mail::mail(&config).await);
    Findings(findings)
}

impl Findings {
    pub fn has_failed(&self) -> bool {
        self.how_many(State::Failed) > 0
    }

    fn how_many(&self, state: State) -> usize {
        let alike = self.0.iter().filter(|finding| finding.state == state);
        alike.count()
    }

    /// As a table with a line that sums it up, or as JSON.
    pub fn told(&self, as_json: bool) -> String {
        if as_json {
            return format!("{:#}", self.in_json());
        }
        let mut table = Table::default();
        for finding in &self.0 {
            table.row([
                finding.state.as_str().to_owned(),
                finding.name.to_owned(),
                finding.seen.clone(),
            ]);
            if let Some(advice) = &finding.advice {
                table.row([String::new(), String::new(), format!("→ {advice}")]);
            }
        }
        format!("{table}\n\n{}", self.summary())
    }

    fn summary(&self) -> String {
        let failed = match self.how_many(State::Failed) {
            0 => None,
            failed => Some(format!("{} failed", count(failed, "check"))),
        };
        let warned = match self.how_many(State::Warning) {
            0 => None,
            warned => Some(count(warned, "warning")),
        };
        match [failed, warned].into_iter().flatten().collect::<Vec<_>>() {
            parts if parts.is_empty() => "All is well.".to_owned(),
            parts => format!("{}.", parts.join(", ")),
        }
    }

    fn in_json(&self) -> Value {
        let checks = self.0.iter().map(|finding| {
            json!({
                "name": finding.name,
                "state": finding.state.as_str(),
                "seen": printable(&finding.seen),
                "advice": finding.advice,
            })
        });
        json!({"ok": !self.has_failed(), "checks": checks.collect::<Vec<_>>()})
    }
}
