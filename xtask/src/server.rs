//! The server's half: built, started, waited for, ended.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::board::Board;
use crate::process::cargo;
use crate::signals;
use crate::tree::Tree;
use crate::watch::{Speech, watch};

/// What the service prints before its address.
const LISTENING: &str = "assisters: listening on ";

/// What the server's half is built for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Running,
    /// Optimised: slower to build, faster to run.
    Release,
    /// With all tests: what they depend on turns on features of what the service depends on, so that the two, built
    /// apart, would compile much of it twice.
    Testing,
}

impl Purpose {
    pub fn of(release: bool) -> Self {
        if release {
            Purpose::Release
        } else {
            Purpose::Running
        }
    }
}

/// Compiles the service, and says where its program lies.
pub fn build(board: &Board, tree: &Tree, purpose: Purpose) -> Result<PathBuf> {
    let step = board.begin("server half");
    let mut build = cargo(tree);
    build.args(match purpose {
        Purpose::Running => &["build", "--package", "assisters", "--bin", "assisters"][..],
        Purpose::Release => &[
            "build",
            "--release",
            "--package",
            "assisters",
            "--bin",
            "assisters",
        ],
        Purpose::Testing => &["test", "--no-run"],
    });
    build.arg("--target-dir").arg(&tree.target);
    let said = watch(&step, &mut build, Speech::Cargo).context("the server half did not build")?;
    let profile = match purpose {
        Purpose::Release => "release",
        Purpose::Running | Purpose::Testing => "debug",
    };
    step.done(&format!("{profile} profile, {}", said.outcome()));
    Ok(tree.target.join(profile).join("assisters"))
}

/// A service that was started. Dropped, it is asked to finish, and waited for.
pub struct Server {
    child: Child,
    /// `http://127.0.0.1:3000`
    pub url: String,
}

/// How a service that listens stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// It answers requests.
    Ready,
    /// It takes longer than was waited for.
    Late,
    /// It has ended, or was told to.
    Ended,
}

/// How waiting for a service ended.
pub enum Start {
    Up(Server),
    /// It ended by itself, having said why.
    Ended(ExitStatus),
}

impl Server {
    /// Starts `command`, whose standard output is read for the address, and waits until it listens.
    pub fn start(command: &mut Command) -> Result<Start> {
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the service")?;
        signals::watch(&child);
        let lines = child.stdout.take().context("the service has no output")?;
        let address = announced(lines);
        // Ends without a value when the service closes its output, which it does by ending.
        match address.recv() {
            Ok(url) => Ok(Start::Up(Self { child, url })),
            Err(_) => Ok(Start::Ended(child.wait()?)),
        }
    }

    /// Waits until it can answer requests, or no longer than `patience`.
    pub fn ready(&mut self, patience: Duration) -> Result<Readiness> {
        let began = Instant::now();
        while began.elapsed() < patience {
            if self.child.try_wait()?.is_some() {
                return Ok(Readiness::Ended);
            }
            if answers(&self.url, "/readyz") {
                return Ok(Readiness::Ready);
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(Readiness::Late)
    }

    /// Waits until it ends by itself, or because a signal told it to.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        self.child.wait().context("cannot wait for the service")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        signals::finish(&mut self.child);
    }
}

/// Passes on what the service prints, but for its address, which is sent.
fn announced(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    let mut sender = Some(sender);
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            match (line.strip_prefix(LISTENING), sender.take()) {
                (Some(url), Some(sender)) => drop(sender.send(url.trim().to_owned())),
                (_, kept) => {
                    sender = kept;
                    println!("{line}");
                }
            }
        }
    });
    receiver
}

/// Whether a GET of `path` is answered with 200.
fn answers(url: &str, path: &str) -> bool {
    let Some(host) = url.strip_prefix("http://") else {
        return false;
    };
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(host)?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        )?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(status.ends_with(b" 200"))
    };
    ask().unwrap_or(false)
}

/// A command that serves what was built here, as the environment configures it.
pub fn serve(tree: &Tree, program: &Path) -> Command {
    let mut serve = crate::process::command(tree, program);
    serve
        .arg("serve")
        .env("ASSISTERS_SITE_DIR", tree.site())
        .env("ASSISTERS_MODELS_DIR", tree.models());
    serve
}
