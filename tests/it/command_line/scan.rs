//! `assisters scan`.

use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use super::*;

/// In two parts, so that this file holds no key itself.
const KEY: [&str; 2] = ["ask_0123456789ABCDEFGHIJKLMNOP", "339YvB"];
const MASKED: &str = "ask_0123…9YvB";

/// A folder with a key in a file, in a binary one, behind a link and in `.git`.
fn tree() -> TempDir {
    let dir = TempDir::new().unwrap();
    let root = dir.path().join("tree");
    fs::create_dir_all(root.join("deep/er")).unwrap();
    fs::create_dir_all(root.join(".git")).unwrap();
    let key = KEY.concat();
    fs::write(root.join("deep/er/.env"), format!("A=1\nKEY={key}\n")).unwrap();
    fs::write(
        root.join("a.bin"),
        [b"\0\xff", key.as_bytes(), b"\0"].concat(),
    )
    .unwrap();
    fs::write(root.join("b.txt"), format!("t{key} {}", KEY[0])).unwrap();
    fs::write(root.join(".git/packed"), &key).unwrap();
    fs::write(dir.path().join("outside"), &key).unwrap();
    symlink(dir.path().join("outside"), root.join("link")).unwrap();
    symlink(&root, root.join("loop")).unwrap();
    dir
}

async fn scan(dir: &TempDir, words: &[&str]) -> (Option<i32>, String, String) {
    let data_dir = dir.path().join("data");
    let words = [&["scan"], words].concat();
    let mut command = assisters(&data_dir, &words);
    // It asks for no settings: these would stop any other command.
    let command = command.env("ASSISTERS_LISTEN", "nowhere");
    let output = within(command.output()).await.unwrap();
    assert!(!data_dir.exists());
    let printed = [&output.stdout, &output.stderr].map(|text| said(text).to_owned());
    for text in &printed {
        assert!(!text.contains(&KEY.concat()), "{text}");
    }
    let [out, notes] = printed;
    (output.status.code(), out, notes)
}

#[tokio::test]
async fn keys_in_files_are_shown_masked_with_their_places() {
    let dir = tree();
    let (status, out, notes) = scan(&dir, &["tree"]).await;
    let expected = format!("tree/a.bin:1:3: {MASKED}\ntree/deep/er/.env:2:5: {MASKED}");
    assert_eq!((status, out, notes), (Some(1), expected, String::new()));

    let (status, out, _) = scan(&dir, &["--json", "tree/deep", "tree/b.txt"]).await;
    let found: Value = serde_json::from_str(&out).unwrap();
    let expected = json!([{"path": "tree/deep/er/.env", "line": 2, "column": 5, "key": MASKED}]);
    assert_eq!((status, &found["found"]), (Some(1), &expected));
}

#[tokio::test]
async fn where_there_is_no_key_nothing_is_said() {
    let dir = tree();
    let (status, out, notes) = scan(&dir, &["tree/b.txt"]).await;
    assert_eq!(
        (status, out, notes),
        (Some(0), String::new(), String::new())
    );
}

#[tokio::test]
async fn what_is_not_looked_at_is_named() {
    let dir = tree();
    let (status, _, notes) = scan(&dir, &["tree/link", "tree/b.txt"]).await;
    assert_eq!(status, Some(0));
    assert!(notes.contains("tree/link is a link"), "{notes}");

    let (status, _, notes) = scan(&dir, &["tree/b.txt", "tree/missing"]).await;
    assert_eq!(status, Some(2));
    assert!(notes.contains("tree/missing cannot be read"), "{notes}");
    let (status, ..) = scan(&dir, &["tree/missing", "tree/a.bin"]).await;
    assert_eq!(status, Some(1), "a key weighs more");
    assert_eq!(scan(&dir, &[]).await.0, Some(2));
}
