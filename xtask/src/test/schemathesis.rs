//! The stage `schemathesis`: requests made up from our own /openapi.json, good ones and bad ones, and each answer held
//! to what that document says.

use std::path::PathBuf;

use anyhow::Result;

use super::count::Count;
use super::service::Service;
use super::{Bench, Outcome, python};

/// Settings, hooks and requirements, from the checkout.
const FOLDER: &str = "tests/sdk/schemathesis";

pub fn prove(bench: &Bench<'_>) -> Result<Outcome> {
    // Not among the SDKs: it asks for other versions of what they bring.
    let programs = python::environment(bench, "schemathesis", "venv-schemathesis", FOLDER)?;
    let service = Service::start(bench, "schemathesis")?;
    let count = run(bench, &service, programs.join("schemathesis"));
    service.judge(count).map(Outcome::Passed)
}

fn run(bench: &Bench<'_>, service: &Service, program: PathBuf) -> Result<Count> {
    let folder = bench.tree.root.join(FOLDER);
    let mut run = python::program(bench, program);
    run.arg("--config-file")
        .arg(folder.join("schemathesis.toml"));
    run.arg("run")
        .arg(format!("{}/openapi.json", service.url()));
    run.arg(if bench.board.colour() {
        "--force-color"
    } else {
        "--no-color"
    });
    service.introduce(&mut run)?;
    run.env("ASSISTERS_API_KEY", service.unlimited_key(bench)?)
        // Where the hooks are imported from.
        .env("PYTHONPATH", &folder)
        // It leaves a folder where it is called.
        .current_dir(service.folder());
    bench.run(&mut run, Count::of_schemathesis)
}
