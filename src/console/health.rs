//! How the service itself is, for its administrators: what the doctor says of it while it runs, and how busy it is.

use std::fs;
use std::path::Path;
use std::time::Instant;

use app::console::{Health, HealthAdmin, HealthCheck, Problem, SettingInForce, SystemHealth};
use async_trait::async_trait;
use tokio::task::spawn_blocking;

use super::admin::AdminConsole;
use crate::db;
use crate::doctor::{self, Finding};
use crate::pool::WorkerState;

/// The journal's oldest entry is moved within a second; so late a writer is behind, and so late is stuck.
const LATE_SECONDS: u64 = 10;
const STUCK_SECONDS: u64 = 60;

#[async_trait]
impl HealthAdmin for AdminConsole {
    async fn system_health(&self) -> Result<SystemHealth, Problem> {
        let dashboard = &self.dashboard;
        let asked = Instant::now();
        let took = db::answers(&dashboard.db).await.then(|| asked.elapsed());
        let mut checks: Vec<_> = doctor::of_running(&dashboard.config)
            .await
            .into_iter()
            .chain([doctor::latency(took)])
            .map(|finding| check(finding, None))
            .collect();
        checks.extend(self.writer());
        checks.push(self.workers());
        checks.push(self.records());
        let mut figures = self.figures();
        if dashboard.config.database_url.is_none() {
            let file = db::embedded_file(&dashboard.config.data_dir);
            let sizes = spawn_blocking(move || sizes(&file))
                .await
                .unwrap_or_default();
            figures.extend(sizes);
        }
        let settings = dashboard.config.in_force.iter();
        Ok(SystemHealth {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_ms: dashboard.started.0,
            checks,
            figures,
            settings: settings
                .map(|one| SettingInForce {
                    name: one.name.to_owned(),
                    value: one.value.clone(),
                    origin: one.origin.clone(),
                })
                .collect(),
            updated_ms: dashboard.clock.now().0,
        })
    }
}

impl AdminConsole {
    /// What moves the journal into the database. Nothing where the journal itself cannot be read: that is told already.
    fn writer(&self) -> Option<HealthCheck> {
        let usage = &self.dashboard.usage;
        let backlog = usage.backlog().ok()?;
        let written = usage.written();
        let age = backlog.age.as_secs();
        let seen = format!(
            "{} wait, the oldest for {age} s; {} failed moves and {} failed writes since the start",
            doctor::size(backlog.bytes),
            written.failed_moves,
            written.failed_writes
        );
        let advice =
            "the service's log says why; nothing is lost while the data directory can be written";
        Some(match (backlog.bytes, age) {
            (0, _) | (_, 0..LATE_SECONDS) => ok("ledger writer", seen),
            (_, LATE_SECONDS..STUCK_SECONDS) => {
                bad("ledger writer", Health::Degraded, seen, advice)
            }
            _ => bad("ledger writer", Health::Down, seen, advice),
        })
    }

    fn workers(&self) -> HealthCheck {
        let workers = self.dashboard.pool.snapshot();
        let ready = workers
            .iter()
            .filter(|worker| worker.state == WorkerState::Ready);
        let (ready, all) = (ready.count(), workers.len());
        let drained = workers
            .iter()
            .filter(|worker| worker.state == WorkerState::Draining);
        let drained = drained.count();
        let seen = format!("{ready} of {all} ready, {drained} drained on purpose");
        let check = match ready {
            0 => bad(
                "workers",
                Health::Down,
                seen,
                "start one, or add another: no model can be called",
            ),
            ready if ready + drained < all => bad(
                "workers",
                Health::Degraded,
                seen,
                "see which is ill, and why",
            ),
            _ => ok("workers", seen),
        };
        HealthCheck {
            href: Some("/admin/workers".to_owned()),
            ..check
        }
    }

    /// Whether all that was done is on record.
    fn records(&self) -> HealthCheck {
        match self.dashboard.metrics.since_start().unrecorded {
            0 => ok("audit log", "all that was done is on record".to_owned()),
            missing => bad(
                "audit log",
                Health::Down,
                format!("{missing} refused acts could not be recorded since the start"),
                "the service's log tells each of them whole; see what the database says",
            ),
        }
    }

    fn figures(&self) -> Vec<(String, String)> {
        let dashboard = &self.dashboard;
        let counted = dashboard.metrics.since_start();
        let (hashing, most) = dashboard.accounts.hashing();
        let waiting: usize = dashboard
            .pool
            .queues()
            .iter()
            .map(|queue| queue.waiting)
            .sum();
        let (open, idle) = (
            dashboard.db.pool().size() as usize,
            dashboard.db.pool().num_idle(),
        );
        [
            ("Requests since the start", counted.ended.to_string()),
            (
                "Of these failed on our side",
                counted.server_errors.to_string(),
            ),
            ("Requests that wait for a worker", waiting.to_string()),
            (
                "Passwords being checked",
                format!("{hashing} of {most} at once"),
            ),
            (
                "Connections to the database",
                format!("{} in use, {idle} idle", open.saturating_sub(idle)),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }
}

fn check(finding: Finding, href: Option<String>) -> HealthCheck {
    HealthCheck {
        name: finding.name.to_owned(),
        state: match finding.state {
            doctor::State::Ok => Health::Operational,
            doctor::State::Warning => Health::Degraded,
            doctor::State::Failed => Health::Down,
        },
        seen: finding.seen,
        advice: finding.advice,
        href,
    }
}

fn ok(name: &str, seen: String) -> HealthCheck {
    check_of(name, Health::Operational, seen, None)
}

fn bad(name: &str, state: Health, seen: String, advice: &str) -> HealthCheck {
    check_of(name, state, seen, Some(advice.to_owned()))
}

fn check_of(name: &str, state: Health, seen: String, advice: Option<String>) -> HealthCheck {
    HealthCheck {
        name: name.to_owned(),
        state,
        seen,
        advice,
        href: None,
    }
}

/// Of the embedded database's file, and of what is written ahead of it.
fn sizes(file: &Path) -> Vec<(String, String)> {
    let size = |path: &Path| fs::metadata(path).map_or(0, |found| found.len());
    let mut ahead = file.as_os_str().to_owned();
    ahead.push("-wal");
    vec![
        ("Database file".to_owned(), doctor::size(size(file))),
        (
            "Its write-ahead log".to_owned(),
            doctor::size(size(Path::new(&ahead))),
        ),
    ]
}
