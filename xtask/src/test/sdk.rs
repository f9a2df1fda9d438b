//! The stage `sdk`: the official clients, OpenAI's and those of others who speak to the same endpoints, with only the
//! address and the key changed.

use std::process::Command;

use anyhow::Result;

use super::count::Count;
use super::service::Service;
use super::{Bench, Outcome, node, python};
use crate::process::command;

/// Tests and what they need, from the checkout.
const PYTHON: &str = "tests/sdk/python";
const NODE: &str = "tests/sdk/node";

pub fn prove(bench: &Bench<'_>) -> Result<Outcome> {
    let programs = python::environment(bench, "python sdks", "venv", PYTHON)?;
    node::packages(bench, "node sdks", NODE)?;
    let service = Service::start(bench, "sdk")?;
    let mut pytest = python::program(bench, programs.join("python"));
    let count = pytests(bench, &service, &mut pytest);
    let count = count.and_then(|before| nodes(bench, &service, before));
    service.judge(count).map(Outcome::Passed)
}

fn pytests(bench: &Bench<'_>, service: &Service, pytest: &mut Command) -> Result<Count> {
    pytest.args([
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--tb=short",
        "-rs",
        PYTHON,
    ]);
    if bench.board.colour() {
        pytest.arg("--color=yes");
    }
    service.introduce(pytest)?;
    bench.run(pytest, Count::of_pytest)
}

fn nodes(bench: &Bench<'_>, service: &Service, before: Count) -> Result<Count> {
    let mut node = command(bench.tree, "node");
    // One file after the other: the tests look at what the worker does for them.
    node.args(["--test", "--test-reporter=spec", "--test-concurrency=1"])
        .current_dir(bench.tree.root.join(NODE));
    service.introduce(&mut node)?;
    bench.run_after(before, &mut node, Count::of_node)
}
