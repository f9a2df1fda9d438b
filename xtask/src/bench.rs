//! `cargo xtask seed` and `cargo xtask bench`: pages of an account with very many requests.

use std::process::ExitCode;

use anyhow::Result;

use crate::board::Board;
use crate::process::{self, cargo};
use crate::tree::Tree;

/// Nobody listens there: pages need no worker.
const NO_WORKER: &str = "http://127.0.0.1:9";

/// Writes `rows` requests of `account` into the database that the environment names; in `target/seeded` if it names none.
pub fn seed(board: &Board, tree: &Tree, rows: u64, account: &str) -> Result<ExitCode> {
    let rows = rows.to_string();
    let args = [
        "run",
        "--example",
        "seed",
        "--",
        "--rows",
        &rows,
        "--account",
        account,
    ];
    call(board, tree, &args)
}

/// Measures the pages of what was seeded. An optimised build takes its time; what is compiled already is told by `debug`.
pub fn bench(board: &Board, tree: &Tree, debug: bool) -> Result<ExitCode> {
    let args: &[&str] = match debug {
        true => &["bench", "--bench", "pages", "--profile", "dev"],
        false => &["bench", "--bench", "pages"],
    };
    call(board, tree, args)
}

fn call(board: &Board, tree: &Tree, args: &[&str]) -> Result<ExitCode> {
    let mut command = cargo(tree);
    command
        .args(args)
        .env("ASSISTERS_SITE_DIR", tree.site())
        .env("ASSISTERS_WORKERS", NO_WORKER);
    if std::env::var_os("ASSISTERS_DATA_DIR").is_none() {
        command.env("ASSISTERS_DATA_DIR", tree.target.join("seeded"));
    }
    board.say(&process::shown(&command));
    let status = command.status()?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
