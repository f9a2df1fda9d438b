//! Lays out the folder that the service hands to browsers: `site WASM OUT`, run from the project's root.
//!
//! The compiled wasm gets its JavaScript from wasm-bindgen, as a library pinned in Cargo.lock, so the two cannot
//! mismatch. Style and public files join it, and whatever compresses lies there compressed, so that the service
//! never spends time on it. What has not changed is not written again. The last line says what a first visit costs.

mod bindgen;
mod css;
mod folder;
mod payload;

use std::env;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

use folder::Folder;

/// What every file that the build makes is called: `assisters.js`, `assisters_bg.wasm`, `assisters.css`.
const NAME: &str = "assisters";

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let (Some(wasm), Some(out), None) = (arguments.next(), arguments.next(), arguments.next())
    else {
        eprintln!("usage: site WASM OUT");
        return ExitCode::from(2);
    };
    match lay_out(&wasm, &out) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn lay_out(wasm: &Path, out: &Path) -> Result<String> {
    // One at a time: two that tidy the same folder would take each other's files away.
    let lock_file = out.with_extension("lock");
    let lock = File::create(&lock_file).and_then(|file| file.lock().map(|()| file));
    let _lock = lock.with_context(|| format!("cannot lock {}", lock_file.display()))?;

    let staging = out.with_extension("bindgen");
    bindgen::generate(wasm, &staging)?;

    let mut folder = Folder::open(out)?;
    folder.copy(&staging, Path::new("pkg"))?;
    let style = css::bundle(Path::new("style/main.css"))?;
    folder.put(
        &Path::new("pkg").join(NAME).with_extension("css"),
        style.as_bytes(),
    )?;
    folder.copy(Path::new("public"), Path::new(""))?;
    folder.sweep()?;

    let payload = payload::weigh(out)?;
    payload.check()?;
    Ok(payload.to_string())
}
