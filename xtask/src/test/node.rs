//! Node programs from a lock file.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::Bench;
use crate::process::{command, find};
use crate::watch::{Speech, watch};

/// The oldest that the locked packages run in.
const OLDEST: u32 = 20;

/// Installs into `folder` what its package-lock.json pins, once.
pub fn packages(bench: &Bench<'_>, step: &'static str, folder: &str) -> Result<()> {
    let step = bench.board.begin(step);
    let folder = bench.tree.root.join(folder);
    let stamp = folder.join("node_modules/.installed-lock.json");
    let lock = folder.join("package-lock.json");
    let wanted =
        fs::read_to_string(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        step.done("there");
        return Ok(());
    }
    if find("npm").is_none() {
        bail!(
            "these tests run in Node.js, with packages by npm: install both first (Debian: apt-get install nodejs npm)"
        );
    }
    if let Some(version) = node_version().filter(|version| *version < OLDEST) {
        bail!(
            "these tests run in Node.js {OLDEST} or later, and {version} is here: install a later one"
        );
    }
    let mut install = command(bench.tree, "npm");
    install
        .args(["ci", "--no-audit", "--no-fund"])
        // The browser is the system's; Playwright's own would come from a host of its own.
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
        .current_dir(&folder);
    watch(&step, &mut install, Speech::Plain)
        .with_context(|| format!("npm could not install {}", lock.display()))?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    step.done("installed");
    Ok(())
}

/// Its first figure, where it says one.
fn node_version() -> Option<u32> {
    let said = Command::new("node").arg("--version").output().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    said.strip_prefix('v')?.split('.').next()?.parse().ok()
}
