//! Both halves, side by side.

use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::thread;

use anyhow::{Result, anyhow};

use crate::board::Board;
use crate::server::Purpose;
use crate::tree::Tree;
use crate::{server, site, wasm};

/// Builds what the browser and what the server needs, and returns the service's program.
///
/// The two have different target folders, so neither cargo waits for the other. Only the last step of the browser's
/// half needs a tool that is built where the server is; it comes first there.
pub fn halves(board: &Board, tree: &Tree, purpose: Purpose) -> Result<PathBuf> {
    let (built, tool) = channel();
    thread::scope(|scope| {
        let browser = scope.spawn(move || {
            let toolchain = wasm::toolchain(board, tree)?;
            site::build(board, tree, &toolchain, &tool)
        });
        let program =
            site::tool(board, tree, built).and_then(|()| server::build(board, tree, purpose));
        let browser = browser
            .join()
            .map_err(|_| anyhow!("the browser half's thread ended early"))?;
        // Both have said what they had to say; a tool that failed stops both, and is the cause to report.
        program.and_then(|program| browser.map(|()| program))
    })
}
