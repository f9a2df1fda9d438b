//! The stage `deny`: under which licences, from where, and with which known faults what we depend on comes.

use std::process::Stdio;

use anyhow::Result;

use super::{Bench, Outcome};
use crate::process::command;
use crate::tools::tool;

const VERSION: &str = "0.20.2";

pub fn prove(bench: &Bench<'_>) -> Result<Outcome> {
    let program = tool(bench.board, bench.tree, "cargo-deny", VERSION)?;
    let deny = || command(bench.tree, &program);
    // The advisories are a repository of their own, which not every machine can reach.
    let reached = deny()
        .args(["fetch", "db"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?
        .success();
    let mut check = deny();
    check.args(["--workspace", "check", "bans", "licenses", "sources"]);
    if reached {
        check.arg("advisories");
    } else {
        bench
            .board
            .say("skipped: advisories, since their database cannot be reached");
    }
    bench.call(&mut check)
}
