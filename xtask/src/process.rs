//! Calling other programs, with an environment that is clean.

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::tree::Tree;

/// A command that runs in the checkout and has forgotten that cargo called us. What cargo sets for this program
/// would beat `+toolchain` in an inner cargo, and make it rebuild whatever asks for `CARGO_MANIFEST_DIR`.
pub fn command(tree: &Tree, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(&tree.root).stdin(Stdio::null());
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        let ours = [
            "CARGO",
            "CARGO_PRIMARY_PACKAGE",
            "LD_LIBRARY_PATH",
            "RUST_RECURSION_COUNT",
        ]
        .contains(&&*name)
            || [
                "CARGO_MANIFEST_",
                "CARGO_PKG_",
                "CARGO_BIN_",
                "CARGO_CRATE_",
            ]
            .iter()
            .any(|set| name.starts_with(set));
        if ours {
            command.env_remove(&*name);
        }
    }
    command
}

/// cargo, by the toolchain that built this program.
pub fn cargo(tree: &Tree) -> Command {
    command(tree, "cargo")
}

/// cargo, by a named toolchain; by the default one if the name is empty.
pub fn cargo_by(tree: &Tree, toolchain: &str) -> Command {
    let mut command = cargo(tree);
    if !toolchain.is_empty() {
        command
            .env_remove("RUSTUP_TOOLCHAIN")
            .arg(format!("+{toolchain}"));
    }
    command
}

/// Where a program of this name lies, if it can be called.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// The command as a person would type it.
pub fn shown(command: &Command) -> String {
    let words = [command.get_program()]
        .into_iter()
        .chain(command.get_args());
    words
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

/// What to say where it cannot be started.
pub fn missing(command: &Command) -> String {
    format!(
        "cannot start `{}`: is it installed?",
        command.get_program().to_string_lossy()
    )
}
