//! The stage `llama`: a worker that nobody here wrote, llama.cpp's server, with the service in front of it.

use anyhow::Result;

use super::count::Count;
use super::service::forget_configuration;
use super::{Bench, Outcome, python};

/// Tests and what they need, from the checkout.
const FOLDER: &str = "tests/sdk/llama";
/// Whose way of starting a service they share.
const SHARED: &str = "tests/sdk/python";

pub fn prove(bench: &Bench<'_>) -> Result<Outcome> {
    let programs = match python::environment(bench, "llama.cpp", "venv-llama", FOLDER) {
        Ok(programs) => programs,
        // Not every machine has a wheel, and building one takes longer than all of our own tests. The step has shown
        // what pip says.
        Err(_) => {
            return Ok(Outcome::Skipped(
                "llama.cpp's server cannot be installed here; why is above".to_owned(),
            ));
        }
    };
    let mut pytest = python::program(bench, programs.join("python"));
    forget_configuration(&mut pytest);
    pytest
        .args([
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "--tb=short",
            FOLDER,
        ])
        .env("PYTHONPATH", bench.tree.root.join(SHARED))
        .env("ASSISTERS_PROGRAM", bench.program()?)
        .env("ASSISTERS_MODELS_DIR", bench.tree.models());
    if bench.board.colour() {
        pytest.arg("--color=yes");
    }
    bench
        .run(&mut pytest, Count::of_pytest)
        .map(Outcome::Passed)
}
