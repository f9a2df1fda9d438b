//! The stage `sdk`: OpenAI's own Python SDK, in a virtual environment under `target/`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::count::Count;
use super::service::Service;
use super::{Bench, Outcome};
use crate::process::command;
use crate::watch::{Speech, watch};

/// Tests and requirements, from the checkout.
const TESTS: &str = "tests/sdk/python";

pub fn prove(bench: &Bench<'_>) -> Result<Outcome> {
    let python = environment(bench)?;
    let service = Service::start(bench, "sdk")?;
    let mut pytest = command(bench.tree, python);
    pytest.args([
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--tb=short",
        "-rs",
        TESTS,
    ]);
    if bench.board.colour() {
        pytest.arg("--color=yes");
    }
    // Compiled tests would lie about in the checkout.
    pytest.env("PYTHONDONTWRITEBYTECODE", "1");
    service.introduce(&mut pytest)?;
    let count = bench.run(&mut pytest, Count::of_pytest);
    service.judge(count).map(Outcome::Passed)
}

/// Makes the environment from the pinned requirements, and says where its Python is.
fn environment(bench: &Bench<'_>) -> Result<PathBuf> {
    let step = bench.board.begin("python sdk");
    let venv = bench.tree.target.join("venv");
    let python = venv.join("bin/python");
    let stamp = venv.join("requirements.txt");
    let pinned = bench.tree.root.join(TESTS).join("requirements.txt");
    let wanted =
        fs::read_to_string(&pinned).with_context(|| format!("cannot read {}", pinned.display()))?;
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        step.done("there");
        return Ok(python);
    }
    let mut make = command(bench.tree, "python3");
    make.args(["-m", "venv", "--clear"]).arg(&venv);
    watch(&step, &mut make, Speech::Plain).context(
        "a virtual environment needs Python 3 with venv (Debian: apt-get install python3-venv)",
    )?;
    let mut install = command(bench.tree, &python);
    install
        .args([
            "-m",
            "pip",
            "install",
            "--no-input",
            "--progress-bar",
            "off",
            "--requirement",
        ])
        .arg(&pinned);
    watch(&step, &mut install, Speech::Plain).context("pip could not install the Python SDK")?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    step.done("installed");
    Ok(python)
}
