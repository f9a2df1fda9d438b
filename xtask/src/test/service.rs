//! A service of a test stage's own: a fresh data folder, any port, its log in a file.

use std::env;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use super::{Bench, logs};
use crate::process::{command, missing, shown};
use crate::server::{self, Readiness, Server, Start};

/// A test machine may have more to do than to load a model.
const PATIENCE: Duration = Duration::from_secs(120);
/// Of the accounts that are made for tests.
const PASSWORD: &[u8] = b"a sentence that is long enough\n";
/// Lines of the log that a failure shows, of those that an operator would have seen.
const TAIL: usize = 30;

/// Runs until it is judged, or dropped.
pub struct Service {
    server: Server,
    /// All that it writes. Left behind for a look when tests fail.
    folder: PathBuf,
    program: PathBuf,
    models: PathBuf,
    site: PathBuf,
    /// Where its log goes when it is judged well.
    kept_log: PathBuf,
}

impl Service {
    /// Starts one for the stage of this name, and waits until it answers requests.
    pub fn start(bench: &Bench<'_>, name: &str) -> Result<Self> {
        let step = bench.board.begin("service");
        // Of this run alone: another may be under way in the same checkout.
        let folder = bench
            .tree
            .target
            .join("tmp")
            .join(format!("{name}-{}", process::id()));
        let (data, log) = (folder.join("data"), folder.join("service.log"));
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot empty {}", folder.display()))?;
        }
        fs::create_dir_all(&data).with_context(|| format!("cannot make {}", data.display()))?;

        let program = bench.program()?.clone();
        let models = bench.tree.models();
        let mut serve = server::serve(bench.tree, &program);
        forget_configuration(&mut serve);
        serve.env("ASSISTERS_LISTEN", "127.0.0.1:0");
        serve.env("ASSISTERS_DATA_DIR", &data);
        serve.env("ASSISTERS_MODELS_DIR", &models);
        serve.env("ASSISTERS_SITE_DIR", bench.tree.site());
        // All of it, which the stage `logs` looks through.
        serve.env("RUST_LOG", "trace");
        // All that tests sign up comes from one address.
        serve.env("ASSISTERS_LIMITS_SIGN_UPS_PER_HOUR", "100000");
        serve
            .stderr(File::create(&log).with_context(|| format!("cannot write {}", log.display()))?);

