//! The stage `rust`: unit tests and behaviour over HTTP, by cargo's own runner, which every machine has.

use anyhow::Result;

use super::count::Count;
use super::{Bench, Outcome};
use crate::process::cargo;

pub fn prove(bench: &Bench<'_>) -> Result<Outcome> {
    let mut test = cargo(bench.tree);
    test.arg("test")
        .env("ASSISTERS_MODELS_DIR", bench.tree.models())
        // What `assisters worker` sees to by itself: the engine's threads must not spin.
        .env("RAYON_NUM_THREADS", "1");
    bench
        .run(&mut test, Count::of_cargo_test)
        .map(Outcome::Passed)
}
