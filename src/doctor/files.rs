//! What lies on the disk: the data directory, the journal, the embedded models.

use std::fs;
use std::io;
use std::path::Path;

use engine::catalog::{MODELS, Model};
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

use super::Finding;
use crate::config::Config;
use crate::print::count;
use crate::usage;

pub(super) fn data_dir(dir: &Path) -> Finding {
    let name = "data directory";
    let path = dir.display();
    if !dir.exists() {
        return Finding::warning(
            name,
            format!("{path} is not there yet"),
            "`assisters serve` makes it; if there should be one, correct ASSISTERS_DATA_DIR",
        );
    }
    // Not the name that a service tries it with: one may be starting now.
    let probe = dir.join(format!(".doctor-{}", std::process::id()));
    match fs::write(&probe, []).and_then(|()| fs::remove_file(&probe)) {
        Ok(()) => Finding::ok(name, format!("{path} can be written")),
        Err(error) => Finding::failed(
            name,
            format!("{path} cannot be written: {error}"),
            "make it writable, or name another in ASSISTERS_DATA_DIR",
        ),
    }
}

pub(super) async fn journal(data_dir: &Path) -> Finding {
    let name = "journal";
    let dir = data_dir.to_owned();
    let looked = match spawn_blocking(move || usage::leftovers(&dir)).await {
        Ok(looked) => looked,
        Err(error) => Err(io::Error::other(error)),
    };
    let left = match looked {
        Ok(left) => left,
        Err(error) => {
            return Finding::failed(
                name,
                format!("it cannot be read: {error}"),
                "make its files readable for whoever runs this",
            );
        }
    };
    if let Some(first) = left.damaged.first() {
        let seen = format!("{} with damaged lines", count(left.damaged.len(), "file"));
        let advice = format!(
            "look at {}; its whole lines are in the ledger, the damaged ones are not. Then move it away",
            first.display()
        );
        return Finding::failed(name, seen, advice);
    }
    match (left.waiting, left.stale) {
        (0, _) => Finding::ok(name, "all records are in the ledger"),
        (waiting, 0) => Finding::ok(
            name,
            format!("{} on the way into the ledger", count(waiting, "record")),
        ),
        (_, stale) => Finding::warning(
            name,
            format!(
                "{} left behind, not in the ledger yet",
                count(stale, "record")
            ),
            "start `assisters serve`, which moves them; if one is running, its log says why it cannot",
        ),
    }
}

/// How a model's files are.
enum Condition {
    Good,
    Absent,
    Damaged(&'static str),
    Unreadable(io::Error),
}

pub(super) async fn models(config: &Config) -> Vec<Finding> {
    let dir = config.models_dir.clone();
    let conditions = spawn_blocking(move || {
        let all = MODELS.iter().map(|model| (*model, condition(&dir, model)));
        all.collect::<Vec<_>>()
    });
    // A read that was cut off has told nothing of any model.
    let conditions = conditions.await.unwrap_or_default();
    let needed = config.workers.is_empty();
    let none = !conditions
        .iter()
        .any(|(_, condition)| matches!(condition, Condition::Good));
    let found = conditions.iter().map(|(model, condition)| {
        let advice = "run `assisters models fetch`";
        let (seen, advice) = match condition {
            Condition::Good => return Finding::ok("model", format!("{} is verified", model.id)),
            Condition::Absent => (
                format!("{} is not in {}", model.id, config.models_dir.display()),
                advice.to_owned(),
            ),
            Condition::Damaged(file) => (
                format!("{} has a {file} that is not the right one", model.id),
                advice.to_owned(),
            ),
            Condition::Unreadable(error) => (
                format!("{} cannot be read: {error}", model.id),
                format!("make {} readable", config.models_dir.display()),
            ),
        };
        match needed && none {
            true => Finding::failed("model", seen, advice),
            false => Finding::warning("model", seen, advice),
        }
    });
    found.collect()
}

fn condition(models_dir: &Path, model: &Model) -> Condition {
    for file in model.files {
        match sum(&models_dir.join(model.id).join(file.name), file.bytes) {
            Ok(Some(sum)) if sum == file.sha256 => {}
            Ok(_) => return Condition::Damaged(file.name),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Condition::Absent,
            Err(error) => return Condition::Unreadable(error),
        }
    }
    Condition::Good
}

/// The SHA-256 of a file in hex, if it has the right length.
fn sum(path: &Path, bytes: u64) -> io::Result<Option<String>> {
    let mut file = fs::File::open(path)?;
    if file.metadata()?.len() != bytes {
        return Ok(None);
    }
    let mut hasher = Hasher(Sha256::new());
    io::copy(&mut file, &mut hasher)?;
    let sum = hasher.0.finalize();
    Ok(Some(sum.iter().map(|byte| format!("{byte:02x}")).collect()))
}

struct Hasher(Sha256);

impl io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