        let Start::Up(mut server) = Server::start(&mut serve)? else {
            bail!("the service did not start:\n{}", tail(&log));
        };
        match server.ready(PATIENCE)? {
            Readiness::Ready => {}
            Readiness::Late => bail!(
                "the service was not ready after {} s:\n{}",
                PATIENCE.as_secs(),
                tail(&log)
            ),
            Readiness::Ended => bail!("the service ended while it was starting:\n{}", tail(&log)),
        }
        step.done(&server.url);
        Ok(Self {
            server,
            folder,
            program,
            models,
            site: bench.tree.site(),
            kept_log: logs::folder(bench.tree).join(format!("{name}.log")),
        })
    }

    /// Tells a test runner where the service is, how to speak to its data from a shell, and where to leave things.
    pub fn introduce(&self, runner: &mut Command) -> Result<()> {
        forget_configuration(runner);
        runner.env("ASSISTERS_URL", &self.server.url);
        runner.env("ASSISTERS_PROGRAM", &self.program);
        runner.env("ASSISTERS_DATA_DIR", self.folder.join("data"));
        runner.env("ASSISTERS_MODELS_DIR", &self.models);
        runner.env("ASSISTERS_SITE_DIR", &self.site);
        runner.env("ASSISTERS_WORKER_URL", self.worker()?);
        runner.env("ASSISTERS_RESULTS", self.folder.join("results"));
        Ok(())
    }

    pub fn url(&self) -> &str {
        &self.server.url
    }

    /// What is left here goes when the service is judged well.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The key of a new account whose limits nothing reaches.
    pub fn unlimited_key(&self, bench: &Bench<'_>) -> Result<String> {
        let email = "unlimited@example.com";
        let tier = ["--tier", "enterprise"];
        let limits = ["enterprise", "--rpm", "1000000", "--tpm", "1000000000"];
        self.admin(bench, &[&["create-account", email], &tier[..]].concat())?;
        self.admin(bench, &[&["set-tier", email], &limits[..]].concat())?;
        self.admin(bench, &["create-key", email, "tests"])
    }

    /// What an operator would type; gives what it prints.
    fn admin(&self, bench: &Bench<'_>, words: &[&str]) -> Result<String> {
        let mut admin = command(bench.tree, &self.program);
        admin.arg("admin").args(words);
        self.introduce(&mut admin)?;
        admin.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = admin.spawn().with_context(|| missing(&admin))?;
        if let Some(mut stdin) = child.stdin.take() {
            // Those that ask for no password do not read it, and may have ended.
            let _ = stdin.write_all(PASSWORD);
        }
        let done = child.wait_with_output()?;
        if !done.status.success() {
            bail!("`{}` ended with {}", shown(&admin), done.status);
        }
        Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned())
    }

    fn log(&self) -> PathBuf {
        self.folder.join("service.log")
    }

    /// The local worker's address, as the service logs it.
    fn worker(&self) -> Result<String> {
        let log = fs::read_to_string(self.log()).context("cannot read the service's log")?;
        let (_, behind) = log
            .rsplit_once("local worker ready at ")
            .context("the service's log names no local worker")?;
        let address = behind
            .split(|c: char| c.is_whitespace() || c == '\x1b')
            .next()
            .unwrap_or_default();
        Ok(address.to_owned())
    }

    /// The result of testing it: a panic that no test noticed is a failure too, and to a failure belongs what the
    /// service logged last.
    pub fn judge<T>(self, result: Result<T>) -> Result<T> {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let panic = log.lines().find(|line| line.contains("panicked at"));
        let calm = match panic {
            Some(line) => result.and(Err(anyhow!("the service panicked: {line}"))),
            None => result,
        };
        let Self {
            server,
            folder,
            kept_log,
            ..
        } = self;
        drop(server);
        let log = folder.join("service.log");
        let value = calm.with_context(|| {
            format!(
                "the end of the service's log, {}:\n{}\n",
                log.display(),
                tail(&log)
            )
        })?;
        if let Some(logs) = kept_log.parent() {
            fs::create_dir_all(logs).with_context(|| format!("cannot make {}", logs.display()))?;
        }
        fs::rename(&log, &kept_log)
            .with_context(|| format!("cannot keep {}", kept_log.display()))?;
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
        Ok(value)
    }
}

/// What the caller configured for a service of theirs is not for the tests.
pub fn forget_configuration(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("ASSISTERS_") {
            command.env_remove(name);
        }
    }
}

/// The last lines of a log. What is written for the stage `logs` alone would bury the runner's own closing words.
fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let is_detail = |line: &&str| {
        [" TRACE ", " DEBUG "]
            .iter()
            .any(|level| line.contains(level))
    };
    let lines: Vec<&str> = text.lines().filter(|line| !is_detail(line)).collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_log_is_what_an_operator_would_have_seen() {
        let file = env::temp_dir().join(format!("tail-{}.log", process::id()));
        let written: String = (0..40)
            .map(|n| format!("t  INFO line {n}\nt DEBUG summary=\"SELECT\"\nt TRACE call: found\n"))
            .collect();
        fs::write(&file, written + "thread 'main' panicked at src/a.rs:1\n").unwrap();
        let shown = tail(&file);
        fs::remove_file(&file).unwrap();
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), TAIL);
        assert_eq!(lines[0], "t  INFO line 11");
        assert_eq!(lines[TAIL - 1], "thread 'main' panicked at src/a.rs:1");
    }
}
