//! Which files a scan reads: those named, and all in the folders that are named, in the order of their names.

use std::fs::{self, File, FileType};
use std::io;
use std::path::{Path, PathBuf};

use super::Place;
use super::reader::Reader;

/// A repository's own files: what is in them was in the working tree before, or is packed.
const SKIPPED: &str = ".git";

/// What came of one path.
pub(super) enum Outcome {
    Found(PathBuf, Place),
    /// It was named, but is neither a file nor a folder; in a folder, such a thing needs no word.
    Passed(PathBuf, &'static str),
    Unread(PathBuf, io::Error),
}

/// Scans `path` and all in it, as the outcomes are asked for.
pub(super) fn scan(path: &Path) -> impl Iterator<Item = Outcome> {
    let mut walk = Walk {
        waiting: vec![],
        reader: Reader::new(),
    };
    let mut ready = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() || found.is_file() => {
            walk.waiting.push((path.to_owned(), found.file_type()));
            vec![]
        }
        Ok(found) if found.is_symlink() => vec![Outcome::Passed(path.to_owned(), "a link")],
        Ok(_) => vec![Outcome::Passed(path.to_owned(), "no regular file")],
        Err(error) => vec![Outcome::Unread(path.to_owned(), error)],
    }
    .into_iter();
    std::iter::from_fn(move || {
        loop {
            if let Some(outcome) = ready.next() {
                return Some(outcome);
            }
            ready = walk.step()?.into_iter();
        }
    })
}

struct Walk {
    /// The next is the last.
    waiting: Vec<(PathBuf, FileType)>,
    reader: Reader,
}

impl Walk {
    /// Looks at the next file or folder; `None` when there is none.
    fn step(&mut self) -> Option<Vec<Outcome>> {
        let (path, kind) = self.waiting.pop()?;
        let seen = match kind.is_dir() {
            true => self.enter(&path).map(|()| vec![]),
            false => File::open(&path)
                .and_then(|file| self.reader.places(file))
                .map(|places| {
                    let found = |place| Outcome::Found(path.clone(), place);
                    places.into_iter().map(found).collect()
                }),
        };
        Some(seen.unwrap_or_else(|error| vec![Outcome::Unread(path, error)]))
    }

    fn enter(&mut self, folder: &Path) -> io::Result<()> {
        let mut inside = vec![];
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if (kind.is_dir() || kind.is_file()) && entry.file_name() != SKIPPED {
                inside.push((entry.path(), kind));
            }
        }
        inside.sort_by(|(one, _), (other, _)| other.cmp(one));
        self.waiting.append(&mut inside);
        Ok(())
    }
}
