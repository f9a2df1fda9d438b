//! The name of the service that owns a data directory, across its restarts.

use std::fs;
use std::io;
use std::path::Path;

use uuid::Uuid;

/// The file that holds it.
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
    let failed = |source| InstanceError {
        path: path.display().to_string(),
        source,
    };
    match fs::read_to_string(&path) {
        Ok(name) if !name.trim().is_empty() => Ok(name.trim().to_owned()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
        _ => {
            let name = Uuid::now_v7().simple().to_string();
            fs::write(&path, &name).map_err(failed)?;
            Ok(name)
        }
    }
}
