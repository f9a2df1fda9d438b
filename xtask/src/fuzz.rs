//! `cargo xtask fuzz`: the tests named `fuzz` with inputs that libFuzzer makes up from what code they reach. `cargo test` runs
//! the same tests with what was found before, which lies in `__fuzz__` beside each, and a little at random.
//!
//! What `cargo bolero` does, for unit tests alone: it would build every test of the project with the coverage's counters.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::board::Board;
use crate::process::{cargo, command};
use crate::signals::{self, Then};
use crate::tree::Tree;
use crate::watch::{Speech, watch};

/// The coverage's counters, as libFuzzer wants them; stable compilers have them too.
const FLAGS: [&str; 9] = [
    // As .cargo/config.toml says for every build, which the variable that carries these would hide.
    "--cfg=erase_components",
    "--cfg=fuzzing",
    "--cfg=fuzzing_libfuzzer",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=16",
];
const LONGEST_INPUT: usize = 4096;
/// Of one input, in seconds.
const PATIENCE: u32 = 10;

/// A test that takes bytes.
struct Target {
    program: PathBuf,
    /// As the test's runner knows it.
    test: String,
    /// Where its corpus and what has failed lie in the checkout.
    folder: PathBuf,
}

/// Runs each target for `seconds`, or the one whose corpus is called `only`. With `keep`, inputs that reach code which
/// those in the checkout do not reach are added to them.
pub fn fuzz(
    board: &Board,
    tree: &Tree,
    seconds: u32,
    only: Option<&str>,
    keep: bool,
) -> Result<ExitCode> {
    signals::pass_on(Then::End)?;
    let targets: Vec<Target> = targets(board, tree)?
        .into_iter()
        .filter(|target| only.is_none_or(|only| target.name() == only))
        .collect();
    if targets.is_empty() {
        bail!("no target has that name; without one, all are run and named");
    }
    for target in &targets {
        board.head(target.name(), &target.test);
        let found = tree.target.join("fuzz/corpus").join(target.name());
        let (corpus, crashes) = (target.folder.join("corpus"), target.folder.join("crashes"));
        for folder in [&found, &corpus, &crashes] {
            fs::create_dir_all(folder)?;
        }
        let options = [
            path(&found),
            path(&corpus),
            path(&crashes),
            format!("-artifact_prefix={}/", crashes.display()),
            format!("-timeout={PATIENCE}"),
            format!("-max_total_time={seconds}"),
            format!("-max_len={LONGEST_INPUT}"),
            "-print_final_stats=1".to_owned(),
        ];
        target.run(tree, &options)?;
        if keep {
            target.run(tree, &["-merge=1".to_owned(), path(&corpus), path(&found)])?;
        }
        // Empty unless something has failed, now or before.
        let _ = fs::remove_dir(&crashes);
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds the tests with the counters, and asks them which of them take bytes.
fn targets(board: &Board, tree: &Tree) -> Result<Vec<Target>> {
    let step = board.begin("fuzz");
    let host = host(tree)?;
    let build = || {
        let mut build = cargo(tree);
        build
            .args(["test", "--profile", "fuzz", "--lib", "--no-run"])
            .args(["--package", "assisters", "--package", "wire"])
            // With a target named, the flags are not for build scripts and macros.
            .args(["--target", &host])
            .env("RUSTFLAGS", FLAGS.join(" "))
            .env("BOLERO_FUZZER", "libfuzzer")
            .env("CARGO_TARGET_DIR", tree.target.join("fuzz"));
        build
    };
    let said = watch(&step, &mut build(), Speech::Cargo)?;
    step.done(said.outcome());
    let built = build().args(["--message-format", "json"]).output()?.stdout;
    let built = String::from_utf8_lossy(&built).into_owned();
    let messages = built.lines().filter_map(read);
    let programs = messages.filter_map(|message| text(&message, "executable").map(PathBuf::from));
    let mut targets = Vec::new();
    for program in programs {
        let asked = command(tree, &program)
            .args(["fuzz::", "--nocapture", "--test-threads", "1"])
            .env("CARGO_BOLERO_SELECT", "all")
            .output()
            .with_context(|| format!("{} cannot be run", program.display()))?;
        let said = String::from_utf8_lossy(&asked.stdout).into_owned();
        let told = said.lines().filter_map(read).filter_map(|told| {
            Some(Target {
                program: program.clone(),
                test: text(&told, "test_name")?,
                folder: text(&told, "work_dir")?.into(),
            })
        });
        targets.extend(told);
    }
    Ok(targets)
}

/// What this machine is to rustc.
fn host(tree: &Tree) -> Result<String> {
    let said = command(tree, "rustc").arg("-vV").output()?.stdout;
    let said = String::from_utf8_lossy(&said).into_owned();
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .context("`rustc -vV` does not say which machine it is for")
}

impl Target {
    /// What its corpus is called.
    fn name(&self) -> &str {
        let name = self.folder.file_name();
        name.and_then(|name| name.to_str()).unwrap_or_default()
    }

    fn run(&self, tree: &Tree, options: &[String]) -> Result<()> {
        let mut test: Command = command(tree, &self.program);
        test.args([
            self.test.as_str(),
            "--exact",
            "--nocapture",
            "--quiet",
            "--test-threads",
            "1",
        ])
        .env("BOLERO_TEST_NAME", &self.test)
        .env("BOLERO_LIBTEST_HARNESS", "1")
        .env("BOLERO_LIBFUZZER_ARGS", options.join(" "));
        let status = test.status()?;
        if !status.success() {
            bail!(
                "{} has found something; the input is in {}",
                self.name(),
                self.folder.join("crashes").display()
            );
        }
        Ok(())
    }
}

fn read(line: &str) -> Option<Value> {
    serde_json::from_str(line).ok()
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}

fn path(path: &Path) -> String {
    path.display().to_string()
}
