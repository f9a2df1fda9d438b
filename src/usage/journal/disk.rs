//! What the journal asks of the disk, so that tests can have one that is full.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

pub(super) trait Disk: fmt::Debug + Send + Sync {
    /// A new file, to be appended to.
    fn create(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new().append(true).create_new(true).open(path)
    }

    /// Appends all of `bytes`. Where that fails, some of them may be there.
    fn write(&self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    /// Returns when what was written survives a loss of power.
    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }
}

#[derive(Debug)]
pub(super) struct Real;

impl Disk for Real {}
