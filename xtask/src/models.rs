//! The small models that the local worker serves.

use std::path::Path;

use anyhow::Result;

use crate::board::Board;
use crate::process::command;
use crate::tree::Tree;
use crate::watch::{Speech, watch};

/// Whether there is something to serve.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Models {
    Ready,
    /// The service has said why, below the step.
    Missing,
}

/// Lets the service fetch what is missing. Having no network is no reason not to start: the dashboard works.
pub fn fetch(board: &Board, tree: &Tree, program: &Path) -> Result<Models> {
    let step = board.begin("models");
    let mut fetch = command(tree, program);
    fetch
        .args(["models", "fetch"])
        .env("ASSISTERS_MODELS_DIR", tree.models());
    match watch(&step, &mut fetch, Speech::Plain) {
        Ok(said) => {
            let lines = said.stderr.lines().chain(said.stdout.lines());
            let last = lines
                .map(|line| line.trim().trim_start_matches("models: "))
                .next_back();
            step.done(last.unwrap_or("there"));
            Ok(Models::Ready)
        }
        Err(_) => {
            step.failed("could not be fetched");
            Ok(Models::Missing)
        }
    }
}
