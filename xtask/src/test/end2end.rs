//! The stage `end2end`: every page in a real Chromium, by Playwright.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::count::Count;
use super::service::Service;
use super::{Bench, Outcome, node};
use crate::process::{command, find};
use crate::watch::{Speech, watch};

/// Names under which distributions ship it, Debian's first.
const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

pub fn prove(bench: &Bench<'_>) -> Result<Outcome> {
    playwright(bench, "pages").map(Outcome::Passed)
}

/// Every page, in both themes and at two sizes, as PNG.
pub fn screenshots(bench: &Bench<'_>) -> Result<()> {
    playwright(bench, "screenshots").map(drop)
}

/// What Lighthouse makes of the pages: it prints a table, and ends badly where a mark is missed.
pub fn lighthouse(bench: &Bench<'_>) -> Result<()> {
    let browser = browser(bench)?;
    node::packages(bench, "lighthouse", "end2end")?;
    let service = Service::start(bench, "lighthouse")?;
    let mut judge = tool(bench, "node");
    judge.arg("lighthouse.mjs");
    service.introduce(&mut judge)?;
    judge.env("CHROMIUM", browser);
    let judged = bench.call(&mut judge).map(drop);
    service.judge(judged)
}

fn playwright(bench: &Bench<'_>, project: &str) -> Result<Count> {
    let browser = browser(bench)?;
    node::packages(bench, "playwright", "end2end")?;
    bench
        .call(&mut tool(bench, "node_modules/.bin/tsc"))
        .context("the tests' types do not fit")?;
    let service = Service::start(bench, "end2end")?;
    let mut test = tool(bench, "node_modules/.bin/playwright");
    test.args(["test", "--project", project]);
    service.introduce(&mut test)?;
    test.env("CHROMIUM", browser);
    test.env("SCREENSHOTS", bench.tree.target.join("screenshots"));
    let count = bench.run(&mut test, Count::of_playwright);
    service.judge(count)
}

fn tool(bench: &Bench<'_>, program: &str) -> Command {
    let folder = bench.tree.root.join("end2end");
    let local = folder.join(program);
    let mut command = command(
        bench.tree,
        if local.exists() {
            local.as_path()
        } else {
            Path::new(program)
        },
    );
    command.current_dir(folder);
    command
}

/// Finds Chromium, or installs Debian's where we may.
fn browser(bench: &Bench<'_>) -> Result<PathBuf> {
    let step = bench.board.begin("chromium");
    let found = || BROWSERS.into_iter().find_map(find);
    if let Some(program) = found() {
        step.done("there");
        return Ok(program);
    }
    if find("apt-get").is_none() || !rustix::process::geteuid().is_root() {
        bail!(
            "the pages are tested in Chromium: install it first (Debian: sudo apt-get install chromium)"
        );
    }
    for arguments in [
        &["update"][..],
        &["install", "-y", "--no-install-recommends", "chromium"],
    ] {
        let mut apt = command(bench.tree, "apt-get");
        apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        watch(&step, &mut apt, Speech::Plain).context("apt-get could not install chromium")?;
    }
    let program = found().context("chromium was installed, but is not in PATH")?;
    step.done("installed");
    Ok(program)
}
