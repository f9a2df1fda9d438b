//! The name of the service that owns a data directory, across its restarts.

use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use uuid::Uuid;

/// The file that holds it, and which file that is: a copy of the directory is another service's, though its first may still
/// run, on the same database.
const FILE: &str = "instance";

#[derive(Debug, thiserror::Error)]
#[error("{path} cannot be read or written; make it readable and writable")]
pub struct InstanceError {
    path: String,
    #[source]
    source: io::Error,
}

/// The name, made at the first start.
pub fn instance(data_dir: &Path) -> Result<String, InstanceError> {
    let path = data_dir.join(FILE);
    name_in(&path).map_err(|source| InstanceError {
        path: path.display().to_string(),
        source,
    })
}

fn name_in(path: &Path) -> io::Result<String> {
    let mut options = OpenOptions::new();
    let mut file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    let number = number(&file.metadata()?);
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    match text.trim().split_once(' ') {
        Some((name, of)) if of == number => Ok(name.to_owned()),
        _ => {
            let name = Uuid::now_v7().simple().to_string();
            fs::write(path, format!("{name} {number}\n"))?;
            Ok(name)
        }
    }
}

/// What a file keeps for as long as it is there, and its copy has not.
#[cfg(unix)]
fn number(file: &Metadata) -> String {
    std::os::unix::fs::MetadataExt::ino(file).to_string()
}

#[cfg(not(unix))]
fn number(_: &Metadata) -> String {
    "0".to_owned()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_directory_keeps_its_name_and_its_copy_has_another() {
        let (own, copy) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let name = instance(own.path()).unwrap();
        assert_eq!(instance(own.path()).unwrap(), name);
        fs::copy(own.path().join(FILE), copy.path().join(FILE)).unwrap();
        let other = instance(copy.path()).unwrap();
        assert_ne!(other, name);
        assert_eq!(instance(copy.path()).unwrap(), other);
        assert_eq!(instance(own.path()).unwrap(), name);
    }

    #[test]
    fn what_is_no_name_is_replaced_by_one() {
        let dir = TempDir::new().unwrap();
        for text in ["", "a", "a b\n", " 1"] {
            fs::write(dir.path().join(FILE), text).unwrap();
            let name = instance(dir.path()).unwrap();
            assert_eq!(name.len(), 32, "{text:?}");
            assert_eq!(instance(dir.path()).unwrap(), name);
        }
    }
}
