//! Python programs from pinned requirements, each set in a virtual environment of its own under `target/`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::Bench;
use crate::process::command;
use crate::watch::{Speech, watch};

/// Makes the environment `target/{venv}` from `{folder}/requirements.txt`, unless it is there, and says where its
/// programs are.
pub fn environment(
    bench: &Bench<'_>,
    step: &'static str,
    venv: &str,
    folder: &str,
) -> Result<PathBuf> {
    let step = bench.board.begin(step);
    let venv = bench.tree.target.join(venv);
    let stamp = venv.join("requirements.txt");
    let pinned = bench.tree.root.join(folder).join("requirements.txt");
    let wanted =
        fs::read_to_string(&pinned).with_context(|| format!("cannot read {}", pinned.display()))?;
    let programs = venv.join("bin");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        step.done("there");
        return Ok(programs);
    }
    let mut make = command(bench.tree, "python3");
    make.args(["-m", "venv", "--clear"]).arg(&venv);
    watch(&step, &mut make, Speech::Plain).context(
        "a virtual environment needs Python 3 with venv (Debian: apt-get install python3-venv)",
    )?;
    let mut install = command(bench.tree, programs.join("python"));
    install
        .args([
            "-m",
            "pip",
            "install",
            "--no-input",
            "--disable-pip-version-check",
            "--progress-bar",
            "off",
            "--requirement",
        ])
        .arg(&pinned);
    watch(&step, &mut install, Speech::Plain)
        .with_context(|| format!("pip could not install {}", pinned.display()))?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    step.done("installed");
    Ok(programs)
}

/// A program that leaves nothing compiled about in the checkout, and does the same in every run.
pub fn program(bench: &Bench<'_>, file: PathBuf) -> Command {
    let mut program = command(bench.tree, file);
    program
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONHASHSEED", "0");
    program
}
