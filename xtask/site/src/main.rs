//! Lays out the folder that the service hands to browsers: `site WASM OUT`, run from the project's root.
//!
//! The compiled wasm gets its JavaScript from wasm-bindgen, as a library pinned in Cargo.lock, so the two cannot
//! mismatch. Style and public files join it, and whatever compresses lies there compressed, so that the service
//! never spends time on it. What has not changed is not written again. The last line says what a first visit costs, the
//! lines above it what it would cost on each page.

mod bindgen;
mod css;
mod folder;
mod payload;
mod split;

use std::env;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

use folder::Folder;

/// What the files that every page loads are called: `assisters.js`, `assisters_bg.wasm`, `assisters.css`.
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
    let style = css::bundle(Path::new("style/main.css"))?;
    let version = version(&staging, &style)?;

    let mut folder = Folder::open(out)?;
    folder.copy(Path::new("public"), Path::new(""))?;
    let pkg = Path::new("pkg").join(&version);
    folder.copy(&staging, &pkg)?;
    folder.put(&pkg.join(NAME).with_extension("css"), style.as_bytes())?;
    folder.put(Path::new("pkg/version"), version.as_bytes())?;
    folder.sweep()?;

    let payload = payload::weigh(out, &pkg)?;
    payload.check()?;
    Ok(payload.to_string())
}

/// Names what the build made by what is in it: a browser may keep it for ever, and never mixes two builds.
fn version(staging: &Path, style: &str) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    style.hash(&mut hasher);
    for file in folder::files(staging)? {
        file.hash(&mut hasher);
        let bytes = fs::read(staging.join(&file))
            .with_context(|| format!("cannot read {}", file.display()))?;
        bytes.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}
