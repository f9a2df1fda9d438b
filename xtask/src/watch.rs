//! Reading along while a program runs: its progress to a step's line, or its output to the terminal and to us.

use std::collections::VecDeque;
use std::io::{BufReader, Read, Write, stdout};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::{missing, shown};
use crate::step::Step;

/// How much of a program's output is kept to be shown.
const TAIL: usize = 200;

/// How lines of a program are to be read.
#[derive(Clone, Copy)]
pub enum Speech {
    /// cargo's: its progress is for the moment, what compilers say is shown below the step.
    Cargo,
    /// Anyone's: each line is progress, and shown below the step if the program fails.
    Plain,
}

/// What a program printed that worked.
pub struct Said {
    pub stdout: String,
    pub stderr: String,
    compiled: bool,
}

impl Said {
    /// What cargo did, in words.
    pub fn outcome(&self) -> &'static str {
        if self.compiled { "built" } else { "up to date" }
    }
}

enum Heard {
    Out(String),
    Err(String),
}

/// Runs `command` with its progress in the line of `step`.
pub fn watch(step: &Step<'_>, command: &mut Command, speech: Speech) -> Result<Said> {
    if let Speech::Cargo = speech {
        // Piped, cargo shows its progress only where a width is given.
        command
            .env("CARGO_TERM_PROGRESS_WHEN", "always")
            .env("CARGO_TERM_PROGRESS_WIDTH", "120");
        if step.colour() {
            command.env("CARGO_TERM_COLOR", "always");
        }
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| missing(command))?;
    let said = follow(step, &hear(&mut child), speech);
    let status = child
        .wait()
        .context("cannot wait for a program that was started")?;
    let below = if said.stderr.is_empty() {
        &said.stdout
    } else {
        &said.stderr
    };
    if !status.success() || matches!(speech, Speech::Cargo) {
        step.below(below);
    }
    if !status.success() {
        bail!("`{}` ended with {status}", shown(command));
    }
    Ok(said)
}

/// Both outputs of `child`, line by line, until both have ended.
fn hear(child: &mut Child) -> Receiver<Heard> {
    let (sender, heard) = channel();
    if let Some(pipe) = child.stdout.take() {
        listen(pipe, sender.clone(), Heard::Out);
    }
    if let Some(pipe) = child.stderr.take() {
        listen(pipe, sender, Heard::Err);
    }
    heard
}

fn follow(step: &Step<'_>, heard: &Receiver<Heard>, speech: Speech) -> Said {
    let (mut stdout, mut stderr) = (VecDeque::new(), VecDeque::new());
    let mut compiled = false;
    loop {
        match heard.recv_timeout(Duration::from_millis(100)) {
            Ok(Heard::Out(line)) => {
                step.at(plain(&line).trim());
                keep(&mut stdout, line);
            }
            Ok(Heard::Err(line)) => match (speech, progress(&plain(&line))) {
                (Speech::Cargo, Some(progress)) => {
                    compiled |= progress.starts_with("Compiling");
                    step.at(&progress);
                }
                (Speech::Cargo, None) => keep(&mut stderr, line),
                (Speech::Plain, _) => {
                    step.at(plain(&line).trim());
                    keep(&mut stderr, line);
                }
            },
            Err(RecvTimeoutError::Timeout) => step.tick(),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let text = |lines: VecDeque<String>| Vec::from(lines).join("\n").trim().to_owned();
    Said {
        stdout: text(stdout),
        stderr: text(stderr),
        compiled,
    }
}

fn keep(lines: &mut VecDeque<String>, line: String) {
    lines.push_back(line);
    if lines.len() > TAIL {
        lines.pop_front();
    }
}

/// Runs `command` in the open, and keeps a copy of what it printed on standard output.
pub fn tee(command: &mut Command) -> Result<(ExitStatus, String)> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| missing(command))?;
    let mut copy = Vec::new();
    if let Some(mut pipe) = child.stdout.take() {
        let mut chunk = [0; 8192];
        loop {
            let n = pipe.read(&mut chunk)?;
            if n == 0 {
                break;
            }
            copy.extend_from_slice(&chunk[..n]);
            stdout()
                .write_all(&chunk[..n])
                .and_then(|()| stdout().flush())?;
        }
    }
    Ok((child.wait()?, plain(&String::from_utf8_lossy(&copy))))
}

/// Reads lines, which end with a carriage return where progress is redrawn in place.
fn listen(pipe: impl Read + Send + 'static, to: Sender<Heard>, kind: fn(String) -> Heard) {
    thread::spawn(move || {
        let mut line = Vec::new();
        for byte in BufReader::new(pipe).bytes().map_while(Result::ok) {
            if !matches!(byte, b'\n' | b'\r') {
                line.push(byte);
                continue;
            }
            // Blank lines stand between a compiler's messages; those of a carriage return are nothing.
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            if (!text.is_empty() || byte == b'\n') && to.send(kind(text)).is_err() {
                return;
            }
        }
        let rest = String::from_utf8_lossy(&line).trim_end().to_owned();
        if !rest.is_empty() {
            let _ = to.send(kind(rest));
        }
    });
}

/// What cargo is at, if the line says so; `None` for what a compiler said.
fn progress(line: &str) -> Option<String> {
    const VERBS: [&str; 15] = [
        "Adding",
        "Blocking",
        "Building",
        "Checking",
        "Compiling",
        "Dirty",
        "Downloaded",
        "Downloading",
        "Executable",
        "Finished",
        "Fresh",
        "Locking",
        "Running",
        "Unpacking",
        "Updating",
    ];
    let line = line.trim();
    let verb = line.split(' ').next()?;
    if !VERBS.contains(&verb) {
        return None;
    }
    if verb == "Blocking" {
        return Some("waiting for another cargo to finish".to_owned());
    }
    // "Building [===>   ] 12/300: serde, syn": the figures say it better than the bar.
    let said = match line.split_once("] ") {
        Some((_, figures)) if verb == "Building" => figures,
        _ => line,
    };
    Some(said.to_owned())
}

/// Without the escapes that colour a terminal.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\x1b' {
            chars.by_ref().find(char::is_ascii_alphabetic);
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_bar_is_read_as_figures() {
        assert_eq!(
            progress("    Building [====>     ] 12/300: serde, syn"),
            Some("12/300: serde, syn".to_owned())
        );
        assert_eq!(
            progress("   Compiling serde v1.0.0"),
            Some("Compiling serde v1.0.0".to_owned())
        );
        let finished = "Finished `dev` profile [unoptimized] target(s) in 0.1s";
        assert_eq!(progress(finished), Some(finished.to_owned()));
    }

    #[test]
    fn what_a_compiler_says_is_kept() {
        assert_eq!(progress("warning: unused variable: `x`"), None);
        assert_eq!(progress("  --> src/main.rs:1:1"), None);
        assert_eq!(progress(""), None);
    }

    #[test]
    fn colours_are_taken_off() {
        assert_eq!(
            plain("\x1b[1m\x1b[32m   Compiling\x1b[0m a"),
            "   Compiling a"
        );
    }
}
