//! Both halves, side by side.

use std::path::PathBuf;
use std::thread;

use anyhow::{Result, anyhow};

use crate::board::Board;
use crate::server::Purpose;
use crate::tree::Tree;
use crate::{server, site, wasm};

/// Builds what the browser and what the server needs, and returns the service's program.
///
/// The two have different target folders, so neither cargo waits for the other.
pub fn halves(board: &Board, tree: &Tree, purpose: Purpose) -> Result<PathBuf> {
    let toolchain = wasm::toolchain(board, tree)?;
    site::tool(board, tree)?;
    thread::scope(|scope| {
        let browser = scope.spawn(|| site::build(board, tree, &toolchain));
        let program = server::build(board, tree, purpose);
        let browser = browser
            .join()
            .map_err(|_| anyhow!("the browser half's thread ended early"))?;
        // Both have said what they had to say; the first to fail in the order of the screen is reported.
        browser.and(program)
    })
}
