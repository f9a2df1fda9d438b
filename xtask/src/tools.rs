//! Programs of cargo's that the project calls and a fresh machine lacks.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::board::Board;
use crate::process::{cargo, find};
use crate::tree::Tree;
use crate::watch::{Speech, watch};

/// Where `name` lies: the one on the machine, or else ours, which is built at this version into `target/tools` once.
pub fn tool(board: &Board, tree: &Tree, name: &'static str, version: &str) -> Result<PathBuf> {
    if let Some(there) = find(name) {
        return Ok(there);
    }
    let root = tree.target.join("tools").join(version);
    let program = root.join("bin").join(name);
    if program.is_file() {
        return Ok(program);
    }
    let step = board.begin(name);
    let mut install = cargo(tree);
    install
        .args(["install", "--locked", "--no-default-features", "--version"])
        .args([version, name, "--root"])
        .arg(&root)
        .env("CARGO_TARGET_DIR", tree.target.join("tools/build"));
    watch(&step, &mut install, Speech::Cargo).with_context(|| {
        format!("{name} {version} could not be installed; it is fetched once, with a network")
    })?;
    step.done("installed");
    Ok(program)
}
