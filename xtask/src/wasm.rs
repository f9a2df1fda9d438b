//! The compiler's target for browsers, which a fresh Rust does not have.

use anyhow::{Context, Result};

use crate::board::Board;
use crate::process::command;
use crate::tree::Tree;
use crate::watch::{Speech, watch};

/// The browser's target.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Makes the target compilable, and names the toolchain that has it: empty for the default one.
///
/// The script asks rustup first; where rustup may not download, it puts a toolchain together from Debian's packages.
pub fn toolchain(board: &Board, tree: &Tree) -> Result<String> {
    let step = board.begin("wasm target");
    let said = watch(
        &step,
        &mut command(tree, "xtask/setup-wasm.sh"),
        Speech::Plain,
    )
    .context("the browser half needs the target wasm32-unknown-unknown")?;
    let name = said
        .stdout
        .strip_prefix("export WASM_TOOLCHAIN=")
        .unwrap_or_default()
        .to_owned();
    let installed = said.stderr.lines().count() > 1;
    let from = if name.is_empty() {
        "in the default toolchain"
    } else {
        "in the toolchain made of Debian's packages"
    };
    step.done(&if installed {
        format!("installed, {from}")
    } else {
        format!("there, {from}")
    });
    Ok(name)
}
