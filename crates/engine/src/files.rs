//! The files of a model on disk: checked by size and SHA-256, the latter once and then remembered.

use std::fs;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::catalog::{CROSS_ENCODER, File, Guest, MODELS, Model};
use crate::error::OpenError;

/// Says which sums were verified, in the form that `sha256sum -c` reads.
const SUMS: &str = "SHA256SUMS";

/// The folder of `model`'s files.
pub fn folder(models_dir: &Path, model: &Model) -> PathBuf {
    models_dir.join(model.id)
}

/// The ids of the models whose files are all in `models_dir`, by their sizes alone: what [`serve`](crate::serve) would
/// load, unless a file proves to be damaged.
pub fn installed(models_dir: &Path) -> Vec<&'static str> {
    let ours = MODELS.iter().filter(|model| complete(models_dir, model));
    let guest = visiting(models_dir, &CROSS_ENCODER).then_some(CROSS_ENCODER.id);
    ours.map(|model| model.id).chain(guest).collect()
}

/// Whether every file of `model` is there, in its right size.
pub fn complete(models_dir: &Path, model: &Model) -> bool {
    let folder = folder(models_dir, model);
    model.files.iter().all(|file| {
        fs::metadata(folder.join(file.name)).is_ok_and(|found| found.len() == file.bytes)
    })
}

/// Whether somebody has put all files of `guest` in place.
pub fn visiting(models_dir: &Path, guest: &Guest) -> bool {
    let folder = models_dir.join(guest.id);
    let is_file = |name: &&str| fs::metadata(folder.join(name)).is_ok_and(|found| found.is_file());
    guest.files.iter().all(is_file)
}

