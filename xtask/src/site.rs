//! The browser's half: compiled to wasm, then laid out for the service to serve.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender};

use anyhow::{Context, Result};

use crate::board::Board;
use crate::process::{cargo, cargo_by, command};
use crate::tree::Tree;
use crate::wasm::TARGET;
use crate::watch::{Speech, watch};

/// One profile for all: a faster one to build would be a slower and larger one to load, and tests would prove another.
const PROFILE: &str = "wasm-release";

/// Builds the program that lays the site out, wasm-bindgen in it, and tells whoever waits for it.
pub fn tool(board: &Board, tree: &Tree, built: Sender<()>) -> Result<()> {
    let step = board.begin("wasm-bindgen");
    let mut build = cargo(tree);
    build
        .args(["build", "--package", "site"])
        .arg("--target-dir")
        .arg(&tree.target);
    let said = watch(&step, &mut build, Speech::Cargo).context("the site's tool did not build")?;
    step.done(said.outcome());
    // Where the other half has failed meanwhile, nobody waits.
    let _ = built.send(());
    Ok(())
}

/// Compiles the browser's half, and lays it out once its tool is there.
pub fn build(board: &Board, tree: &Tree, toolchain: &str, tool: &Receiver<()>) -> Result<()> {
    let step = board.begin("browser half");
    let front = tree.target.join("front");
    let mut build = cargo_by(tree, toolchain);
    build.args([
        "rustc",
        "--package",
        "hydrate",
        "--target",
        TARGET,
        "--profile",
        PROFILE,
    ]);
    build.arg("--target-dir").arg(&front);
    // The pages' code is cut out after linking, and what moves must be findable.
    build.args(["--lib", "--", "-C", "link-arg=--emit-relocs"]);
    watch(&step, &mut build, Speech::Cargo).context("the browser half did not build")?;

    step.at("pages apart, wasm-bindgen, style sheet, compression");
    tool.recv().context("the site's tool did not build")?;
    let wasm = front.join(TARGET).join(PROFILE).join("hydrate.wasm");
    let mut lay_out = command(tree, tree.target.join("debug/site"));
    lay_out.args::<[&Path; 2], _>([&wasm, &tree.site()]);
    let laid_out =
        watch(&step, &mut lay_out, Speech::Plain).context("the site could not be laid out")?;
    let (pages, first) = laid_out
        .stdout
        .rsplit_once('\n')
        .unwrap_or(("", &laid_out.stdout));
    step.below(pages);
    step.done(first);
    Ok(())
}
