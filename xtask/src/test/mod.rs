//! `cargo xtask test`: everything that must hold, stage by stage, up to the first failure.

mod count;
mod deny;
mod end2end;
mod llama;
mod logs;
mod node;
mod python;
mod rust;
mod schemathesis;
mod sdk;
mod service;
mod stage;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::board::{Board, Mark};
use crate::build;
use crate::models::{self, Models};
use crate::process::{cargo, shown};
use crate::server::Purpose;
use crate::signals::{self, Then};
use crate::tree::Tree;
use crate::watch::tee;

use count::Count;
pub use stage::Stage;
use stage::planned;

/// How a stage ended that did not fail.
enum Outcome {
    Passed(Count),
    Skipped(String),
}

/// What later stages need of earlier ones.
struct Bench<'a> {
    board: &'a Board,
    tree: &'a Tree,
    program: Option<PathBuf>,
}

struct Row {
    stage: Stage,
    mark: Mark,
    detail: String,
    spent: Option<Duration>,
}

/// Runs the stages, all or those asked for with what they need.
pub fn run(board: &Board, tree: &Tree, only: &[Stage]) -> Result<ExitCode> {
    signals::pass_on(Then::End)?;
    let mut bench = Bench {
        board,
        tree,
        program: None,
    };
    let mut rows = Vec::new();
    let mut total = Count::default();
    let mut failure = None;
    for stage in planned(only) {
        board.head(stage.name(), stage.what());
        let began = Instant::now();
        let (mark, detail) = match bench.prove(stage) {
            Ok(Outcome::Passed(count)) => {
                total += count;
                (Mark::Done, count.to_string())
            }
            Ok(Outcome::Skipped(why)) => {
                board.say(&format!("skipped: {why}"));
                (Mark::Skipped, format!("skipped: {why}"))
            }
            Err(error) => {
                total += error
                    .downcast_ref::<Failed>()
                    .map(|failed| failed.count)
                    .unwrap_or_default();
                failure = Some((stage, error));
                (Mark::Failed, "failed".to_owned())
            }
        };
        let spent = (!matches!(mark, Mark::Skipped)).then(|| began.elapsed());
        rows.push(Row {
            stage,
            mark,
            detail,
            spent,
        });
        if failure.is_some() {
            break;
        }
    }
    close(board, &rows, total, failure)
}

/// Pictures of the pages, made by the same browser and service as the tests'.
pub fn screenshots(board: &Board, tree: &Tree) -> Result<ExitCode> {
    signals::pass_on(Then::End)?;
    let mut bench = Bench {
        board,
        tree,
        program: None,
    };
    bench.build()?;
    bench.models()?;
    end2end::screenshots(&bench)?;
    board.say(&format!(
        "\nThe pictures are in {}.",
        tree.target.join("screenshots").display()
    ));
    Ok(ExitCode::SUCCESS)
}

/// Lighthouse's marks for the pages, in the same browser.
pub fn lighthouse(board: &Board, tree: &Tree, purpose: Purpose) -> Result<ExitCode> {
    signals::pass_on(Then::End)?;
    let bench = Bench {
        board,
        tree,
        program: Some(build::halves(board, tree, purpose)?),
    };
    bench.models()?;
    end2end::lighthouse(&bench)?;
    Ok(ExitCode::SUCCESS)
}

fn close(
    board: &Board,
    rows: &[Row],
    total: Count,
    failure: Option<(Stage, anyhow::Error)>,
) -> Result<ExitCode> {
    if let Some((stage, error)) = &failure {
        board.error(&format!(
            "{error:#}\n\n{} failed. To run it alone: cargo xtask test --only {}",
            stage.name(),
            stage.name()
        ));
    }
    board.head("Stages", "");
    for row in rows {
        board.row(row.mark, row.stage.name(), &row.detail, row.spent);
    }
    board.say(&format!("\n{}", total.closing()));
    Ok(if failure.is_some() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

impl Bench<'_> {
    fn prove(&mut self, stage: Stage) -> Result<Outcome> {
        match stage {
            Stage::Fmt => self.call(cargo(self.tree).args(["fmt", "--all", "--check"])),
            Stage::Clippy => self.call(cargo(self.tree).args([
                "clippy",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ])),
            Stage::Deny => deny::prove(self),
            Stage::Build => self.build(),
            Stage::Models => self.models(),
            Stage::Rust => rust::prove(self),
            Stage::Sdk => sdk::prove(self),
            Stage::Llama => llama::prove(self),
            Stage::Schemathesis => schemathesis::prove(self),
            Stage::End2end => end2end::prove(self),
            Stage::Logs => logs::prove(self),
        }
    }

    fn build(&mut self) -> Result<Outcome> {
        self.program = Some(build::halves(self.board, self.tree, Purpose::Testing)?);
        Ok(Outcome::Passed(Count::default()))
    }

    fn models(&self) -> Result<Outcome> {
        match models::fetch(self.board, self.tree, self.program()?)? {
            Models::Ready => Ok(Outcome::Passed(Count::default())),
            Models::Missing => bail!(
                "the tests talk to the real local model: fetch it with a network, or set ASSISTERS_MODELS_DIR"
            ),
        }
    }

    fn program(&self) -> Result<&PathBuf> {
        self.program
            .as_ref()
            .context("the service was not built in this run")
    }

    /// Runs what has nothing to count.
    fn call(&self, command: &mut Command) -> Result<Outcome> {
        self.run(command, |_| Count::default()).map(Outcome::Passed)
    }

    /// Runs `command` in the open; `read` finds the figures in what it printed.
    fn run(&self, command: &mut Command, read: fn(&str) -> Count) -> Result<Count> {
        self.run_after(Count::default(), command, read)
    }

    /// The same for a stage of several runners, of which the earlier ones have counted `count`.
    fn run_after(
        &self,
        mut count: Count,
        command: &mut Command,
        read: fn(&str) -> Count,
    ) -> Result<Count> {
        if self.board.colour() {
            command
                .env("CARGO_TERM_COLOR", "always")
                .env("FORCE_COLOR", "1");
        }
        let (status, printed) = tee(command)?;
        count += read(&printed);
        if !status.success() {
            return Err(Failed { count })
                .with_context(|| format!("`{}` ({status})", shown(command)));
        }
        Ok(count)
    }
}

/// A runner that ended badly, with what it had counted until then.
#[derive(Debug)]
struct Failed {
    count: Count,
}

impl std::fmt::Display for Failed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "its output is above")
    }
}

impl std::error::Error for Failed {}
