//! What the service writes to standard error.

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};

use super::{assisters, run, said};
use crate::within;

#[tokio::test]
async fn each_line_of_the_log_is_an_object_where_programs_read_it() {
    let dir = TempDir::new().unwrap();
    let mut service = assisters(&dir.path().join("data"), &["serve", "--log-format", "json"])
        .env("ASSISTERS_WORKERS", "http://127.0.0.1:1")
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(service.stderr.take().unwrap()).lines();
    let line = within(lines.next_line()).await.unwrap().unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["level"], "INFO");
    assert!(
        line["message"]
            .as_str()
            .unwrap()
            .starts_with("starting: listen=127.0.0.1:0")
    );
    assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn another_format_is_refused_with_those_that_there_are() {
    let dir = TempDir::new().unwrap();
    let output = run(dir.path(), &["doctor", "--log-format", "xml"], "").await;
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output.stderr).contains("possible values: text, json"));
}