/// Whether every file of `model` is there and is what it should be.
///
/// Reads the files themselves only when they are younger than the sums that were remembered.
pub fn verified(models_dir: &Path, model: &Model) -> io::Result<bool> {
    let folder = folder(models_dir, model);
    for file in model.files {
        match fs::metadata(folder.join(file.name)) {
            Ok(found) if found.len() == file.bytes => {}
            Ok(_) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    if remembered(&folder, model).unwrap_or(false) {
        return Ok(true);
    }
    for file in model.files {
        let found = copy_hashed(fs::File::open(folder.join(file.name))?, io::sink())?;
        if found.sha256 != file.sha256 {
            return Ok(false);
        }
    }
    // A folder that cannot be written to is only hashed again next time.
    let _ = remember(&folder, model);
    Ok(true)
}

/// Refuses unless `model` is there and verified.
pub fn require(models_dir: &Path, model: &'static Model) -> Result<(), OpenError> {
    match verified(models_dir, model) {
        Ok(true) => Ok(()),
        Ok(false) => Err(OpenError::Missing {
            model: model.id,
            dir: models_dir.to_owned(),
        }),
        Err(source) => Err(OpenError::Unreadable {
            path: folder(models_dir, model),
            source,
        }),
    }
}

/// Notes that every file of `model` was verified.
pub fn remember(folder: &Path, model: &Model) -> io::Result<()> {
    fs::write(folder.join(SUMS), sums(model))
}

fn remembered(folder: &Path, model: &Model) -> io::Result<bool> {
    let noted = folder.join(SUMS);
    if fs::read_to_string(&noted)? != sums(model) {
        return Ok(false);
    }
    let noted = fs::metadata(noted)?.modified()?;
    for file in model.files {
        if fs::metadata(folder.join(file.name))?.modified()? > noted {
            return Ok(false);
        }
    }
    Ok(true)
}

fn sums(model: &Model) -> String {
    model
        .files
        .iter()
        .map(|file| format!("{}  {}\n", file.sha256, file.name))
        .collect()
}

/// Why [`place`] refused.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    #[error("the file is not what it should be")]
    Mismatch,
    #[error("the file could not be read")]
    Read(#[source] io::Error),
    #[error("the file could not be written")]
    Write(#[source] io::Error),
}

/// Writes `source` into `folder` under `file`'s name, which it gets only once its sum has proved right.
pub fn place(source: impl Read, folder: &Path, file: &File) -> Result<(), PlaceError> {
    let part = folder.join(format!("{}.part", file.name));
    let placed = write_checked(source, &part, file)
        .and_then(|()| fs::rename(&part, folder.join(file.name)).map_err(PlaceError::Write));
    if placed.is_err() {
        let _ = fs::remove_file(&part);
    }
    placed
}

fn write_checked(source: impl Read, part: &Path, file: &File) -> Result<(), PlaceError> {
    let mut out = BufWriter::new(fs::File::create(part).map_err(PlaceError::Write)?);
    copy_checked(source, &mut out, file)?;
    out.into_inner()
        .map_err(|error| error.into_error())
        .and_then(|written| written.sync_all())
        .map_err(PlaceError::Write)
}

/// Reads `source` to its end, which must be all of `file` and no other.
pub fn check(source: impl Read, file: &File) -> Result<(), PlaceError> {
    copy_checked(source, io::sink(), file)
}

fn copy_checked(source: impl Read, out: impl Write, file: &File) -> Result<(), PlaceError> {
    // One byte more than expected is enough to know that it is another file.
    let found = copy_hashed(source.take(file.bytes + 1), out)?;
    if found.bytes != file.bytes || found.sha256 != file.sha256 {
        return Err(PlaceError::Mismatch);
    }
    Ok(())
}

/// The SHA-256 of `source`, in hexadecimal.
#[cfg(test)]
pub fn sum(source: impl Read) -> Result<String, PlaceError> {
    Ok(copy_hashed(source, io::sink())?.sha256)
}

struct Copied {
    bytes: u64,
    sha256: String,
}

fn copy_hashed(mut source: impl Read, mut out: impl Write) -> Result<Copied, PlaceError> {
    let mut hasher = Sha256::new();
    let mut bytes = 0;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(PlaceError::Read(error)),
        };
        let piece = &buffer[..read];
        hasher.update(piece);
        out.write_all(piece).map_err(PlaceError::Write)?;
        bytes += read as u64;
    }
    let sha256 = hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(Copied { bytes, sha256 })
}

impl From<PlaceError> for io::Error {
    fn from(error: PlaceError) -> Self {
        match error {
            PlaceError::Read(error) | PlaceError::Write(error) => error,
            PlaceError::Mismatch => io::Error::new(io::ErrorKind::InvalidData, error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{CHAT, Package};

    const HELLO: File = File {
        name: "hello.txt",
        member: "hello.txt",
        bytes: 5,
        sha256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    };
    const MODEL: Model = Model {
        id: "hello",
        package: Package {
            name: "hello",
            version: "1",
            wheel_bytes: 0,
            wheel_sha256: "",
        },
        files: &[HELLO],
        ..CHAT
    };

    #[test]
    fn only_the_right_bytes_get_the_name() {
        let dir = tempfile::tempdir().unwrap();
        for wrong in [&b"hallo"[..], b"hell", b"hello!"] {
            assert!(matches!(
                place(wrong, dir.path(), &HELLO),
                Err(PlaceError::Mismatch)
            ));
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        place(&b"hello"[..], dir.path(), &HELLO).unwrap();
        assert_eq!(fs::read(dir.path().join("hello.txt")).unwrap(), b"hello");
    }

    #[test]
    fn a_file_changed_after_its_check_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!verified(dir.path(), &MODEL).unwrap());
        let folder = folder(dir.path(), &MODEL);
        fs::create_dir(&folder).unwrap();
        place(&b"hello"[..], &folder, &HELLO).unwrap();
        assert!(complete(dir.path(), &MODEL));
        assert!(verified(dir.path(), &MODEL).unwrap());
        assert!(remembered(&folder, &MODEL).unwrap());

        let later = fs::metadata(folder.join(SUMS)).unwrap().modified().unwrap()
            + std::time::Duration::from_secs(1);
        let file = fs::File::create(folder.join("hello.txt")).unwrap();
        (&file).write_all(b"jello").unwrap();
        file.set_modified(later).unwrap();
        assert!(!verified(dir.path(), &MODEL).unwrap());
    }
}
