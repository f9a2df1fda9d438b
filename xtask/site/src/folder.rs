//! A folder that holds exactly what was put into it, with compressed twins.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

/// What compresses; fonts and pictures already are.
const COMPRESSIBLE: [&str; 7] = ["css", "html", "js", "json", "svg", "txt", "wasm"];

/// Keeps what is as it should be, so that times and caches stay good.
pub struct Folder {
    root: PathBuf,
    kept: BTreeSet<PathBuf>,
    changed: usize,
}

impl Folder {
    pub fn open(root: &Path) -> Result<Self> {
        fs::create_dir_all(root).with_context(|| format!("cannot make {}", root.display()))?;
        Ok(Self {
            root: root.to_owned(),
            kept: BTreeSet::new(),
            changed: 0,
        })
    }

    /// Puts every file below `from` under `to`; hidden ones stay behind.
    pub fn copy(&mut self, from: &Path, to: &Path) -> Result<()> {
        for file in files(from)? {
            let bytes = fs::read(from.join(&file))
                .with_context(|| format!("cannot read {}", file.display()))?;
            self.put(&to.join(&file), &bytes)?;
        }
        Ok(())
    }

    /// Puts one file, and beside it what `Accept-Encoding: br` and `gzip` get.
    pub fn put(&mut self, name: &Path, bytes: &[u8]) -> Result<()> {
        let path = self.root.join(name);
        let same = fs::read(&path).is_ok_and(|before| before == bytes);
        if !same {
            self.write(&path, bytes)?;
        }
        self.kept.insert(path.clone());
        let compresses = name
            .extension()
            .is_some_and(|e| COMPRESSIBLE.iter().any(|c| e == *c));
        if compresses {
            self.twin(&path, "br", same, || brotli(bytes))?;
            self.twin(&path, "gz", same, || gzip(bytes))?;
        }
        Ok(())
    }

    fn twin(
        &mut self,
        of: &Path,
        suffix: &str,
        same: bool,
        squeeze: impl FnOnce() -> Result<Vec<u8>>,
    ) -> Result<()> {
        let mut name = of.as_os_str().to_owned();
        name.push(".");
        name.push(suffix);
        let twin = PathBuf::from(name);
        if !same || !twin.exists() {
            self.write(&twin, &squeeze()?)?;
        }
        self.kept.insert(twin);
        Ok(())
    }

    /// Through a neighbour's name, so that a run cut short leaves no half file that looks like a whole one.
    fn write(&mut self, path: &Path, bytes: &[u8]) -> Result<()> {
        let part = path.with_extension("part");
        let parent = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&part, bytes))
            .and_then(|()| fs::rename(&part, path))
            .with_context(|| format!("cannot write {}", path.display()))?;
        self.changed += 1;
        Ok(())
    }

    /// Removes what nobody put this time, and says how many files were touched in all.
    pub fn sweep(mut self) -> Result<usize> {
        for file in files(&self.root)? {
            let path = self.root.join(file);
            if !self.kept.contains(&path) {
                fs::remove_file(&path)
                    .with_context(|| format!("cannot remove {}", path.display()))?;
                self.changed += 1;
            }
        }
        Ok(self.changed)
    }
}

/// The files below `root`, by their paths from there. A folder that does not exist holds none.
pub fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let full = root.join(&folder);
        if !full.exists() {
            continue;
        }
        for entry in
            fs::read_dir(&full).with_context(|| format!("cannot list {}", full.display()))?
        {
            let entry = entry?;
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            let path = folder.join(entry.file_name());
            match entry.file_type()? {
                _ if hidden => {}
                kind if kind.is_dir() => folders.push(path),
                _ => found.push(path),
            }
        }
    }
    found.sort();
    Ok(found)
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut squeezed = Vec::new();
    let (buffer, quality, window) = (4096, 11, 22);
    brotli::CompressorWriter::new(&mut squeezed, buffer, quality, window).write_all(bytes)?;
    Ok(squeezed)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut squeezed = GzEncoder::new(Vec::new(), Compression::best());
    squeezed.write_all(bytes)?;
    Ok(squeezed.finish()?)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn unbrotli(bytes: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        brotli::Decompressor::new(bytes, 4096)
            .read_to_end(&mut plain)
            .unwrap();
        plain
    }

    #[test]
    fn what_compresses_gets_twins_and_fonts_do_not() {
        let dir = tempfile::tempdir().unwrap();
        let mut folder = Folder::open(dir.path()).unwrap();
        let text = "body { margin: 0 }".repeat(100);
        folder.put(Path::new("pkg/a.css"), text.as_bytes()).unwrap();
        folder.put(Path::new("fonts/a.woff2"), b"font").unwrap();
        folder.sweep().unwrap();
        assert_eq!(
            files(dir.path()).unwrap(),
            ["fonts/a.woff2", "pkg/a.css", "pkg/a.css.br", "pkg/a.css.gz"].map(PathBuf::from)
        );
        let squeezed = fs::read(dir.path().join("pkg/a.css.br")).unwrap();
        assert!(squeezed.len() < text.len() / 10);
        assert_eq!(unbrotli(&squeezed), text.as_bytes());
    }

    #[test]
    fn only_what_changed_is_written_and_what_is_gone_goes() {
        let dir = tempfile::tempdir().unwrap();
        let fill = |names: &[&str]| {
            let mut folder = Folder::open(dir.path()).unwrap();
            for name in names {
                folder.put(Path::new(name), name.as_bytes()).unwrap();
            }
            folder.sweep().unwrap()
        };
        assert_eq!(fill(&["a.woff2", "b.svg"]), 4);
        assert_eq!(fill(&["a.woff2", "b.svg"]), 0);
        assert_eq!(fill(&["a.woff2"]), 3);
        assert_eq!(files(dir.path()).unwrap(), [PathBuf::from("a.woff2")]);
    }
}
