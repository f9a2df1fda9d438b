//! Paths that climb out of the folder that is served.

use std::fs;

use tempfile::TempDir;

use crate::raw::Raw;
use crate::site::Site;

const SECRET: &str = "what lies beside the site";

#[tokio::test]
async fn no_path_leads_out_of_the_sites_folder() {
    let dir = TempDir::new().unwrap();
    for folder in ["site/pkg", "site/fonts", "site-beside"] {
        fs::create_dir_all(dir.path().join(folder)).unwrap();
    }
    for file in [
        "secret.txt",
        "site-beside/secret.txt",
        "secret.txt.br",
        "secret.txt.gz",
    ] {
        fs::write(dir.path().join(file), SECRET).unwrap();
    }
    fs::write(dir.path().join("site/fonts/a.txt"), "inside").unwrap();
    let absolute = dir.path().join("secret.txt").display().to_string();
    let site = Site::unready(dir, vec![]).await;
    let climbs = [
        "..",
        "%2e%2e",
        "%2E.",
        ".%2e",
        "%252e%252e",
        "..%00",
        "%c0%ae%c0%ae",
        "..;",
        "....",
        "%uff0e%uff0e",
    ];
    let slashes = ["/", "%2f", "%5c", "\\", "//", "%252f", "/./", "%c0%af"];
    let mut paths = vec![
        absolute.clone(),
        format!("/{absolute}"),
        format!("//{absolute}"),
        "/../site-beside/secret.txt".to_owned(),
        "/fonts/../../site-beside/secret.txt".to_owned(),
        "/secret.txt%00".to_owned(),
        "/%00../secret.txt".to_owned(),
        "/C:%5csecret.txt".to_owned(),
        "/file:///etc/passwd".to_owned(),
    ];
    for climb in climbs {
        for slash in slashes {
            for front in ["", "/pkg", "/fonts", "/docs", "/fonts/a.txt", "/v1/models"] {
                for depth in [1, 3] {
                    let up = format!("{climb}{slash}").repeat(depth);
                    paths.push(format!("{front}/{up}secret.txt"));
                    paths.push(format!("{front}/{up}assisters.db"));
                }
            }
        }
    }
    for path in paths {
        let mut raw = Raw::to(site.address()).await;
        // What is squeezed already is looked for too.
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br, gzip\r\nConnection: close\r\n\r\n"
        );
        raw.send(head.as_bytes()).await.unwrap();
        let answer = raw.bytes().await;
        let holds = |word: &[u8]| answer.windows(word.len()).any(|window| window == word);
        assert!(!holds(SECRET.as_bytes()), "{path}");
        assert!(!holds(b"SQLite format 3"), "{path}");
        assert!(!holds(b"root:x:0:"), "{path}");
    }
    let inside = site.get("/fonts/a.txt").send().await.unwrap();
    assert_eq!(inside.text().await.unwrap(), "inside");
}
