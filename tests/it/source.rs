//! The source of this repository, for tests that read it.

use std::fs;
use std::path::{Path, PathBuf};

/// All files under `dir` of the repository whose names end in `.{ending}`: path from `dir` on, and text.
pub fn files(dir: &str, ending: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(dir);
    let mut paths = vec![];
    collect(&root, &mut paths);
    paths.retain(|path| path.extension().is_some_and(|end| end == ending));
    paths.sort();
    assert!(
        !paths.is_empty(),
        "{dir} holds nothing that ends in .{ending}"
    );
    let named = |path: PathBuf| {
        (
            path.strip_prefix(&root).unwrap().display().to_string(),
            path,
        )
    };
    paths
        .into_iter()
        .map(named)
        .map(|(name, path)| (name, fs::read_to_string(path).unwrap()))
        .collect()
}

fn collect(dir: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => collect(&path, paths),
            false => paths.push(path),
        }
    }
}

pub fn without_comments(text: &str) -> String {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}
